import fc from 'fast-check';
import { shrunk } from '../check.js';
import { runWorld } from './drawn-world.js';
import type { FaultPlan } from './fault-plan.js';
import type { Machinery } from './machinery.js';
import { isRescalable, TOPOLOGIES } from './topology/topologies.js';
import type { WorldReport } from './world.js';
import { caseText, PLAIN_OPTIONS, sharedFields, type WorldCase } from './world-case.js';
import type { WorldFailure } from './world-failure.js';
import type { WorldOptions } from './world-options.js';

/** From the one that people follow at a glance to the others, as they stand. */
const SIMPLEST: readonly string[] = [
  ...['map-filter', 'running-counts', 'keyed-history', 'timers', 'window-aggregate'],
  ...Object.keys(TOPOLOGIES),
];

export interface ShrinkLimits {
  /** Worlds that are run. */
  readonly worldsMax: number;
  /** Turns of all of them together; they take time, and unlike time are the same on every machine. */
  readonly turnsMax: number;
}

const LIMITS: ShrinkLimits = { worldsMax: 600, turnsMax: 1_500_000 };

export interface ShrunkCase {
  readonly smallest: WorldCase;
  readonly failure: WorldFailure;
  /** Worlds that were run. */
  readonly worlds: number;
}

/** Runs a case. The same case gives the same world. */
export function runCase({ options, plan }: WorldCase, machinery?: Machinery): Promise<WorldReport> {
  return runWorld(options, machinery === undefined ? { plan } : { plan, machinery });
}

/**
 * Looks for a smaller case that fails in the same manner. The same case gives the same answer.
 *
 * @returns undefined if the case does not fail
 */
export async function shrinkCase(
  failing: WorldCase,
  machinery?: Machinery,
  limits: ShrinkLimits = LIMITS,
): Promise<ShrunkCase | undefined> {
  const { failure: first, turns } = await runCase(failing, machinery);
  if (first === undefined) return undefined;
  let failure = first;
  let turnsLeft = limits.turnsMax - turns;
  const known = new Map<string, boolean>([[caseText(failing), true]]);
  const fails = async (drawn: WorldCase): Promise<boolean> => {
    const candidate = coherent(drawn);
    const text = caseText(candidate);
    const before = known.get(text);
    if (before !== undefined) return before;
    if (known.size >= limits.worldsMax || turnsLeft <= 0) return false;
    const report = await runCase(candidate, machinery);
    turnsLeft -= report.turns;
    const isSame = report.failure?.kind === first.kind;
    if (isSame) failure = report.failure;
    known.set(text, isSame);
    return isSame;
  };
  let smallest = failing;
  // Without a fault the world is another one; so most go while it is still the world that failed.
  for (const smaller of [fewerFaults, smallerCases])
    smallest = coherent(await shrunk(smaller(smallest), smallest, fails));
  return { smallest, failure, worlds: known.size };
}

function fewerFaults({ options, plan }: WorldCase): fc.Arbitrary<WorldCase> {
  return fc.record({ options: fc.constant(options), plan: partsOf(plan) });
}

function partsOf({ faults, calmTurn }: FaultPlan): fc.Arbitrary<FaultPlan> {
  return fc.record({ faults: fc.subarray([...faults]), calmTurn: fc.constant(calmTurn) });
}

/** All that are no larger than this one in any respect, from which fast-check goes towards the plainest. */
function smallerCases({ options, plan }: WorldCase): fc.Arbitrary<WorldCase> {
  return fc.record({
    options: fc.record({
      ...(plainerFields(sharedFields(PLAIN_OPTIONS, options) ?? []) as {
        [K in keyof WorldOptions]: fc.Arbitrary<WorldOptions[K]>;
      }),
      seed: fc.constant(options.seed),
      topology: simplerTopologies(options.topology),
      events: fc.integer({ min: Math.min(1, options.events), max: options.events }),
      parallelismMax: fc.integer({ min: 1, max: options.parallelismMax }),
    }),
    plan: partsOf(plan),
  });
}

function simplerTopologies(name: string): fc.Arbitrary<string> {
  const names = SIMPLEST.slice(0, SIMPLEST.indexOf(name) + 1).filter(
    (simpler) => simpler === name || isRescalable(simpler),
  );
  const nameAt = (index: number): string => names[index] ?? name;
  return fc.nat(names.length - 1).map(nameAt, (value) => names.indexOf(String(value)));
}

/** As it is, or as in the plainest world, field by field. */
function plainer(plain: unknown, value: unknown): fc.Arbitrary<unknown> {
  const fields = sharedFields(plain, value);
  return fields === undefined ? fc.constantFrom(plain, value) : fc.record(plainerFields(fields));
}

function plainerFields(
  fields: readonly (readonly [string, unknown, unknown])[],
): Record<string, fc.Arbitrary<unknown>> {
  return Object.fromEntries(fields.map(([name, plain, value]) => [name, plainer(plain, value)]));
}

/** What belongs together goes together: no case may fail because its options contradict each other. */
function coherent({ options, plan }: WorldCase): WorldCase {
  const has = (kind: string): number => (plan.faults.some((fault) => fault.kind === kind) ? 1 : 0);
  const { faults, checkpointing, alignedTimeoutMs } = options;
  const isUnaligned = alignedTimeoutMs !== Number.POSITIVE_INFINITY;
  const { maxConcurrentCheckpoints } = checkpointing;
  return {
    plan,
    options: {
      ...options,
      chaining: options.chaining && !options.moves,
      evolves: options.evolves && faults.takeovers === 0 && has('takeOver') === 0,
      checkpointing: {
        ...checkpointing,
        maxConcurrentCheckpoints: isUnaligned ? 1 : maxConcurrentCheckpoints,
      },
      faults: {
        ...faults,
        drains: Math.max(faults.drains, has('drainJob')),
        takeovers: Math.max(faults.takeovers, has('takeOver')),
      },
    },
  };
}
