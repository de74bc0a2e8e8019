import type { Committer } from '../api/sink.js';
import type { ChainedOperatorContext } from './stream-operator.js';

/** A committable and the checkpoint that holds it. Plain data. */
export interface PendingCommittable<CommittableT> {
  readonly checkpointId: number;
  readonly committable: CommittableT;
}

/**
 * What a sink writer has prepared and nobody has committed yet.
 *
 * Invariants:
 * - `pending` is in the order of preparation, so checkpoint ids do not decrease;
 * - one commit runs at a time, and takes a prefix of `pending`, which leaves it when the commit succeeds;
 * - a failed commit fails the task: the restored one tries again.
 */
export class CommitQueue<CommittableT> {
  readonly #context: ChainedOperatorContext;
  readonly #committer: Committer<CommittableT>;
  #pending: PendingCommittable<CommittableT>[];
  /** Greatest checkpoint known to be complete. */
  #complete: number;
  #running: Promise<void> | undefined;
  /** The last commit that was begun, here or by who awaits it himself. */
  #last: Promise<void> | undefined;

  constructor(
    context: ChainedOperatorContext,
    committer: Committer<CommittableT>,
    restored: readonly PendingCommittable<CommittableT>[],
  ) {
    this.#context = context;
    this.#committer = committer;
    // After a rescale those of several subtasks stand one after another.
    this.#pending = [...restored].sort((a, b) => a.checkpointId - b.checkpointId);
    this.#complete = -1;
    this.#running = undefined;
    this.#last = undefined;
  }

  get pending(): readonly PendingCommittable<CommittableT>[] {
    return this.#pending;
  }

  get isCommitting(): boolean {
    return this.#running !== undefined;
  }

  add(checkpointId: number, committables: readonly CommittableT[]): void {
    for (const committable of committables) this.#pending.push({ checkpointId, committable });
  }

  /** Commits all that checkpoints up to the given one hold. */
  commitNow(checkpointId: number): Promise<void> {
    this.#last = this.#commit(checkpointId);
    return this.#last;
  }

  async #commit(checkpointId: number): Promise<void> {
    const due = this.#pending.filter((pending) => pending.checkpointId <= checkpointId);
    if (due.length === 0) return;
    await this.#committer.commit(due.map(({ committable }) => committable));
    this.#pending.splice(0, due.length);
  }

  /** The same beside the stream: records go on meanwhile. */
  commitSoon(checkpointId: number): void {
    if (checkpointId > this.#complete) this.#complete = checkpointId;
    this.#goOn();
  }

  /** Waits for the commit that runs, whatever comes of it: nothing may run on after the task. */
  async close(): Promise<void> {
    this.#complete = -1;
    await this.#last?.catch(() => undefined);
    await this.#committer.close?.();
  }

  #goOn(): void {
    const first = this.#pending[0];
    if (this.#running !== undefined || first === undefined || first.checkpointId > this.#complete) return;
    const running = this.commitNow(this.#complete);
    this.#running = running;
    this.#context.completions.watch(
      running,
      () => {
        this.#running = undefined;
        this.#goOn();
      },
      (error) => this.#context.fail(this.#context.userError(error)),
    );
  }
}
