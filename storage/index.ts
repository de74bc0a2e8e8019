/** The door of storage. */
export { ObjectSnapshotWriter } from './checkpoint/object-snapshot-writer.js';
export { ObjectStateFileReader } from './checkpoint/object-state-file-reader.js';
export { FileSink, type FileSinkOptions, type JsonFileSinkOptions } from './connectors/file-sink.js';
export { FileSource } from './connectors/file-source.js';
export type {
  CsvSourceOptions,
  FileSourceOptions,
  LineSourceOptions,
} from './connectors/file-source-options.js';
export type { FileEnumeratorState, FileSplit } from './connectors/file-split.js';
export type { PartFile } from './connectors/part-file-committer.js';
export { LocalFileSystem } from './file-system/local-file-system.js';
export { FileObjectStore } from './object-store/file-object-store.js';
export { HeapStateBackend } from './state/heap-state-backend.js';
