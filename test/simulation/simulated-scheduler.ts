import { nextTick } from 'node:process';
import type { Prng } from '../../core/internal.js';
import type { SimulatedTime } from './simulated-time.js';

/** Something of a world that gets turns: a task, a disk, a mailbox, the timers. */
export interface Participant {
  /** Its share of the turns while it is ready; greater than 0. */
  readonly weight: number;
  /** Whether a turn would do something. */
  isReady(): boolean;
  /** Does one thing. */
  takeTurn(): void;
  /** Monotonic time at which it becomes ready by itself; Infinity: only others make it ready. */
  dueMs(): number;
}

/**
 * Draws who runs next. Everything that a world does happens in a turn, or in a promise reaction that follows
 * one; reactions are run to their end between two turns ({@link reactionsDone}), so a world is a function of its seed.
 *
 * Invariants: one turn at a time; virtual time moves only here: a little with each turn, and to the next due
 * time when nobody is ready.
 */
export class SimulatedScheduler {
  readonly #prng: Prng;
  readonly #time: SimulatedTime;
  /** Virtual milliseconds that a turn takes, on average. */
  readonly #turnMs: number;
  /** In the order in which they came. */
  readonly #participants: Participant[] = [];
  #ready: Participant[] = [];
  turns = 0;

  constructor(prng: Prng, time: SimulatedTime, turnMs: number) {
    this.#prng = prng;
    this.#time = time;
    this.#turnMs = turnMs;
  }

  add(participant: Participant): void {
    this.#participants.push(participant);
  }

  remove(participant: Participant): void {
    const index = this.#participants.indexOf(participant);
    if (index >= 0) this.#participants.splice(index, 1);
  }

  /** Called when reactions are done. False: nobody is ready. */
  turn(): boolean {
    const chosen = this.#draw();
    if (chosen === undefined) return false;
    this.turns++;
    chosen.takeTurn();
    this.#time.advanceTo(this.#time.nowMs + this.#turnMs * 2 * this.#prng.float());
    return true;
  }

  /** For when nobody is ready: the time until somebody is, ms; Infinity: nobody ever will be. */
  get silenceMs(): number {
    return this.#nextDueMs() - this.#time.nowMs;
  }

  /** For when nobody is ready: how far time jumped until somebody is, ms; Infinity: nobody ever will be. */
  passTime(): number {
    const dueMs = this.#nextDueMs();
    if (dueMs === Number.POSITIVE_INFINITY) return dueMs;
    const beforeMs = this.#time.nowMs;
    this.#time.advanceTo(dueMs);
    return this.#time.nowMs - beforeMs;
  }

  #nextDueMs(): number {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const participant of this.#participants) dueMs = Math.min(dueMs, participant.dueMs());
    return dueMs;
  }

  #draw(): Participant | undefined {
    const ready = this.#ready;
    ready.length = 0;
    let sum = 0;
    for (const participant of this.#participants) {
      if (!participant.isReady()) continue;
      ready.push(participant);
      sum += participant.weight;
    }
    let point = this.#prng.float() * sum;
    for (const participant of ready) {
      point -= participant.weight;
      if (point < 0) return participant;
    }
    return ready.at(-1);
  }
}

/**
 * Every promise reaction that is possible without a further turn has run then: a tick comes when there are no more,
 * and for a fraction of what a turn of the event loop takes. Called from a reaction, as after {@link loopTurned}: of
 * two ticks that are called from elsewhere, reactions run after the second.
 */
export function reactionsDone(): Promise<void> {
  return new Promise((resolve) => {
    nextTick(resolve);
  });
}

/** A turn of the event loop, in which it also finds out what has been rejected and is handled by nobody. */
export function loopTurned(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
