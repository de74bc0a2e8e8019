import type {
  AttemptDescription,
  ChainNode,
  CheckpointManifest,
  ElementKind,
  JobExplanation,
  TaskAddress,
  TaskEvent,
  TaskMessage,
  TaskReport,
  Trace,
} from '../../core/internal.js';
import type { DiskOperation } from './disk-fault-plan.js';
import type { ChannelListener, Flow } from './observed-channels.js';
import type { MadeOperator, TimeListener } from './observed-operators.js';
import type { SeenRows } from './observed-rows.js';
import type { StorageAnswer, StorageCall } from './observed-storage.js';
import type { DiskListener, FileView } from './simulated-disk.js';
import type { SeenAt, SeenJob } from './world-watcher.js';

export type TraceEvent = Parameters<Trace['emit']>[0];

/** What a task runs, and as a part of what. */
export interface BuiltTask {
  readonly process: string;
  readonly address: TaskAddress;
  readonly nodes: readonly ChainNode[];
  readonly attempt: AttemptDescription;
}

/**
 * Who is told what happens in a world, at once, as far as it cares. Checkers have nothing else: no disk, no machine
 * and no process.
 */
export interface WorldListener
  extends Partial<DiskListener>,
    Partial<ChannelListener>,
    Partial<TimeListener> {
  /** Something that is worth a line of the log. */
  onEvent?(event: TraceEvent): void;
  /** The job master of a process launches a region; its tasks follow. */
  onRegionLaunched?(process: string, attempt: AttemptDescription): void;
  /** A task is about to begin. */
  onTaskPlaced?(task: number, process: string, address: TaskAddress): void;
  /** What it runs, before its channels are opened. */
  onTaskBuilt?(task: number, built: BuiltTask): void;
  /** The job master of a task is told something by it, or of its exit, which comes last. */
  onTaskTold?(task: number, event: TaskEvent): void;
  /** A task tells its job master something, who is told of it later. */
  onTaskReported?(task: number, report: TaskReport): void;
  /** The job master tells a task something, and the task reads it later. */
  onTaskSent?(task: number, message: TaskMessage): void;
  onTaskRead?(task: number, message: TaskMessage): void;
  /** A task has come to its end, and frees what it holds, while these operations of it on the disk are under way. */
  onTaskClosing?(task: number, operations: readonly DiskOperation[]): void;
  /** A task has ended by itself, while these operations of it on the disk are under way. */
  onTaskDone?(task: number, operations: readonly DiskOperation[]): void;
  /** The job master of a process has handled something; `isIdle`: all that it was told. */
  onMasterTurned?(process: string, isIdle: boolean, nowMs: number): void;
  /** The job master asks something of its storage, and it is answered. */
  onStorageAsked?(process: string, call: StorageCall): void;
  onStorageAnswered?(process: string, call: StorageCall, answer: StorageAnswer): void;
  /** Nothing of a task runs any more. What it has told may be heard later. */
  onTaskLeft?(task: number): void;
  /** A task has ended with its process. */
  onTaskVanished?(task: number): void;
  /** A task has made a step, and taken so many records. */
  onTaskStepped?(task: number, records: number): void;
  /** After each turn or jump of time. */
  onStepDone?(): void;
  /** Nothing lasts any more of what faults did. */
  onCalm?(): void;
  /** Nobody can go on. */
  onStuck?(what: string): void;
  onProcessFailed?(process: number, error: unknown): void;
  /**
   * Somebody asks something of a process, and is answered. Requests are numbered; `outlives`: it holds for the next
   * attempt too.
   */
  onAsked?(process: number, request: number, what: string, outlives: boolean): void;
  onAnswered?(process: number, request: number): void;
  /** A process has ended by itself, its job finished, failed or given up. */
  onProcessEnded?(process: number): void;
  onPrinted?(line: string): void;
  /** Somebody looks at the job of a process. */
  onJobSeen?(job: SeenJob, at: SeenAt): void;
  onJobExplained?(explanation: JobExplanation): void;
  /** The job was stopped with a savepoint, and whoever goes on from it leaves it to all. */
  onSavepointLeft?(folder: string): void;
  /** Nothing is under way but what waits for a turn, and nothing will be until this has resolved. */
  onStandstill?(): Promise<void> | undefined;
  /** What the job has accumulated, as whoever finished it says, if he had the time. */
  onJobResult?(accumulators: Readonly<Record<string, unknown>>): void;
  /** A process says that the job has. */
  onJobFinished?(): void;
  /** Whoever finished the job has ended, and had the time to remove what nobody needs. */
  onTidiedUp?(): void;
  /** All checkpoints were removed but so many of the newest. */
  onCheckpointsRetained?(count: number): void;
  /** A task has come to the end of its input, and has rows in its keyed state. */
  onRowsLeft?(uid: string, table: string): void;
  /** A task freezes its keyed state for a checkpoint; once for each table. Told only where somebody listens. */
  onRowsFrozen?(epoch: number, checkpointId: number, rows: SeenRows): void;
  /** A task has got the rows of a table back from the checkpoint, or has got none. Told like that. */
  onRowsRestored?(epoch: number, checkpointId: number, rows: SeenRows): void;
  /**
   * A process leads in a new epoch, and begins from that checkpoint; `foundId`: of the savepoint that it made its
   * first checkpoint.
   */
  onJobBegun?(epoch: number, from: CheckpointManifest | undefined, foundId: number | undefined): void;
}

