import type { FaultPlan } from './fault-plan.js';
import { NO_FAULTS, type WorldOptions } from './world-options.js';

/** One world and what happens to it, told apart from the way in which it was drawn. Plain data. */
export interface WorldCase {
  readonly options: WorldOptions;
  readonly plan: FaultPlan;
}

/** The plainest world: what the text of a case does not speak of is as here. */
export const PLAIN_OPTIONS: WorldOptions = {
  seed: 1,
  topology: 'map-filter',
  events: 1,
  parallelismMax: 1,
  chaining: true,
  maxParallelism: 128,
  checkpointing: {
    intervalMs: 2,
    intervalDuringBacklogMs: 2,
    timeoutMs: 600_000,
    minPauseMs: 0,
    maxConcurrentCheckpoints: 1,
    tolerableFailedCheckpoints: Number.POSITIVE_INFINITY,
    numRetained: 1,
    // A job that is cancelled goes on from one.
    retainOnCancellation: true,
    incremental: false,
    historySize: 5,
  },
  checkpointsIn: 'files',
  restartStrategy: { type: 'fixed-delay', attempts: 1000, delayMs: 1 },
  alignedTimeoutMs: Number.POSITIVE_INFINITY,
  moves: false,
  slowTasks: 0,
  autoWatermarkIntervalMs: 1,
  stateBackend: 'heap',
  managedBytes: 0,
  segmentBytes: 4096,
  network: {
    buffersPerChannel: 2,
    floatingBuffersPerGate: 4,
    maxBuffersPerChannel: 10,
    maxOverdraftBuffersPerGate: 5,
    requiredPerGateMax: 0x7fff_ffff,
  },
  spareSegments: 0,
  budgetMax: 8,
  turnMs: 0.05,
  safetyTurns: 0,
  endings: 'none',
  rescales: false,
  claims: false,
  faults: NO_FAULTS,
  farState: false,
  interpreted: false,
  evolves: false,
  slots: { each: 0, mode: 'NONE' },
  watched: false,
};

/** As one line of JSON: the plan, and of the options those that differ from the plainest. */
export function caseText({ options, plan }: WorldCase): string {
  const text = { options: differences(PLAIN_OPTIONS, options) ?? {}, plan };
  return JSON.stringify(text, (_, value) => (value === Number.POSITIVE_INFINITY ? 'Infinity' : value));
}

/** @throws Error if the text is none that {@link caseText} gives */
export function parseCase(text: string): WorldCase {
  const read = JSON.parse(text, (_, value) => (value === 'Infinity' ? Number.POSITIVE_INFINITY : value)) as {
    readonly options?: unknown;
    readonly plan?: FaultPlan;
  };
  if (!Array.isArray(read.plan?.faults) || typeof read.plan.calmTurn !== 'number')
    throw new Error('A case has a plan of faults and the turn after which there are no more.');
  return { options: merged(PLAIN_OPTIONS, read.options ?? {}) as WorldOptions, plan: read.plan };
}

/** Of two values, what of the other one is not as in the first. */
function differences(plain: unknown, other: unknown): unknown {
  const fields = sharedFields(plain, other);
  if (fields === undefined) return Object.is(plain, other) ? undefined : other;
  const entries = fields.flatMap(([name, plainField, otherField]) => {
    const difference = differences(plainField, otherField);
    return difference === undefined ? [] : [[name, difference] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function merged(plain: unknown, other: unknown): unknown {
  if (!isRecord(plain) || !isRecord(other) || !isPartOf(other, plain)) return other;
  const entries = Object.keys(plain).map((name) => [
    name,
    name in other ? merged(plain[name], other[name]) : plain[name],
  ]);
  return Object.fromEntries(entries);
}

type Fields = Readonly<Record<string, unknown>>;

/** Name and values of each field, of two records that have the same fields; undefined: of others. */
export function sharedFields(
  one: unknown,
  other: unknown,
): readonly (readonly [string, unknown, unknown])[] | undefined {
  if (!isRecord(one) || !isRecord(other) || !isPartOf(other, one) || !isPartOf(one, other)) return undefined;
  return Object.keys(one).map((name) => [name, one[name], other[name]]);
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPartOf(part: Fields, whole: Fields): boolean {
  return Object.keys(part).every((name) => name in whole);
}
