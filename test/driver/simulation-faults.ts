import { Prng, type TaskEvent } from '../../core/internal.js';
import { type PlannedFault as Fault, type FaultSupplier, PlannedFaults } from '../simulation/fault-plan.js';
import { WorldFaults } from '../simulation/world-faults.js';
import type { TraceEvent } from '../simulation/world-listener.js';
import { type Endings, type FaultOptions, NO_FAULTS } from '../simulation/world-options.js';
import { FAULT_KINDS, type FaultKind, type PlannedFault } from './planned-fault.js';

/** Turns after the last fault until the last thing that lasts has ended: a process that stands still, say. */
const LASTING_TURNS = 1500;

/** What of a run hangs on its seed alone, whether its faults are given or drawn. */
export interface SafetyOptions {
  /** Turns from the first checkpoint on in which faults are drawn. */
  readonly safetyTurns: number;
  readonly endings: Endings;
}

/**
 * Brings the faults of a simulated run: those that are given, or those that it draws.
 *
 * Calm comes when the time in which faults are drawn is over, those that are given have had their turn, and what the
 * last one began has ended by itself. That hangs on the seed and on the faults that came, and on nothing else, so
 * that a run that is given what came to another one goes the same way.
 */
export class SimulationFaults implements FaultSupplier {
  readonly #given: PlannedFaults;
  /** Draws none where they are given; it tells how long they would be drawn. */
  readonly #drawn: WorldFaults;
  #turn = 0;
  #calmFrom = 0;

  constructor(given: readonly PlannedFault[], drawn: FaultOptions, options: SafetyOptions, prng: Prng) {
    const last = given.reduce((most, { turn }) => Math.max(most, turn), 0);
    this.#given = new PlannedFaults({ faults: given, calmTurn: last });
    this.#drawn = new WorldFaults(prng, drawn, options.safetyTurns, options.endings);
  }

  get areOver(): boolean {
    return this.#drawn.areOver && this.#given.areOver && this.#turn >= this.#calmFrom;
  }

  onEvent(event: TraceEvent): void {
    this.#drawn.onEvent(event);
  }

  onTaskTold(task: number, event: TaskEvent): void {
    this.#drawn.onTaskTold(task, event);
  }

  afterTurn(turn: number, bring: (fault: Fault) => boolean): void {
    this.#turn = turn;
    const bringIt = (fault: Fault): boolean => {
      const came = bring(fault);
      if (came) this.#calmFrom = turn + LASTING_TURNS;
      return came;
    };
    this.#given.afterTurn(turn, bringIt);
    if (!this.#drawn.areOver) this.#drawn.afterTurn(turn, bringIt);
  }
}

/** How likely each kind comes to a run at all, and how often it does then at most. */
const SHARES: Readonly<Record<FaultKind, readonly [share: number, most: number]>> = {
  killTask: [0.8, 3],
  killProcess: [0.5, 2],
  loseTaskManager: [0.3, 2],
  requestCheckpoint: [0.3, 2],
  stopProcess: [0.2, 1],
  cancelJob: [0.2, 1],
  suspendJob: [0.2, 1],
  rescaleJob: [0.2, 2],
  losePower: [0.2, 1],
  breakDisk: [0.2, 2],
  fillDisk: [0.1, 1],
  jumpClock: [0.1, 2],
  takeOver: [0.3, 2],
};

/** `kinds`: those that may come. Most are missing in most runs, so that what they hide can show; one is there. */
export function drawFaultOptions(prng: Prng, kinds: readonly FaultKind[]): FaultOptions {
  const counts = new Map<FaultKind, number>();
  // All are drawn, so that those that may not come change no other.
  for (const kind of FAULT_KINDS) {
    const [share, most] = SHARES[kind];
    const count = prng.chance(share) ? prng.between(1, most) : 0;
    if (count > 0 && kinds.includes(kind)) counts.set(kind, count);
  }
  const spite = prng.chance(0.7);
  const kind = kinds[prng.below(Math.max(1, kinds.length))];
  if (counts.size === 0 && kind !== undefined) counts.set(kind, prng.between(1, SHARES[kind][1]));
  const of = (kind: FaultKind): number => counts.get(kind) ?? 0;
  return {
    ...NO_FAULTS,
    taskKills: of('killTask'),
    processKills: of('killProcess'),
    taskManagerLosses: of('loseTaskManager'),
    requests: of('requestCheckpoint'),
    stops: of('stopProcess'),
    cancels: of('cancelJob'),
    suspensions: of('suspendJob'),
    rescalings: of('rescaleJob'),
    powerLosses: of('losePower'),
    outages: of('breakDisk'),
    fullDisks: of('fillDisk'),
    clockJumps: of('jumpClock'),
    takeovers: of('takeOver'),
    spite,
  };
}

/** `kinds`: undefined: all; `given`: undefined: they are drawn. */
export function simulationFaults(
  given: readonly PlannedFault[] | undefined,
  kinds: readonly FaultKind[] = FAULT_KINDS,
  options: SafetyOptions & { readonly seed: number },
): SimulationFaults {
  const prng = new Prng(options.seed + FAULT_SALT);
  const drawn = given === undefined ? drawFaultOptions(prng, kinds) : NO_FAULTS;
  return new SimulationFaults(given ?? [], drawn, options, prng);
}

/** Faults are drawn from a stream of their own, so that they shift nothing else that is drawn. */
const FAULT_SALT = 0xfa17;
