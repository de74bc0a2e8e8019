/** The door of storage. */
export { FileSink, type FileSinkOptions, type JsonFileSinkOptions } from './connectors/file-sink.js';
export { FileSource } from './connectors/file-source.js';
export type { FileSourceOptions, LineSourceOptions } from './connectors/file-source-options.js';
export type { FileEnumeratorState, FileSplit } from './connectors/file-split.js';
export type { PartFile } from './connectors/part-file-committer.js';
export { HeapStateBackend } from './state/heap-state-backend.js';
