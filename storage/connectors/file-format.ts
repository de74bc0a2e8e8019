import type { SourceReaderContext, SplitReader } from '../../core/internal.js';
import type { FileSplit } from './file-split.js';

/** How the bytes of a file become records. */
export interface FileFormat<T> {
  /** Begins to read at the split's position; what fails is thrown by the reader's `poll`. */
  open(split: FileSplit, context: SourceReaderContext): SplitReader<T, FileSplit>;
}
