import type { TaskEvent } from '../../core/internal.js';
import type { TraceEvent } from './world-listener.js';

/** What can be done to a world. Each answers whether there was anything to do it to. */
export interface FaultTargets {
  killTask(): boolean;
  loseTaskManager(): boolean;
  killProcess(): boolean;
  losePower(): boolean;
  takeOver(): boolean;
  stopProcess(): boolean;
  fillDisk(): boolean;
  breakDisk(): boolean;
  jumpClock(): boolean;
  requestCheckpoint(): boolean;
  cancelJob(): boolean;
  suspendJob(): boolean;
  drainJob(): boolean;
  rescaleJob(): boolean;
}

export type FaultKind = keyof FaultTargets;

/** One fault, at its place in the history of a world. Plain data. */
export interface PlannedFault {
  /** Turn of the scheduler after which it comes. */
  readonly turn: number;
  readonly kind: FaultKind;
  /** Of the choices that are left to it: without one fault the others still choose the same. */
  readonly seed: number;
}

/** All that is to happen to a world. Plain data. */
export interface FaultPlan {
  /** By turn. */
  readonly faults: readonly PlannedFault[];
  /** After this turn nothing comes any more: the job has to finish. */
  readonly calmTurn: number;
}

/** Where the faults of a world come from: a plan, or somebody who draws them as it goes. */
export interface FaultSupplier {
  /** Nothing comes any more. */
  readonly areOver: boolean;
  /** Told of each event of the engine. */
  onEvent(event: TraceEvent): void;
  /** Told of what each task tells its job master. */
  onTaskTold?(task: number, event: TaskEvent): void;
  /**
   * After each turn, until faults are over.
   *
   * @param bring does a fault, and answers whether there was anything to do it to
   */
  afterTurn(turn: number, bring: (fault: PlannedFault) => boolean): void;
}

/**
 * Brings what a plan says.
 *
 * Invariant: each fault comes once, in its turn, or never, where the world has ended or is calm by then.
 */
export class PlannedFaults implements FaultSupplier {
  readonly #plan: FaultPlan;
  readonly #byTurn: readonly PlannedFault[];
  #next = 0;
  #turn = 0;

  constructor(plan: FaultPlan) {
    this.#plan = plan;
    this.#byTurn = [...plan.faults].sort((a, b) => a.turn - b.turn);
  }

  get areOver(): boolean {
    return this.#turn >= this.#plan.calmTurn;
  }

  onEvent(): void {}

  afterTurn(turn: number, bring: (fault: PlannedFault) => boolean): void {
    this.#turn = turn;
    for (;;) {
      const fault = this.#byTurn[this.#next];
      if (fault === undefined || fault.turn > turn) return;
      this.#next++;
      if (fault.turn === turn) bring(fault);
    }
  }
}
