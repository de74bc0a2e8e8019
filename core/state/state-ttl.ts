import { type Duration, durationMs } from '../base/duration.js';
import { MillraceError } from '../base/millrace-error.js';
import { Watermark } from '../element/watermark.js';

const UPDATE_TYPES = ['OnCreateAndWrite', 'OnReadAndWrite', 'Disabled'] as const;
const VISIBILITIES = ['NeverReturnExpired', 'ReturnExpiredIfNotCleanedUp'] as const;

/**
 * How long state lives, in processing time. Elements of a list and entries of a map live each for itself.
 * What has expired is removed when it is read, and step by step beside the reading and writing of the state; a
 * snapshot of all state leaves it out.
 *
 * @example
 * ```ts
 * const seen = ctx.getState(
 *   new ValueStateDescriptor('seen', types.boolean, { ttl: { ttl: '1 h', updateType: 'OnReadAndWrite' } }),
 * );
 * ```
 */
export interface StateTtlConfig {
  /** More than 0. Something written at t is there as long as the time is less than t + ttl. */
  readonly ttl: Duration;
  /** What begins its life anew: writing (the default), reading too, or (`Disabled`) there is no end to it. */
  readonly updateType?: (typeof UPDATE_TYPES)[number];
  /** Whether what has expired may be seen once more if nobody has removed it yet. It never is by default. */
  readonly stateVisibility?: (typeof VISIBILITIES)[number];
  /** False: expired state goes only when it is read. */
  readonly cleanupInBackground?: boolean;
}

/** What descriptors may say beside name and type. */
export interface StateOptions {
  readonly ttl?: StateTtlConfig;
}

/** A {@link StateTtlConfig} that was checked. */
export interface StateTtl {
  readonly ttlMs: number;
  readonly renewOnRead: boolean;
  readonly returnExpired: boolean;
  readonly cleanupInBackground: boolean;
}

/**
 * Undefined where the state lives for ever.
 *
 * @throws MillraceError MR1001 if the configuration makes no sense
 */
export function stateTtlOf(name: string, options: StateOptions): StateTtl | undefined {
  const config = options.ttl;
  if (config === undefined) return undefined;
  const { updateType = 'OnCreateAndWrite', stateVisibility = 'NeverReturnExpired' } = config;
  const ttlMs = durationMs(config.ttl, `time to live of the state '${name}'`);
  if (ttlMs <= 0) refuse(name, `ttl is ${ttlMs} ms`, 'Give a time above 0.');
  if (!UPDATE_TYPES.includes(updateType))
    refuse(name, `updateType is ${String(updateType)}`, `It is one of ${UPDATE_TYPES.join(', ')}.`);
  if (!VISIBILITIES.includes(stateVisibility))
    refuse(name, `stateVisibility is ${String(stateVisibility)}`, `It is one of ${VISIBILITIES.join(', ')}.`);
  if (updateType === 'Disabled') return undefined;
  return {
    ttlMs,
    renewOnRead: updateType === 'OnReadAndWrite',
    returnExpired: stateVisibility === 'ReturnExpiredIfNotCleanedUp',
    cleanupInBackground: config.cleanupInBackground ?? true,
  };
}

/** Whether something that was written at `time` is no longer there at `now`. */
export function isExpired(time: number, ttlMs: number, now: number): boolean {
  return Math.min(time + ttlMs, Watermark.MAX) <= now;
}

function refuse(name: string, what: string, hint: string): never {
  throw new MillraceError('MR1001', `In the time to live of the state '${name}', ${what}.`, { hint });
}
