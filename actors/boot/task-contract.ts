import type { MessagePort } from 'node:worker_threads';
import type { CachedFileContent, TaskAddress } from '../../core/internal.js';
import type {
  ChannelHandle,
  DoorbellHandle,
  HeartbeatMemory,
  PartitionHandle,
  TaskMetricMemory,
} from '../../memory/index.js';
import type { S3Settings } from '../../storage/index.js';
import type { TaskRestore, TaskSettings } from '../task/task-environment.js';
import type { StoreConnection } from './hosted-store.js';
import type { JobModule } from './job-module.js';
import type { StateWriterConnection } from './state-writer-link.js';

/** All that a task thread is told, as plain data and shared memory. */
export interface TaskContract {
  readonly jobName: string;
  /** The least important lines that its log takes; OFF: none. */
  readonly logLevel: string;
  readonly address: TaskAddress;
  readonly epoch: number;
  readonly module: JobModule;
  /** What the module and its graph must be in this thread too. */
  readonly moduleHash: string;
  readonly fingerprint: string;
  /** Their bytes are shared memory. */
  readonly cachedFiles: readonly CachedFileContent[];
  readonly inputs: readonly InputContract[];
  readonly outputs: readonly OutputContract[];
  readonly doorbell: DoorbellHandle;
  readonly heartbeats: HeartbeatMemory;
  readonly metrics: TaskMetricMemory;
  /** Line of this task in heartbeats. */
  readonly line: number;
  readonly mailbox: MessagePort;
  /** To the state writer; present where the task keeps state in LMDB. */
  readonly stateWriter: StateWriterConnection | undefined;
  /** To the checkpoints, where they are kept in memory. */
  readonly store: StoreConnection | undefined;
  readonly restore: TaskRestore | undefined;
  readonly settings: TaskSettings;
  readonly state: StateContract;
}

export interface InputContract {
  readonly edgeId: number;
  readonly inputIndex: number;
  readonly channels: readonly (ChannelHandle | undefined)[];
}

export interface OutputContract {
  readonly edgeId: number;
  readonly partition: PartitionHandle;
  /** By consumer subtask: its channel's number in the partition, or -1 where it has finished. */
  readonly consumers: readonly number[];
}

/** `recovers`: whether tasks that begin again read them first. */
export interface LocalBackup {
  readonly folder: string;
  readonly recovers: boolean;
}

/** Where and how the task keeps its state. */
export interface StateContract {
  readonly backend: 'heap' | 'lmdb';
  /** Folder or address of the run's checkpoints. */
  readonly runFolder: string;
  /** How that is reached if it is at an s3:// address. */
  readonly s3: S3Settings;
  /** Folder for working copies on this machine. */
  readonly localFolder: string;
  /** Copies of the checkpoints' files on this machine; undefined: there are none. */
  readonly backup: LocalBackup | undefined;
  /** What those of all tasks may take on its disk; undefined: all there is. */
  readonly quotaBytes: number | undefined;
  /** How long a snapshot may take to be written. */
  readonly snapshotTimeoutMs: number;
}
