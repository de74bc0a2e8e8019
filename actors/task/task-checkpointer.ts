import {
  type ChainNode,
  type CheckpointKind,
  type Clock,
  type Completions,
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
      (handles) => this.#written(frozen, handles, begin),
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

  /** Settles when the last operator's writing has, also where that of another failed. */
  async #writeAll(frozen: FrozenTask): Promise<readonly OperatorStateHandle[]> {
    const outcomes = await Promise.allSettled(
      frozen.operators.map(async ({ owner, snapshot }): Promise<OperatorStateHandle> => {
        const writer = this.#host.snapshotWriter(frozen.checkpointId, owner);
        const keyed = snapshot.keyed === undefined ? undefined : await snapshot.keyed.write(writer);
        return { keyed, lists: snapshot.lists };
      }),
    );
    return outcomes.map((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason;
      return outcome.value;
    });
  }

  #written(frozen: FrozenTask, handles: readonly OperatorStateHandle[], begin: number): void {
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
      snapshot: { operators },
      metrics: {
        alignmentMs: frozen.alignmentMs,
        syncMs: frozen.syncMs,
        asyncMs: this.#host.clock.monotonicMs() - begin,
        stateBytes,
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
