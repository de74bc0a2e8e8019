import type { ElementKind, JobExplanation, TaskAddress, TaskEvent, Trace } from '../../core/internal.js';
import type { ChannelListener } from './observed-channels.js';
import type { DiskListener, FileView } from './simulated-disk.js';
import type { SeenAt, SeenJob } from './world-watcher.js';

export type TraceEvent = Parameters<Trace['emit']>[0];

/**
 * Who is told what happens in a world, at once, as far as it cares. Checkers have nothing else: no disk, no machine
 * and no process.
 */
export interface WorldListener extends Partial<DiskListener>, Partial<ChannelListener> {
  /** Something that is worth a line of the log. */
  onEvent?(event: TraceEvent): void;
  /** A task is about to begin. */
  onTaskPlaced?(task: number, process: string, address: TaskAddress): void;
  /** The job master of a task is told something by it, or of its exit, which comes last. */
  onTaskTold?(task: number, event: TaskEvent): void;
  /** A task has ended with its process. */
  onTaskVanished?(task: number): void;
  /** A task has made a step, and taken so many records. */
  onTaskStepped?(task: number, records: number, watermark: number): void;
  /** After each turn or jump of time. */
  onStepDone?(): void;
  /** Nothing lasts any more of what faults did. */
  onCalm?(): void;
  /** Nobody can go on. */
  onStuck?(what: string): void;
  onProcessFailed?(process: number, error: unknown): void;
  onPrinted?(line: string): void;
  /** Somebody looks at the job of a process. */
  onJobSeen?(job: SeenJob, at: SeenAt): void;
  onJobExplained?(explanation: JobExplanation): void;
  /** The job was stopped with a savepoint, and whoever goes on from it leaves it to all. */
  onSavepointLeft?(folder: string): void;
  /** Nothing is under way but what waits for a turn, and nothing will be until this has resolved. */
  onStandstill?(): Promise<void> | undefined;
  /** A process says that the job has. */
  onJobFinished?(): void;
}

/** Tells all listeners, in the order in which they came. */
export class WorldListeners implements Required<WorldListener> {
  readonly #listeners: WorldListener[] = [];
  /** Those of them that hear of each record. */
  readonly #ofRecords: Heard<'onRecordWritten' | 'onRecordRead'>[] = [];

  add(listener: WorldListener): void {
    this.#listeners.push(listener);
    if (hearsRecords(listener)) this.#ofRecords.push(listener);
  }

  onEvent(event: TraceEvent): void {
    for (const listener of this.#listeners) listener.onEvent?.(event);
  }

  onFileNamed(path: string, file: FileView): void {
    for (const listener of this.#listeners) listener.onFileNamed?.(path, file);
  }

  onFileRemoved(path: string): void {
    for (const listener of this.#listeners) listener.onFileRemoved?.(path);
  }

  onFileChanged(file: FileView): void {
    for (const listener of this.#listeners) listener.onFileChanged?.(file);
  }

  onFolderSynced(folder: string): void {
    for (const listener of this.#listeners) listener.onFolderSynced?.(folder);
  }

  onPowerLost(left: ReadonlyMap<string, FileView>): void {
    for (const listener of this.#listeners) listener.onPowerLost?.(left);
  }

  onChannelOpened(channel: number, task: number, isWriter: boolean): void {
    for (const listener of this.#listeners) listener.onChannelOpened?.(channel, task, isWriter);
  }

  onRecordWritten(channel: number): void {
    for (const listener of this.#ofRecords) listener.onRecordWritten(channel);
  }

  onRecordRead(channel: number): void {
    for (const listener of this.#ofRecords) listener.onRecordRead(channel);
  }

  onElementWritten(channel: number, kind: ElementKind, value: number): void {
    for (const listener of this.#listeners) listener.onElementWritten?.(channel, kind, value);
  }

  onElementRead(channel: number, kind: ElementKind, value: number): void {
    for (const listener of this.#listeners) listener.onElementRead?.(channel, kind, value);
  }

  onSegmentsCounted(error: unknown): void {
    for (const listener of this.#listeners) listener.onSegmentsCounted?.(error);
  }

  onTaskPlaced(task: number, process: string, address: TaskAddress): void {
    for (const listener of this.#listeners) listener.onTaskPlaced?.(task, process, address);
  }

  onTaskTold(task: number, event: TaskEvent): void {
    for (const listener of this.#listeners) listener.onTaskTold?.(task, event);
  }

  onTaskVanished(task: number): void {
    for (const listener of this.#listeners) listener.onTaskVanished?.(task);
  }

  onTaskStepped(task: number, records: number, watermark: number): void {
    for (const listener of this.#listeners) listener.onTaskStepped?.(task, records, watermark);
  }

  onStepDone(): void {
    for (const listener of this.#listeners) listener.onStepDone?.();
  }

  onCalm(): void {
    for (const listener of this.#listeners) listener.onCalm?.();
  }

  onStuck(what: string): void {
    for (const listener of this.#listeners) listener.onStuck?.(what);
  }

  onProcessFailed(process: number, error: unknown): void {
    for (const listener of this.#listeners) listener.onProcessFailed?.(process, error);
  }

  onPrinted(line: string): void {
    for (const listener of this.#listeners) listener.onPrinted?.(line);
  }

  onJobSeen(job: SeenJob, at: SeenAt): void {
    for (const listener of this.#listeners) listener.onJobSeen?.(job, at);
  }

  onJobExplained(explanation: JobExplanation): void {
    for (const listener of this.#listeners) listener.onJobExplained?.(explanation);
  }

  onSavepointLeft(folder: string): void {
    for (const listener of this.#listeners) listener.onSavepointLeft?.(folder);
  }

  async onStandstill(): Promise<void> {
    for (const listener of this.#listeners) await listener.onStandstill?.();
  }

  onJobFinished(): void {
    for (const listener of this.#listeners) listener.onJobFinished?.();
  }
}

type Heard<K extends keyof WorldListener> = Required<Pick<WorldListener, K>>;

function hearsRecords(
  listener: WorldListener,
): listener is WorldListener & Heard<'onRecordWritten' | 'onRecordRead'> {
  return listener.onRecordWritten !== undefined && listener.onRecordRead !== undefined;
}
