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
 * - every snapshot handed over is discarded exactly once: after it was written, or when it is aborted;
 * - each checkpoint is acknowledged or declined at most once, and not after its abort;
 * - checkpoint ids handed over strictly grow.
 */
export class TaskCheckpointer {
  readonly #host: CheckpointerHost;
  readonly #running = new Map<number, FrozenTask>();
  #lastId = -1;

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
    this.#running.set(frozen.checkpointId, frozen);
    const begin = this.#host.clock.monotonicMs();
    this.#host.completions.watch(
      this.#writeAll(frozen),
      (handles) => this.#written(frozen, handles, begin),
      (error) => this.#failed(frozen, error),
    );
  }

  /** The checkpoint will not complete: what is being written for it is given up. */
  abort(checkpointId: number): void {
    for (const [id, frozen] of this.#running) {
      if (id > checkpointId) continue;
      this.#running.delete(id);
      discard(frozen);
    }
  }

  close(): void {
    this.abort(Number.MAX_SAFE_INTEGER);
  }

  async #writeAll(frozen: FrozenTask): Promise<readonly OperatorStateHandle[]> {
    return Promise.all(
      frozen.operators.map(async ({ owner, snapshot }): Promise<OperatorStateHandle> => {
        const writer = this.#host.snapshotWriter(frozen.checkpointId, owner);
        const keyed = snapshot.keyed === undefined ? undefined : await snapshot.keyed.write(writer);
        return { keyed, lists: snapshot.lists };
      }),
    );
  }

  #written(frozen: FrozenTask, handles: readonly OperatorStateHandle[], begin: number): void {
    if (!this.#running.delete(frozen.checkpointId)) return;
    discard(frozen);
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
    if (!this.#running.delete(frozen.checkpointId)) return;
    discard(frozen);
    this.#host.report({
      type: 'checkpoint-declined',
      checkpointId: frozen.checkpointId,
      error: toWireError(error),
    });
  }
}

function discard(frozen: FrozenTask): void {
  for (const { snapshot } of frozen.operators) snapshot.keyed?.discard();
}

/** Bytes that this checkpoint added: its own files and the inlined items. */
function bytesOf(handle: OperatorStateHandle): number {
  let bytes = 0;
  for (const file of handle.keyed?.files ?? []) bytes += file.sizeBytes;
  for (const list of Object.values(handle.lists)) for (const item of list.items) bytes += item.length;
  return bytes;
}
