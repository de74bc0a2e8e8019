import { type WatermarkGenerator, type WatermarkOutput, WatermarkStrategy } from '../../../core/index.js';
import type { Event, EventPlan } from './event.js';

/** Bounded disorder of a source that tells its splits apart: generators look whether their state is their split's. */
export function watchedSplits(plan: EventPlan): WatermarkStrategy<Event> {
  return WatermarkStrategy.forGenerator<Event>(() => new SplitGenerator(plan));
}

/** What it keeps. Plain data. */
interface Seen {
  readonly id: number;
  readonly greatest: number;
}

/** Invariant: it sees the events of one split, each once and in their order, wherever the split was read before. */
class SplitGenerator implements WatermarkGenerator<Event> {
  readonly #plan: EventPlan;
  /** The last event, and the greatest time; undefined before the first one. */
  #seen: Seen | undefined;

  constructor(plan: EventPlan) {
    this.#plan = plan;
  }

  onEvent({ id, time }: Event): void {
    const { firstId, perSplit } = this.#plan;
    const isNext = this.#seen === undefined ? (id - firstId) % perSplit === 0 : id === this.#seen.id + 1;
    if (!isNext) throw new Error(`A split goes on with event ${id}, and was known up to ${this.#seen?.id}.`);
    this.#seen = { id, greatest: Math.max(time, this.#seen?.greatest ?? time) };
  }

  onPeriodicEmit(output: WatermarkOutput): void {
    if (this.#seen !== undefined) output.emitWatermark(this.#seen.greatest - this.#plan.disorderMs - 1);
  }

  snapshotState(): Seen | undefined {
    return this.#seen;
  }

  restoreState(state: unknown): void {
    this.#seen = state as Seen;
  }
}