type Kind = keyof WorldListener;

/** Those who hear of each kind of thing: most hear of few, and some things happen all the time. */
type Hearing = { readonly [K in Kind]-?: Required<Pick<WorldListener, K>>[] };

/** Tells all listeners, in the order in which they came. */
export class WorldListeners implements Required<WorldListener> {
  readonly #hearing: Hearing = {
    onEvent: [],
    onFileNamed: [],
    onFileRemoved: [],
    onFileChanged: [],
    onFolderSynced: [],
    onPowerLost: [],
    onChannelOpened: [],
    onElementWritten: [],
    onElementRead: [],
    onSegmentsCounted: [],
    onRegionLaunched: [],
    onTaskPlaced: [],
    onTaskBuilt: [],
    onOperatorMade: [],
    onTimeTold: [],
    onTaskTold: [],
    onTaskReported: [],
    onTaskSent: [],
    onTaskRead: [],
    onTaskClosing: [],
    onTaskDone: [],
    onMasterTurned: [],
    onStorageAsked: [],
    onStorageAnswered: [],
    onTaskLeft: [],
    onTaskVanished: [],
    onTaskStepped: [],
    onStepDone: [],
    onCalm: [],
    onStuck: [],
    onProcessFailed: [],
    onAsked: [],
    onAnswered: [],
    onProcessEnded: [],
    onPrinted: [],
    onJobSeen: [],
    onJobExplained: [],
    onSavepointLeft: [],
    onStandstill: [],
    onJobResult: [],
    onJobFinished: [],
    onTidiedUp: [],
    onCheckpointsRetained: [],
    onRowsLeft: [],
    onRowsFrozen: [],
    onRowsRestored: [],
    onJobBegun: [],
  };

  add(listener: WorldListener): void {
    for (const kind of Object.keys(this.#hearing) as Kind[])
      if (listener[kind] !== undefined) (this.#hearing[kind] as WorldListener[]).push(listener);
  }

  /** Whether anybody cares: for what costs much to tell. */
  hears(kind: Kind): boolean {
    return this.#hearing[kind].length > 0;
  }

  onEvent(event: TraceEvent): void {
    for (const listener of this.#hearing.onEvent) listener.onEvent(event);
  }

  onFileNamed(path: string, file: FileView): void {
    for (const listener of this.#hearing.onFileNamed) listener.onFileNamed(path, file);
  }

  onFileRemoved(path: string): void {
    for (const listener of this.#hearing.onFileRemoved) listener.onFileRemoved(path);
  }

  onFileChanged(file: FileView): void {
    for (const listener of this.#hearing.onFileChanged) listener.onFileChanged(file);
  }

  onFolderSynced(folder: string): void {
    for (const listener of this.#hearing.onFolderSynced) listener.onFolderSynced(folder);
  }

  onPowerLost(left: ReadonlyMap<string, FileView>): void {
    for (const listener of this.#hearing.onPowerLost) listener.onPowerLost(left);
  }

  onChannelOpened(flow: Flow, task: number, isWriter: boolean): void {
    for (const listener of this.#hearing.onChannelOpened) listener.onChannelOpened(flow, task, isWriter);
  }

  onElementWritten(flow: Flow, kind: ElementKind, value: number): void {
    for (const listener of this.#hearing.onElementWritten) listener.onElementWritten(flow, kind, value);
  }

  onElementRead(flow: Flow, kind: ElementKind, value: number): void {
    for (const listener of this.#hearing.onElementRead) listener.onElementRead(flow, kind, value);
  }

  onSegmentsCounted(error: unknown): void {
    for (const listener of this.#hearing.onSegmentsCounted) listener.onSegmentsCounted(error);
  }

  onRegionLaunched(process: string, attempt: AttemptDescription): void {
    for (const listener of this.#hearing.onRegionLaunched) listener.onRegionLaunched(process, attempt);
  }

  onTaskPlaced(task: number, process: string, address: TaskAddress): void {
    for (const listener of this.#hearing.onTaskPlaced) listener.onTaskPlaced(task, process, address);
  }

  onTaskBuilt(task: number, built: BuiltTask): void {
    for (const listener of this.#hearing.onTaskBuilt) listener.onTaskBuilt(task, built);
  }

  onOperatorMade(task: number, node: number, operator: MadeOperator): void {
    for (const listener of this.#hearing.onOperatorMade) listener.onOperatorMade(task, node, operator);
  }

  onTimeTold(task: number, node: number, input: number, kind: ElementKind, value: number): void {
    for (const listener of this.#hearing.onTimeTold) listener.onTimeTold(task, node, input, kind, value);
  }

  onTaskTold(task: number, event: TaskEvent): void {
    for (const listener of this.#hearing.onTaskTold) listener.onTaskTold(task, event);
  }

  onTaskReported(task: number, report: TaskReport): void {
    for (const listener of this.#hearing.onTaskReported) listener.onTaskReported(task, report);
  }

  onTaskSent(task: number, message: TaskMessage): void {
    for (const listener of this.#hearing.onTaskSent) listener.onTaskSent(task, message);
  }

  onTaskRead(task: number, message: TaskMessage): void {
    for (const listener of this.#hearing.onTaskRead) listener.onTaskRead(task, message);
  }

  onTaskClosing(task: number, operations: readonly DiskOperation[]): void {
    for (const listener of this.#hearing.onTaskClosing) listener.onTaskClosing(task, operations);
  }

  onTaskDone(task: number, operations: readonly DiskOperation[]): void {
    for (const listener of this.#hearing.onTaskDone) listener.onTaskDone(task, operations);
  }

  onMasterTurned(process: string, isIdle: boolean, nowMs: number): void {
    for (const listener of this.#hearing.onMasterTurned) listener.onMasterTurned(process, isIdle, nowMs);
  }

  onStorageAsked(process: string, call: StorageCall): void {
    for (const listener of this.#hearing.onStorageAsked) listener.onStorageAsked(process, call);
  }

  onStorageAnswered(process: string, call: StorageCall, answer: StorageAnswer): void {
    for (const listener of this.#hearing.onStorageAnswered) listener.onStorageAnswered(process, call, answer);
  }

  onTaskLeft(task: number): void {
    for (const listener of this.#hearing.onTaskLeft) listener.onTaskLeft(task);
  }

  onTaskVanished(task: number): void {
    for (const listener of this.#hearing.onTaskVanished) listener.onTaskVanished(task);
  }

  onTaskStepped(task: number, records: number): void {
    for (const listener of this.#hearing.onTaskStepped) listener.onTaskStepped(task, records);
  }

  onStepDone(): void {
    for (const listener of this.#hearing.onStepDone) listener.onStepDone();
  }

  onCalm(): void {
    for (const listener of this.#hearing.onCalm) listener.onCalm();
  }

  onStuck(what: string): void {
    for (const listener of this.#hearing.onStuck) listener.onStuck(what);
  }

  onProcessFailed(process: number, error: unknown): void {
    for (const listener of this.#hearing.onProcessFailed) listener.onProcessFailed(process, error);
  }

  onAsked(process: number, request: number, what: string, outlives: boolean): void {
    for (const listener of this.#hearing.onAsked) listener.onAsked(process, request, what, outlives);
  }

  onAnswered(process: number, request: number): void {
    for (const listener of this.#hearing.onAnswered) listener.onAnswered(process, request);
  }

  onProcessEnded(process: number): void {
    for (const listener of this.#hearing.onProcessEnded) listener.onProcessEnded(process);
  }

  onPrinted(line: string): void {
    for (const listener of this.#hearing.onPrinted) listener.onPrinted(line);
  }

  onJobSeen(job: SeenJob, at: SeenAt): void {
    for (const listener of this.#hearing.onJobSeen) listener.onJobSeen(job, at);
  }

  onJobExplained(explanation: JobExplanation): void {
    for (const listener of this.#hearing.onJobExplained) listener.onJobExplained(explanation);
  }

  onSavepointLeft(folder: string): void {
    for (const listener of this.#hearing.onSavepointLeft) listener.onSavepointLeft(folder);
  }

  async onStandstill(): Promise<void> {
    for (const listener of this.#hearing.onStandstill) await listener.onStandstill();
  }

  onJobResult(accumulators: Readonly<Record<string, unknown>>): void {
    for (const listener of this.#hearing.onJobResult) listener.onJobResult(accumulators);
  }

  onJobFinished(): void {
    for (const listener of this.#hearing.onJobFinished) listener.onJobFinished();
  }

  onTidiedUp(): void {
    for (const listener of this.#hearing.onTidiedUp) listener.onTidiedUp();
  }

  onCheckpointsRetained(count: number): void {
    for (const listener of this.#hearing.onCheckpointsRetained) listener.onCheckpointsRetained(count);
  }

  onRowsLeft(uid: string, table: string): void {
    for (const listener of this.#hearing.onRowsLeft) listener.onRowsLeft(uid, table);
  }

  onRowsFrozen(epoch: number, checkpointId: number, rows: SeenRows): void {
    for (const listener of this.#hearing.onRowsFrozen) listener.onRowsFrozen(epoch, checkpointId, rows);
  }

  onRowsRestored(epoch: number, checkpointId: number, rows: SeenRows): void {
    for (const listener of this.#hearing.onRowsRestored) listener.onRowsRestored(epoch, checkpointId, rows);
  }

  onJobBegun(epoch: number, from: CheckpointManifest | undefined, foundId: number | undefined): void {
    for (const listener of this.#hearing.onJobBegun) listener.onJobBegun(epoch, from, foundId);
  }
}
