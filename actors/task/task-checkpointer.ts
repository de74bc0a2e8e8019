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
  readonly alignmentMs: number;
  readonly syncMs: number;
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
    const recorded = Promise.allSettled([this.#writeInFlight(frozen)]);
    const outcomes = await Promise.allSettled(
      frozen.operators.map(async ({ owner, snapshot }): Promise<OperatorStateHandle> => {
        const writer = this.#host.snapshotWriter(frozen.checkpointId, owner);
        const keyed = snapshot.keyed === undefined ? undefined : await snapshot.keyed.write(writer);
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
    return { operators, inFlight: inFlight.value };
  }

  async #writeInFlight({ checkpointId, inFlight }: FrozenTask): Promise<InFlightHandle | undefined> {
    return inFlight?.recording.write(this.#host.snapshotWriter(checkpointId, inFlight.owner));
  }

  #written(frozen: FrozenTask, { operators: handles, inFlight }: WrittenTask, begin: number): void {
    if (!this.#end(frozen)) return;
    const operators: Record<string, OperatorStateHandle> = {};
    let stateBytes = 0;
    frozen.operators.forEach(({ node }, index) => {
      const handle = handles[index];
      invariant(handle !== undefined, 'every operator has a handle', { uid: node.uid });
      operators[node.uid] = handle;
      stateBytes += bytesOf(handle);
    });
    this.#host.report({
      type: 'checkpoint-acknowledged',
      checkpointId: frozen.checkpointId,
      snapshot: { operators, ...(inFlight && { inFlight }) },
      metrics: {
        alignmentMs: frozen.alignmentMs,
        syncMs: frozen.syncMs,
        asyncMs: this.#host.clock.monotonicMs() - begin,
        stateBytes: stateBytes + (inFlight?.file.sizeBytes ?? 0),
        persistedBytes: inFlight === undefined ? 0 : (frozen.inFlight?.recording.sizeBytes ?? 0),
      },
    });
  }

  #failed(frozen: FrozenTask, error: unknown): void {
    if (!this.#end(frozen)) return;
    this.#host.report({
      type: 'checkpoint-declined',
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

/** Bytes that this checkpoint added: its own files and the inlined items. */
function bytesOf(handle: OperatorStateHandle): number {
  let bytes = 0;
  for (const file of handle.keyed?.files ?? []) bytes += file.sizeBytes;
  for (const list of Object.values(handle.lists)) for (const item of list.items) bytes += item.length;
  return bytes;
}
