// hot path: async-wait.bench.ts
import { invariant } from '../base/invariant.js';

/** In which order results leave: that of their records, or as they come between two watermarks. */
export type AsyncOutputMode = 'ordered' | 'unordered';

/** Something between two records that none of them may pass. */
export type AsyncBarrier = 'watermark' | 'idle' | 'active';

/** A record on its way through an asynchronous function, and later its results. */
export class AsyncRequest {
  readonly kind = 'request';
  readonly value: unknown;
  readonly timestamp: number;
  /** What the function gave: an array of results, or one; undefined: none. Valid once `done`. */
  results: unknown;
  done: boolean;
  /** Number of the call that is under way; what an earlier one still says is ignored. 0 before the first. */
  attempt: number;
  /** The call that is under way has given `results`, or (if it `failed`) an error in their place. */
  settled: boolean;
  failed: boolean;
  /** Monotonic time at which the request is given up, ms. */
  deadlineMs: number;
  previous: QueueNode | undefined;
  next: QueueNode | undefined;
  segment: Segment | undefined;

  constructor(value: unknown, timestamp: number) {
    this.value = value;
    this.timestamp = timestamp;
    this.results = undefined;
    this.done = false;
    this.attempt = 0;
    this.settled = false;
    this.failed = false;
    this.deadlineMs = 0;
    this.previous = undefined;
    this.next = undefined;
    this.segment = undefined;
  }
}

/** A watermark or a change of idleness, in its place among the requests. */
class QueuedBarrier {
  readonly kind: AsyncBarrier;
  /** Of a watermark, ms; 0 of the others. */
  readonly timestamp: number;
  previous: QueueNode | undefined;
  next: QueueNode | undefined;

  constructor(kind: AsyncBarrier, timestamp: number) {
    this.kind = kind;
    this.timestamp = timestamp;
    this.previous = undefined;
    this.next = undefined;
  }
}

export type QueueNode = AsyncRequest | QueuedBarrier;

/** The requests between two barriers. */
class Segment {
  /** Done, and waiting for the segments before. */
  readonly done: AsyncRequest[] = [];
}

/**
 * Requests and barriers in the order in which they came, and which of them may leave: the first, once it is
 * done; without order any request that is done and has no barrier before it.
 *
 * Invariants:
 * - a barrier leaves after every request before it, and before every request behind it;
 * - `size` is the number of requests in the list;
 * - no two watermarks stand beside each other: the later one says it all.
 */
export class AsyncQueue {
  readonly #ordered: boolean;
  #first: QueueNode | undefined;
  #last: QueueNode | undefined;
  /** Of the requests that were added last; undefined after a barrier. Without order only. */
  #lastSegment: Segment | undefined;
  /** Requests that may leave. Without order only. */
  #ready: AsyncRequest[];
  #readyNext: number;
  size: number;

  constructor(mode: AsyncOutputMode) {
    this.#ordered = mode === 'ordered';
    this.#first = undefined;
    this.#last = undefined;
    this.#lastSegment = undefined;
    this.#ready = [];
    this.#readyNext = 0;
    this.size = 0;
  }

  /** No request, and no barrier either. */
  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  add(request: AsyncRequest): void {
    if (!this.#ordered) {
      this.#lastSegment ??= new Segment();
      request.segment = this.#lastSegment;
    }
    this.#append(request);
    this.size++;
  }

  addBarrier(kind: AsyncBarrier, timestamp: number): void {
    const last = this.#last;
    const replaces = last !== undefined && last.kind === kind && kind === 'watermark';
    const undoes = last?.kind === 'idle' && kind === 'active';
    if (last !== undefined && (replaces || undoes)) this.#unlink(last);
    if (undoes) {
      this.#lastSegment = this.#last?.kind === 'request' ? this.#last.segment : undefined;
      return;
    }
    this.#append(new QueuedBarrier(kind, timestamp));
    this.#lastSegment = undefined;
  }

  /** The request has its results; called once for each. */
  complete(request: AsyncRequest): void {
    invariant(!request.done, 'a request is completed once');
    request.done = true;
    if (this.#ordered) return;
    const { segment } = request;
    const first = this.#first;
    if (first?.kind === 'request' && first.segment === segment) this.#ready.push(request);
    else segment?.done.push(request);
  }

  /** Whether anything may leave now. */
  get mayTake(): boolean {
    const first = this.#first;
    if (first === undefined) return false;
    if (first.kind !== 'request') return true;
    return this.#ordered ? first.done : this.#readyNext < this.#ready.length;
  }

  /** Takes what may leave next; undefined when nothing may. */
  take(): QueueNode | undefined {
    const first = this.#first;
    if (first === undefined) return undefined;
    if (first.kind !== 'request') {
      this.#unlink(first);
      const next = this.#first;
      if (next?.kind === 'request' && next.segment !== undefined) this.#ready = next.segment.done;
      return first;
    }
    const request = this.#ordered ? (first.done ? first : undefined) : this.#takeReady();
    if (request === undefined) return undefined;
    this.#unlink(request);
    this.size--;
    return request;
  }

  /** All that is in the queue, in the order in which it came. */
  *[Symbol.iterator](): IterableIterator<QueueNode> {
    for (let node = this.#first; node !== undefined; node = node.next) yield node;
  }

  #takeReady(): AsyncRequest | undefined {
    const request = this.#ready[this.#readyNext];
    if (request === undefined) return undefined;
    this.#readyNext++;
    if (this.#readyNext === this.#ready.length) {
      this.#ready = [];
      this.#readyNext = 0;
    }
    return request;
  }

  #append(node: QueueNode): void {
    const last = this.#last;
    node.previous = last;
    if (last === undefined) this.#first = node;
    else last.next = node;
    this.#last = node;
  }

  #unlink(node: QueueNode): void {
    const { previous, next } = node;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    node.previous = undefined;
    node.next = undefined;
  }
}
