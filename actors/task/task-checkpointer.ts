import {
  type ChainNode,
  type CheckpointKind,
  type Clock,
  type Completions,
  type InFlightHandle,
  invariant,
  type OperatorSnapshot,
  type OperatorStateHandle,
  type SnapshotWriter,
  type TaskReport,
  toWireError,
} from '../../core/internal.js';
import { MeasuredSnapshotWriter } from './measured-snapshot-writer.js';

/** What the checkpointer needs of its task. */
export interface CheckpointerHost {
  readonly clock: Clock;
  readonly completions: Completions;
  snapshotWriter(checkpointId: number, owner: string): SnapshotWriter;
  report(report: TaskReport): void;
}

/** One operator's frozen state, with what is needed to write it. */
export interface FrozenOperator {
  readonly node: ChainNode;
  readonly owner: string;
  readonly snapshot: OperatorSnapshot;
}

/** The synchronous part of a snapshot, measured by the task. */
export interface FrozenTask {
  readonly checkpointId: number;
  readonly kind: CheckpointKind;
  readonly startDelayMs: number;
  readonly alignmentMs: number;
  readonly syncMs: number;
  readonly processedBytes: number;
  readonly unaligned: boolean;
  readonly operators: readonly FrozenOperator[];
  /** What the snapshot has overtaken. */
  readonly inFlight?: FrozenInFlight;
}

/** In-flight data, which may still be coming while it is written. */
export interface FrozenInFlight {
  readonly owner: string;
  readonly recording: {
    readonly sizeBytes: number;
    write(writer: SnapshotWriter): Promise<InFlightHandle | undefined>;
    discard(): void;
  };
}

interface WrittenTask {
  readonly operators: readonly OperatorStateHandle[];
  readonly inFlight: InFlightHandle | undefined;
  /** Into files. */
  readonly writtenBytes: number;
}

/**
 * Writes frozen snapshots of a task while records flow, and reports the outcome.
 *
 * Invariants:
 * - every snapshot handed over is discarded exactly once, when its writing has come to an end, well or badly:
 *   also that of an aborted checkpoint, and before the state that it was taken of is closed;
 * - each checkpoint is acknowledged or declined at most once, and not after its abort;
 * - checkpoint ids handed over strictly grow.
 */
export class TaskCheckpointer {
  readonly #host: CheckpointerHost;
  /** Checkpoints whose outcome is still of interest. */
  readonly #running = new Set<number>();
  #lastId = -1;
  /** Snapshots that are being written. */
  #writing = 0;
  #onQuiet: () => void = () => {};

  constructor(host: CheckpointerHost) {
    this.#host = host;
  }

  get pendingCount(): number {
    return this.#running.size;
  }

  /** Begins to write what was frozen. */
  write(frozen: FrozenTask): void {
    invariant(frozen.checkpointId > this.#lastId, 'snapshot ids grow', {
      last: this.#lastId,
      next: frozen.checkpointId,
    });
    this.#lastId = frozen.checkpointId;
    this.#running.add(frozen.checkpointId);
    this.#writing++;
    const begin = this.#host.clock.monotonicMs();
    this.#host.completions.watch(
      this.#writeAll(frozen),
      (written) => this.#written(frozen, written, begin),
      (error) => this.#failed(frozen, error),
    );
  }

  /** This checkpoint and those before it will not complete: nothing more is said of them. */
  abort(checkpointId: number): void {
    for (const id of this.#running) if (id <= checkpointId) this.#running.delete(id);
  }

  /** Aborts everything; resolves when no snapshot is read any more. Called once, at the end. */
  close(): Promise<void> {
    this.abort(Number.MAX_SAFE_INTEGER);
    if (this.#writing === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onQuiet = resolve;
    });
  }

  /** Settles when the last part's writing has, also where that of another failed. */
  async #writeAll(frozen: FrozenTask): Promise<WrittenTask> {
    const writers: MeasuredSnapshotWriter[] = [];
    const writerFor = (owner: string): SnapshotWriter => {
      const writer = new MeasuredSnapshotWriter(this.#host.snapshotWriter(frozen.checkpointId, owner));
      writers.push(writer);
      return writer;
    };
    const recorded = Promise.allSettled([writeInFlight(frozen, writerFor)]);
    const outcomes = await Promise.allSettled(
      frozen.operators.map(async ({ owner, snapshot }): Promise<OperatorStateHandle> => {
        const keyed = snapshot.keyed === undefined ? undefined : await snapshot.keyed.write(writerFor(owner));
        return { keyed, lists: snapshot.lists };
      }),
    );
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    // Nobody will want what is still coming.
    if (failed !== undefined) frozen.inFlight?.recording.discard();
    const [inFlight] = await recorded;
    if (failed !== undefined) throw failed.reason;
    if (inFlight.status === 'rejected') throw inFlight.reason;
    const operators = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const writtenBytes = writers.reduce((sum, writer) => sum + writer.writtenBytes, 0);
    return { operators, inFlight: inFlight.value, writtenBytes };
  }

  #written(frozen: FrozenTask, written: WrittenTask, begin: number): void {
    if (!this.#end(frozen)) return;
    const { operators: handles, inFlight, writtenBytes } = written;
    const { startDelayMs, alignmentMs, syncMs, processedBytes, unaligned } = frozen;
    const operators: Record<string, OperatorStateHandle> = {};
    let stateBytes = inFlight?.file.sizeBytes ?? 0;
    let listBytes = 0;
    frozen.operators.forEach(({ node }, index) => {
      const handle = handles[index];
      invariant(handle !== undefined, 'every operator has a handle', { uid: node.uid });
      operators[node.uid] = handle;
      for (const { sizeBytes } of handle.keyed?.files ?? []) stateBytes += sizeBytes;
      listBytes += bytesOfLists(handle);
    });
    this.#host.report({
      type: 'checkpoint-acknowledged',
      checkpointId: frozen.checkpointId,
      snapshot: { operators, ...(inFlight && { inFlight }) },
      metrics: {
        startDelayMs,
        alignmentMs,
        syncMs,
        asyncMs: this.#host.clock.monotonicMs() - begin,
        checkpointedBytes: writtenBytes + listBytes,
        stateBytes: stateBytes + listBytes,
        processedBytes,
        persistedBytes: inFlight === undefined ? 0 : (frozen.inFlight?.recording.sizeBytes ?? 0),
        unaligned,
      },
    });
  }

  #failed(frozen: FrozenTask, error: unknown): void {
    if (!this.#end(frozen)) return;
    this.#host.report({
      type: 'checkpoint-declined',
      reason: 'CHECKPOINT_DECLINED',
      checkpointId: frozen.checkpointId,
      error: toWireError(error),
    });
  }

  /** False: nobody wants to hear of it any more. */
  #end(frozen: FrozenTask): boolean {
    for (const { snapshot } of frozen.operators) snapshot.keyed?.discard();
    frozen.inFlight?.recording.discard();
    this.#writing--;
    if (this.#writing === 0) this.#onQuiet();
    return this.#running.delete(frozen.checkpointId);
  }
}

async function writeInFlight(
  { inFlight }: FrozenTask,
  writerFor: (owner: string) => SnapshotWriter,
): Promise<InFlightHandle | undefined> {
  return inFlight?.recording.write(writerFor(inFlight.owner));
}

/** Items lie in the manifest, anew in each. */
function bytesOfLists({ lists }: OperatorStateHandle): number {
  let bytes = 0;
  for (const list of Object.values(lists)) for (const item of list.items) bytes += item.length;
  return bytes;
}
