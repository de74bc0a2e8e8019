import type { ProcessFunction, RuntimeContext } from '../../../core/index.js';
import { Watermark } from '../../../core/internal.js';
import type { Event } from './event.js';

/** An event, with who has sent it, in which attempt, and where event time was there. */
export interface Stamped extends Event {
  readonly attempt: string;
  readonly by: number;
  readonly of: number;
  readonly seen: number;
}

/**
 * Looks at event time at both ends of an exchange, in the tasks of one attempt. Who has got an event of each of those
 * that send has been told the watermark that each of them had then: its own is no less than the least of these,
 * whoever was idle in between.
 */
export class EventTimeWatch {
  readonly #start: number;
  #attempt = '';
  readonly #seen = new Map<number, number>();

  /** `start`: how often a process was started by then. Tasks of one attempt are made in one go. */
  constructor(start: number) {
    this.#start = start;
  }

  /** What sends. */
  stamping(): ProcessFunction<Event, Stamped> {
    const start = this.#start;
    let [attempt, by, of] = ['', 0, 0];
    let first: number | undefined;
    return {
      open(ctx) {
        [attempt, by, of] = [`${start} ${ctx.attempt}`, ctx.subtaskIndex, ctx.parallelism];
      },
      processElement(event, ctx, out) {
        const watermark = ctx.timerService.currentWatermark();
        // What was restored has not been told again yet.
        first ??= watermark;
        const seen = watermark > first ? watermark : Watermark.MIN;
        out.collect({ ...event, attempt, by, of, seen });
      },
    };
  }

  /** Who gets it. */
  open(ctx: RuntimeContext): void {
    this.#attempt = `${this.#start} ${ctx.attempt}`;
  }

  look({ id, attempt, by, of, seen }: Stamped, watermark: number): void {
    if (attempt !== this.#attempt) return;
    this.#seen.set(by, seen);
    if (this.#seen.size < of) return;
    const least = Math.min(...this.#seen.values());
    if (watermark < least)
      throw new Error(`Event ${id} is seen at ${watermark}, and all who send were at ${least} at least.`);
  }
}
