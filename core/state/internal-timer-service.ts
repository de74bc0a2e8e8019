import { invariant } from '../base/invariant.js';
import { MillraceError } from '../base/millrace-error.js';
import { Watermark } from '../element/watermark.js';
import type { KeyedStateStore } from '../ports/keyed-state-store.js';
import type { KeyContext, StateNamespace } from './key-context.js';
import { StateRow, TIMER_TABLE_PREFIX } from './state-row.js';
import { TimerTable } from './timer-table.js';

/** Is called with the timer's key (and window) already current. */
export interface Triggerable {
  onEventTime(timestamp: number): void;
  onProcessingTime(timestamp: number): void;
}

/** What a timer service needs of its operator's context. */
export interface TimerHost {
  /** Wall time, ms. */
  wallMs(): number;
  /** Asks for `onWake` at or soon after the given wall time; replaces what was asked before. */
  wakeAt(wallMs: number): void;
  /** True when firing should stop for now. */
  mustYield(): boolean;
}

/**
 * Event-time and processing-time timers of one operator: at most one per (key, window, time) of each kind,
 * removable, and part of the checkpoint.
 *
 * Timers fire by ascending time, those of one time by key bytes, then by window. Firing removes the timer
 * before the callback runs. A timer that a callback registers at or below the time that has been reached
 * fires in the same pass; one that is registered so late outside of a pass fires with the next watermark.
 * Firing stops when the host must yield; `resume` goes on.
 *
 * Invariants:
 * - the table is the truth: a timer exists exactly if its row does; the queue holds every row that exists
 *   (and perhaps rows that are gone);
 * - the watermark never decreases;
 * - while `#dueEvent`, event-time timers up to the watermark may be left to fire; while `#dueProcessing` is
 *   a time, processing-time timers up to it.
 *
 * On the thread of the task only; passes do not nest.
 */
export class InternalTimerService {
  readonly #keys: KeyContext;
  readonly #namespace: StateNamespace;
  readonly #host: TimerHost;
  readonly #target: Triggerable;
  readonly #event: TimerTable;
  readonly #processing: TimerTable;
  readonly #row = new StateRow();
  readonly #fired = new StateRow();
  #watermark: number = Watermark.MIN;
  #dueEvent = false;
  /** Wall time up to which processing-time timers are due, or undefined while none are left to fire. */
  #dueProcessing: number | undefined = undefined;
  #wakeAt = Number.POSITIVE_INFINITY;
  /** Within {@link endKey}, which may be interrupted. */
  #isEnding = false;

  /** Finds what a restored store holds, or will once it is restored. */
  constructor(
    name: string,
    access: { readonly keys: KeyContext; readonly store: KeyedStateStore },
    namespace: StateNamespace,
    host: TimerHost,
    target: Triggerable,
  ) {
    this.#keys = access.keys;
    this.#namespace = namespace;
    this.#host = host;
    this.#target = target;
    let isMade = false;
    this.#event = new TimerTable(
      access.store,
      `${TIMER_TABLE_PREFIX}${name}:event-time`,
      namespace,
      () => {},
    );
    this.#processing = new TimerTable(
      access.store,
      `${TIMER_TABLE_PREFIX}${name}:processing-time`,
      namespace,
      () => {
        if (isMade) this.#askToWake();
      },
    );
    isMade = true;
    this.#askToWake();
  }

  /** The last watermark, or Watermark.MIN. */
  currentWatermark(): number {
    return this.#watermark;
  }

  currentProcessingTime(): number {
    return this.#host.wallMs();
  }

  /** Sets the watermark that a checkpoint held. Fires nothing; what is due then fires at the next advance. */
  restoreWatermark(timestamp: number): void {
    this.#watermark = timestamp;
  }

  /** @throws MillraceError MR2005 without a current key, MR1001 unless the time is whole milliseconds */
  registerEventTimeTimer(timestamp: number): void {
    this.#event.register(this.#compose(timestamp));
  }

  registerProcessingTimeTimer(timestamp: number): void {
    if (this.#isEnding) return;
    this.#processing.register(this.#compose(timestamp));
    if (this.#dueProcessing === undefined) this.#askToWake();
  }

  deleteEventTimeTimer(timestamp: number): void {
    this.#event.remove(this.#compose(timestamp));
  }

  deleteProcessingTimeTimer(timestamp: number): void {
    this.#processing.remove(this.#compose(timestamp));
  }

  get eventTimeTimerCount(): number {
    return this.#event.count;
  }

  get processingTimeTimerCount(): number {
    return this.#processing.count;
  }

  /** Advances event time and fires what is due. False if the host had to yield: go on with {@link resume}. */
  advanceWatermark(timestamp: number): boolean {
    invariant(timestamp >= this.#watermark, 'a watermark never decreases', {
      timestamp,
      current: this.#watermark,
    });
    this.#watermark = timestamp;
    this.#dueEvent = true;
    return this.resume();
  }

  /** The wall time asked for has come. False if the host had to yield: go on with {@link resume}. */
  onWake(wallMs: number): boolean {
    this.#wakeAt = Number.POSITIVE_INFINITY;
    this.#dueProcessing = Math.max(wallMs, this.#dueProcessing ?? wallMs);
    return this.resume();
  }

  /**
   * Fires every timer, those of processing time after those of event time, and goes back to where no watermark
   * has come. A timer of processing time that a callback registers meanwhile is dropped: it would never end.
   * False if the host had to yield: call it again.
   */
  endKey(): boolean {
    this.#isEnding = true;
    this.#watermark = Watermark.MAX;
    this.#dueEvent = true;
    this.#dueProcessing = Watermark.MAX;
    if (!this.resume()) return false;
    this.#isEnding = false;
    this.#watermark = Watermark.MIN;
    return true;
  }

  /** Fires what is left. True when nothing is. */
  resume(): boolean {
    if (!this.#fireEventTime()) return false;
    return this.#fireProcessingTime();
  }

  #fireEventTime(): boolean {
    if (!this.#dueEvent) return true;
    const timers = this.#event;
    while (timers.firstTime <= this.#watermark) {
      if (this.#host.mustYield()) return false;
      if (!timers.take(this.#fired)) continue;
      this.#keys.setFromTimer(this.#fired, this.#namespace);
      this.#target.onEventTime(this.#fired.time);
    }
    this.#dueEvent = false;
    return true;
  }

  #fireProcessingTime(): boolean {
    const due = this.#dueProcessing;
    if (due === undefined) return true;
    const timers = this.#processing;
    while (timers.firstTime <= due) {
      if (this.#host.mustYield()) return false;
      if (!timers.take(this.#fired)) continue;
      this.#keys.setFromTimer(this.#fired, this.#namespace);
      this.#target.onProcessingTime(this.#fired.time);
    }
    this.#dueProcessing = undefined;
    this.#askToWake();
    return true;
  }

  #askToWake(): void {
    const first = this.#processing.firstTime;
    if (first >= this.#wakeAt) return;
    this.#wakeAt = first;
    this.#host.wakeAt(first);
  }

  #compose(timestamp: number): StateRow {
    if (!Number.isSafeInteger(timestamp)) {
      throw new MillraceError('MR1001', `The time of a timer is ${String(timestamp)}.`, {
        hint: 'Give whole milliseconds since the epoch.',
      });
    }
    this.#keys.composeTimer(this.#row, timestamp, this.#namespace);
    return this.#row;
  }
}
