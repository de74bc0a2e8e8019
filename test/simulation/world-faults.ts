import type { Prng } from '../../core/internal.js';
import type { FaultOptions } from './world-options.js';

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

type FaultName = keyof FaultTargets;

/** After these a fault is most likely to hurt: the share of them that call one. */
const TENDER: ReadonlyMap<string, number> = new Map([
  ['checkpoint.triggered', 0.1],
  ['checkpoint.completed', 0.3],
  ['checkpoint.aborted', 0.1],
  ['disk.link', 0.02],
  ['job.attempt-deployed', 0.1],
  ['job.attempt-failed', 0.1],
  ['job.rescale-requested', 0.2],
  ['process.leads', 0.1],
  ['task.finished', 0.1],
]);
/** How much rarer faults are while there is no checkpoint to recover from. */
const EARLY = 6;
/** Turns after which faults no longer wait for one. */
const EARLY_TURNS_MAX = 2000;

/** Turns between a tender moment and the fault that it calls, at most. */
const FUSE_MAX = 12;

/**
 * Brings the faults of a world, in its time of safety.
 *
 * What is fair: tasks, processes and the machine may end at any turn; a process may stand still while another
 * takes its place; the disk may fail as disk-fault-plan.ts says, be slow or full; the wall clock may jump;
 * user code may throw. What is not fair, and never happens: a task or a process that runs on after its end,
 * a channel that loses or reorders, a message that is lost between a living task and its living master,
 * faults without an end.
 *
 * Invariant: of each kind there are no more than its option says.
 */
export class WorldFaults {
  readonly #prng: Prng;
  readonly #targets: FaultTargets;
  readonly #onInjected: (name: FaultName) => void;
  readonly #left = new Map<FaultName, number>();
  readonly #spite: boolean;
  #fuse = 0;
  /** No checkpoint has been completed. */
  #early = true;
  #earlyTurns = 0;
  #turnsLeft: number;

  /**
   * @param turns of safety, once there is a checkpoint
   * @param onInjected told of each fault that has come
   */
  constructor(
    prng: Prng,
    options: FaultOptions,
    turns: number,
    targets: FaultTargets,
    onInjected: (name: FaultName) => void,
  ) {
    this.#onInjected = onInjected;
    this.#turnsLeft = turns;
    this.#prng = prng;
    this.#targets = targets;
    this.#spite = options.spite;
    const counts: readonly (readonly [FaultName, number])[] = [
      ['killTask', options.taskKills],
      ['loseTaskManager', options.taskManagerLosses],
      ['killProcess', options.processKills],
      ['losePower', options.powerLosses],
      ['takeOver', options.takeovers],
      ['stopProcess', options.stops],
      ['fillDisk', options.fullDisks],
      ['breakDisk', options.outages],
      ['jumpClock', options.clockJumps],
      ['requestCheckpoint', options.requests],
      ['cancelJob', options.cancels],
      ['suspendJob', options.suspensions],
      ['drainJob', options.drains],
      ['rescaleJob', options.rescalings],
    ];
    for (const [name, count] of counts) if (count > 0) this.#left.set(name, count);
  }

  onEvent(name: string): void {
    if (name === 'checkpoint.completed') this.#early = false;
    const share = TENDER.get(name);
    if (share === undefined || !this.#spite || this.#fuse > 0) return;
    if (this.#prng.chance(this.#early ? share / EARLY : share)) {
      this.#fuse = this.#prng.between(1, FUSE_MAX);
    }
  }

  /** The time of safety is over. */
  get areOver(): boolean {
    return this.#turnsLeft <= 0;
  }

  /** After each turn of safety. */
  afterTurn(): void {
    if (!this.#early) this.#turnsLeft--;
    else if (++this.#earlyTurns > EARLY_TURNS_MAX) this.#early = false;
    if (this.#fuse > 0 && --this.#fuse === 0) {
      const names = [...this.#left.keys()];
      const name = names[this.#prng.below(Math.max(1, names.length))];
      if (name !== undefined) this.#inject(name);
      return;
    }
    for (const [name, count] of this.#left) {
      const share = count / Math.max(1, this.#turnsLeft);
      if (this.#prng.chance(this.#early ? share / EARLY : share)) this.#inject(name);
    }
  }

  #inject(name: FaultName): void {
    const left = (this.#left.get(name) ?? 0) - 1;
    if (!this.#targets[name]()) return;
    this.#onInjected(name);
    if (left > 0) this.#left.set(name, left);
    else this.#left.delete(name);
  }
}
