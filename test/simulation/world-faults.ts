import type { Prng } from '../../core/internal.js';
import type { FaultOptions } from './world-options.js';

/** What can be done to a world. Each answers whether there was anything to do it to. */
export interface FaultTargets {
  killTask(): boolean;
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

/** After these a fault is most likely to hurt. */
const TENDER: ReadonlySet<string> = new Set([
  'checkpoint.triggered',
  'checkpoint.completed',
  'checkpoint.aborted',
  'disk.link',
  'job.attempt-deployed',
  'job.attempt-failed',
  'job.rescale-requested',
  'process.leads',
  'task.finished',
]);

/** Turns between a tender moment and the fault that it calls, at most. */
const FUSE_MAX = 12;
/** Share of the tender moments that call one. */
const SPITE = 0.15;

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
  readonly #left = new Map<FaultName, number>();
  readonly #spite: boolean;
  #fuse = 0;
  injected = 0;

  constructor(prng: Prng, options: FaultOptions, targets: FaultTargets) {
    this.#prng = prng;
    this.#targets = targets;
    this.#spite = options.spite;
    const counts: readonly (readonly [FaultName, number])[] = [
      ['killTask', options.taskKills],
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
    if (this.#spite && this.#fuse === 0 && TENDER.has(name) && this.#prng.chance(SPITE)) {
      this.#fuse = this.#prng.between(1, FUSE_MAX);
    }
  }

  /** After each turn of safety; `turnsLeft`: how many of them follow. */
  afterTurn(turnsLeft: number): void {
    if (this.#fuse > 0 && --this.#fuse === 0) {
      const names = [...this.#left.keys()];
      const name = names[this.#prng.below(Math.max(1, names.length))];
      if (name !== undefined) this.#inject(name);
      return;
    }
    for (const [name, count] of this.#left) {
      if (this.#prng.chance(count / Math.max(1, turnsLeft))) this.#inject(name);
    }
  }

  #inject(name: FaultName): void {
    const left = (this.#left.get(name) ?? 0) - 1;
    if (!this.#targets[name]()) return;
    this.injected++;
    if (left > 0) this.#left.set(name, left);
    else this.#left.delete(name);
  }
}
