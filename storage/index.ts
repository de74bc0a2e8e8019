/** The door of storage. */
export { type BegunJob, beginJob } from './checkpoint/begin-job.js';
export { jobFolder } from './checkpoint/checkpoint-paths.js';
export { ClaimingStore } from './checkpoint/claimed-files.js';
export { LocalBackupStore } from './checkpoint/local-backup-store.js';
export { ObjectCheckpointStorage, type SavepointFolders } from './checkpoint/object-checkpoint-storage.js';
export { ObjectSnapshotWriter, type SnapshotScope } from './checkpoint/object-snapshot-writer.js';
export { ObjectStateFileReader } from './checkpoint/object-state-file-reader.js';
export { type LedJob, type OpenedJob, openJob } from './checkpoint/open-job.js';
export { type CheckpointAtPath, readManifestAt } from './checkpoint/read-manifest.js';
export { RequirementsRecord } from './checkpoint/requirements-record.js';
export type { RunOrigin } from './checkpoint/run-origin.js';
export { holdsSavepoint, METADATA_KEY, sealSavepoint } from './checkpoint/savepoint-folder.js';
export { copying, StateFileCopies } from './checkpoint/state-file-copies.js';
export {
  type ClusterLeader,
  ClusterLog,
  type ClusterSurvey,
  leaderOfCluster,
  surveyCluster,
} from './cluster/cluster-log.js';
export { FileSink, type FileSinkOptions, type JsonFileSinkOptions } from './connectors/file-sink.js';
export { FileSource } from './connectors/file-source.js';
export type {
  CsvSourceOptions,
  FileSourceOptions,
  LineSourceOptions,
} from './connectors/file-source-options.js';
export type { FileEnumeratorState, FileSplit } from './connectors/file-split.js';
export type { PartFile } from './connectors/part-file-committer.js';
export { readCachedFiles } from './file-system/cached-files.js';
export { fileError } from './file-system/file-error.js';
export { LocalFileSystem } from './file-system/local-file-system.js';
export { localPath, schemeOf } from './file-system/local-path.js';
export {
  answerStoreRequest,
  DistantObjectStore,
  type StoreReply,
  type StoreRequest,
} from './object-store/distant-object-store.js';
export { FileObjectStore } from './object-store/file-object-store.js';
export { MemoryObjectStore } from './object-store/memory-object-store.js';
export type { ObjectStore } from './object-store/object-store.js';
export { isS3Address, parseS3Address } from './object-store/s3-address.js';
export { openS3Store, type S3Settings } from './object-store/s3-settings.js';
export { preloadS3 } from './object-store/sdk-s3-requests.js';
export { currentHolder, holderState, processName, stateOfNamed } from './process/process-holder.js';
export { HeapStateBackend } from './state/heap-state-backend.js';
export { InThreadStateWriter } from './state/in-thread-state-writer.js';
export { measureKeyedTables, readKeyedRows } from './state/keyed-content.js';
export { preloadLmdb } from './state/lmdb-library.js';
export { LmdbStateBackend } from './state/lmdb-state-backend.js';
export { SnapshotPace } from './state/snapshot-pace.js';
export { StateWriter } from './state/state-writer.js';
export type { StateWriterMessage, StateWriterPort, StateWriterReply } from './state/state-writer-protocol.js';
