import { checkOptionNames } from '../../core/internal.js';
import { FAULT_KINDS, type FaultKind, type PlannedFault } from './planned-fault.js';

// biome-ignore lint/suspicious/noTsIgnore: only users without fast-check see an error here.
/** @ts-ignore: what faultPlans needs of fast-check; who has not installed that does without its types. */
export type FastCheck = Pick<typeof import('fast-check'), 'array' | 'constantFrom' | 'integer' | 'record'>;

// biome-ignore lint/suspicious/noTsIgnore: only users without fast-check see an error here.
/** @ts-ignore: an arbitrary of fast-check; who has not installed that does without its types. */
export type FaultPlanArbitrary = import('fast-check').Arbitrary<PlannedFault[]>;

/** Which plans {@link faultPlans} draws. */
export interface FaultPlansOptions {
  /** Most faults of a plan. Default 5. */
  readonly faultsMax?: number;
  /** Last turn of a fault; see `turns` of a {@link SimulationReport}. Default 1000. */
  readonly turnMax?: number;
  /** Default: all. A plan is made smaller towards the first of them. */
  readonly kinds?: readonly FaultKind[];
}

const SEED_MAX = 0xffff;

/**
 * Plans of faults for a property of fast-check, which makes one that fails small: fewer faults, earlier ones, of a
 * plainer kind. `fc` is your own fast-check (3.4 or later).
 *
 * @throws MillraceError MR1001 for an option that there is not
 *
 * @example
 * ```ts
 * import fc from 'fast-check';
 *
 * async function survivesFaults(simulation: Simulation<unknown, string>): Promise<void> {
 *   await fc.assert(
 *     fc.asyncProperty(faultPlans(fc), async (faults) => {
 *       (await simulate({ ...simulation, faults })).expectOk();
 *     }),
 *   );
 * }
 * ```
 */
export function faultPlans(fc: FastCheck, options: FaultPlansOptions = {}): FaultPlanArbitrary {
  checkOptionNames(options, ['faultsMax', 'turnMax', 'kinds'], 'faultPlans');
  const { faultsMax = 5, turnMax = 1000, kinds = FAULT_KINDS } = options;
  const fault = fc.record({
    turn: fc.integer({ min: 1, max: turnMax }),
    kind: fc.constantFrom(...kinds),
    seed: fc.integer({ min: 0, max: SEED_MAX }),
  });
  return fc.array(fault, { maxLength: faultsMax });
}
