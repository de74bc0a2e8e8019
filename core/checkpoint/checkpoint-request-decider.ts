import type { CheckpointConfig } from './checkpoint-config.js';

/**
 * A wish for a checkpoint. `periodic`: the interval has passed. `final`: all data has been processed, and
 * the tasks wait for nothing but this. `user`: somebody asked for it.
 */
export type CheckpointRequest =
  | { readonly kind: 'periodic' }
  | { readonly kind: 'final' }
  | {
      readonly kind: 'user';
      readonly requestId: number;
      readonly savepoint: SavepointOrder | undefined;
      readonly checkpointType?: CheckpointType;
    };

/** What a checkpoint builds on: FULL on no other; CONFIGURED: as `execution.checkpointing.incremental` says. */
export type CheckpointType = 'CONFIGURED' | 'FULL' | 'INCREMENTAL';

/** The checkpoint is to become a savepoint. Plain data. */
export interface SavepointOrder {
  /** Folder in which the savepoint gets a folder of its own. */
  readonly folder: string;
  /**
   * The job ends with it: `suspend` stops the sources where they are; `drain` ends the input as if no more
   * would ever come, so windows fire and timers run out. Undefined: the job goes on as if nothing had been.
   */
  readonly stop: 'suspend' | 'drain' | undefined;
}

/** What the decision depends on. */
export interface RequestCircumstances {
  /** A checkpoint is between its first message and its last trigger. */
  readonly triggering: boolean;
  readonly pendingCount: number;
  /** Removals of old checkpoints that have not ended. */
  readonly cleaningCount: number;
  /** Monotonic time of the last completion. */
  readonly lastCompletionMs: number;
  readonly nowMs: number;
}

/**
 * `dropped`: a periodic request came too early after the last completion and is gone; the next one is due
 * in `retryInMs`.
 */
export type RequestDecision =
  | { readonly type: 'none' }
  | { readonly type: 'run'; readonly request: CheckpointRequest }
  | { readonly type: 'dropped'; readonly retryInMs: number };

const QUEUE_MAX = 1000;

function rankOf(request: CheckpointRequest): number {
  if (request.kind === 'user') return request.savepoint?.stop === 'drain' ? 0 : 2;
  return request.kind === 'final' ? 1 : 3;
}

/**
 * Decides which of the wished-for checkpoints is begun next.
 *
 * Invariants:
 * - the queue is sorted: the draining savepoint, the final one (whose place that takes: while it is on order nothing
 *   else begins), then users' in the order they came, then the periodic one;
 * - a savepoint begins only when nothing is pending: its tasks are told that it is over while others go on;
 * - it holds at most one periodic and one final request, and at most {@link QUEUE_MAX} in all. (Periodic
 *   ones do not pile up behind a slow checkpoint: the next one covers all that were missed.)
 */
export class CheckpointRequestDecider {
  readonly #config: CheckpointConfig;
  #queue: CheckpointRequest[] = [];

  constructor(config: CheckpointConfig) {
    this.#config = config;
  }

  get queued(): readonly CheckpointRequest[] {
    return this.#queue;
  }

  /** False: the queue is full, and the request was not taken. */
  add(request: CheckpointRequest): boolean {
    if (request.kind !== 'user' && this.#queue.some(({ kind }) => kind === request.kind)) return true;
    if (this.#queue.length >= QUEUE_MAX) {
      const last = this.#queue.at(-1);
      if (last?.kind !== 'periodic' || request.kind === 'periodic') return false;
      this.#queue.pop();
    }
    const at = this.#queue.findIndex((queued) => rankOf(queued) > rankOf(request));
    this.#queue.splice(at < 0 ? this.#queue.length : at, 0, request);
    return true;
  }

  /** Takes the next request off the queue, if one may be begun now. */
  decide(circumstances: RequestCircumstances): RequestDecision {
    const { triggering, pendingCount, cleaningCount, lastCompletionMs, nowMs } = circumstances;
    const { maxConcurrentCheckpoints, minPauseMs } = this.#config;
    const request = this.#queue[0];
    if (request === undefined || triggering || cleaningCount > maxConcurrentCheckpoints)
      return { type: 'none' };
    const savepoint = request.kind === 'user' && request.savepoint !== undefined;
    if (pendingCount >= (savepoint ? 1 : maxConcurrentCheckpoints)) return { type: 'none' };
    const retryInMs = lastCompletionMs + minPauseMs - nowMs;
    this.#queue.shift();
    if (request.kind === 'periodic' && retryInMs > 0) return { type: 'dropped', retryInMs };
    return { type: 'run', request };
  }

  /** Empties the queue and returns what was in it. */
  clear(): readonly CheckpointRequest[] {
    const dropped = this.#queue;
    this.#queue = [];
    return dropped;
  }
}
