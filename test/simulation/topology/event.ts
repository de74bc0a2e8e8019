import { types } from '../../../core/internal.js';

/** The record of all topologies. */
export interface Event {
  /** Unique in its world. */
  readonly id: number;
  readonly key: string;
  /** Event time, ms. */
  readonly time: number;
  readonly amount: number;
}

export const EVENT = types.object({
  id: types.float64,
  key: types.string,
  time: types.timestamp,
  amount: types.int32,
});

/** How the events of a source are made. All drawn. */
export interface EventPlan {
  /** Of the first event. */
  readonly firstId: number;
  readonly splits: number;
  readonly perSplit: number;
  readonly keys: number;
  /** Whether a key occurs in one split only, so that its events have an order. */
  readonly keysBySplit: boolean;
  /** Event time between two events, ms. */
  readonly strideMs: number;
  /** How far an event may lie before the newest one that came before it. */
  readonly disorderMs: number;
  readonly salt: number;
  /** Some of its events are as late as may be: where sessions touch, what comes of them is a matter of chance. */
  readonly tight?: boolean;
}

/** Events of all splits begin here: times lie within one split's span and splits follow one another in time. */
const EPOCH_MS = 1_700_000_000_000;

/** The event at a position of a split: the same each time. */
export function eventAt(plan: EventPlan, split: number, position: number): Event {
  const id = plan.firstId + split * plan.perSplit + position;
  const hash = mixed(id, plan.salt);
  const key = hash % plan.keys;
  const late = isAtTheBound(plan, hash)
    ? plan.disorderMs + plan.strideMs
    : mixed(hash, 17) % (plan.disorderMs + 1);
  const span = plan.perSplit * plan.strideMs;
  // The disorder does not reach into the time of the split before.
  const time = EPOCH_MS + split * span + Math.max(0, position * plan.strideMs - late);
  return {
    id,
    key: plan.keysBySplit ? `s${split}k${key}` : `k${key}`,
    time,
    amount: (mixed(hash, 23) % 201) - 100,
  };
}

/**
 * Whether it is as late as an event may be that is in time: the watermark that the event before it allows is one
 * millisecond below its time. Without disorder the two have the same time. A quarter of the events are, in tight plans.
 */
function isAtTheBound({ tight = false }: EventPlan, hash: number): boolean {
  return tight && mixed(hash, 29) % 4 === 0;
}

/** Everything that a source will ever give. */
export function eventsOf(plan: EventPlan): Event[] {
  const events: Event[] = [];
  for (let split = 0; split < plan.splits; split++) {
    for (let position = 0; position < plan.perSplit; position++) events.push(eventAt(plan, split, position));
  }
  return events;
}

function mixed(a: number, b: number): number {
  let hash = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}
