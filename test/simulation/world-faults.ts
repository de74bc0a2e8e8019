import type { Prng, TaskEvent } from '../../core/internal.js';
import type { FaultKind, FaultSupplier, PlannedFault } from './fault-plan.js';
import type { TraceEvent } from './world-listener.js';
import type { Endings, FaultOptions } from './world-options.js';

/** After these a fault is most likely to hurt: the share of them that call one. */
const TENDER: ReadonlyMap<string, number> = new Map([
  ['checkpoint.triggered', 0.1],
  ['checkpoint.completed', 0.3],
  ['checkpoint.aborted', 0.1],
  ['disk.link', 0.02],
  ['job.attempt-deployed', 0.1],
  ['job.attempt-failed', 0.1],
  ['job.rescale-requested', 0.2],
  ['job.suspend', 0.4],
  ['job.drain', 0.4],
  ['process.leads', 0.1],
  ['task.finished', 0.1],
]);
/** How much rarer faults are while there is no checkpoint to recover from. */
const EARLY = 20;
/** Turns after which faults no longer wait for one. */
const EARLY_TURNS_MAX = 2000;
/** The same, where faults wait for the end of the input. */
const UNENDED = 60;
const UNENDED_TURNS_MAX = 6000;

/** Turns between a tender moment and the fault that it calls, at most. */
const FUSE_MAX = 12;

/**
 * Draws the faults of a world as it goes, in its time of safety.
 *
 * What is fair: tasks, processes and the machine may end at any turn; a process may stand still while another
 * takes its place; the disk may fail as disk-fault-plan.ts says, be slow or full; the wall clock may jump;
 * user code may throw. What is not fair, and never happens: a task or a process that runs on after its end,
 * a channel that loses or reorders, a message that is lost between a living task and its living master,
 * faults without an end.
 *
 * Invariant: of each kind there are no more than its option says.
 */
export class WorldFaults implements FaultSupplier {
  readonly #prng: Prng;
  readonly #left = new Map<FaultKind, number>();
  readonly #spite: boolean;
  readonly #endings: Endings;
  #fuse = 0;
  /** A checkpoint has been completed. */
  #hasCheckpoint = false;
  /** Nothing has to end before faults come, or it has. */
  #hasEnded: boolean;
  /** Turns in which faults have waited. */
  #turnsBefore = 0;
  #turnsLeft: number;

  /**
   * `turns`: of safety, once there is a checkpoint. `endings`: and what is to have ended by then, so that faults meet
   * a job of which parts have.
   */
  constructor(prng: Prng, options: FaultOptions, turns: number, endings: Endings) {
    this.#endings = endings;
    this.#hasEnded = endings === 'none';
    this.#turnsLeft = turns;
    this.#prng = prng;
    this.#spite = options.spite;
    const counts: readonly (readonly [FaultKind, number])[] = [
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

  onEvent({ name }: TraceEvent): void {
    if (name === 'checkpoint.completed') this.#hasCheckpoint = true;
    if (name === 'task.finished' && this.#endings === 'tasks' && !this.#hasEnded) {
      this.#hasEnded = true;
      // The next one holds it.
      this.#hasCheckpoint = false;
    }
    const share = TENDER.get(name);
    if (share === undefined || !this.#spite || this.#fuse > 0) return;
    if (this.#prng.chance(share / this.#rarity)) {
      this.#fuse = this.#prng.between(1, FUSE_MAX);
    }
  }

  onTaskTold(_task: number, event: TaskEvent): void {
    const hasEnded = event.type === 'report' && event.report.type === 'data-finished';
    if (hasEnded && this.#endings === 'data') this.#hasEnded = true;
  }

  /** The time of safety is over. */
  get areOver(): boolean {
    return this.#turnsLeft <= 0;
  }

  afterTurn(turn: number, bring: (fault: PlannedFault) => boolean): void {
    if (this.#rarity === 1) this.#turnsLeft--;
    else if (++this.#turnsBefore > (this.#hasEnded ? EARLY_TURNS_MAX : UNENDED_TURNS_MAX))
      this.#hasCheckpoint = this.#hasEnded = true;
    if (this.#fuse > 0 && --this.#fuse === 0) {
      const kinds = [...this.#left.keys()];
      const kind = kinds[this.#prng.below(Math.max(1, kinds.length))];
      if (kind !== undefined) this.#bring(turn, kind, bring);
      return;
    }
    for (const [kind, count] of this.#left) {
      const share = count / Math.max(1, this.#turnsLeft);
      if (this.#prng.chance(share / this.#rarity)) this.#bring(turn, kind, bring);
    }
  }

  /** How much rarer faults are now than they will be. */
  get #rarity(): number {
    if (!this.#hasEnded) return UNENDED;
    return this.#hasCheckpoint ? 1 : EARLY;
  }

  #bring(turn: number, kind: FaultKind, bring: (fault: PlannedFault) => boolean): void {
    const left = (this.#left.get(kind) ?? 0) - 1;
    if (!bring({ turn, kind, seed: this.#prng.uint32() })) return;
    if (left > 0) this.#left.set(kind, left);
    else this.#left.delete(kind);
  }
}
