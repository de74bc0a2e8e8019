import { MillraceError, Prng } from '../../core/internal.js';
import type { FaultTargets, PlannedFault } from './fault-plan.js';
import type { ProcessGroup } from './process-group.js';
import type { DiskConduct } from './scheduled-disk.js';
import type { SimulatedMachine } from './simulated-machine.js';
import type { SimulatedProcess } from './simulated-process.js';

export interface DamageParts {
  readonly machine: SimulatedMachine;
  readonly processes: ProcessGroup;
  /** For what nobody has planned. */
  readonly prng: Prng;
  /** Probability that a disk operation of a process that was killed takes effect later. */
  readonly landing: number;
}

/**
 * Does the faults of a world, and ends those that last a while.
 *
 * Invariant: what lasts is on the agenda until it has ended.
 */
export class WorldDamage implements FaultTargets {
  readonly #parts: DamageParts;
  /** Of the choices of the fault that comes now. */
  #prng: Prng;
  /** Outages of the disk that have not ended, how it behaves during the last of them, and without. */
  #outages = 0;
  #during: DiskConduct | undefined;
  #fair: DiskConduct | undefined;
  #agenda: { readonly turn: number; readonly act: () => void }[] = [];

  constructor(parts: DamageParts) {
    this.#parts = parts;
    this.#prng = parts.prng;
  }

  /** Does a planned fault. False: there is nothing to do it to. */
  bring({ kind, seed }: PlannedFault): boolean {
    this.#prng = new Prng(seed);
    return this[kind]();
  }

  killTask(): boolean {
    const task = this.#any(this.#parts.processes.active.flatMap((process) => process.launcher.tasks));
    task?.kill(new MillraceError('MR5003', 'The task was killed.'));
    return task !== undefined;
  }

  /** All that runs on one of the two TaskManagers of a process ends in one moment; it may have been said before. */
  loseTaskManager(): boolean {
    const { machine, processes } = this.#parts;
    const process = this.#any(processes.active);
    const number = this.#prng.below(2);
    if (process === undefined || process.tasksOn(number).length === 0) return false;
    const { taskManagers } = process;
    if (taskManagers === undefined || this.#prng.chance(0.5)) {
      this.#endTaskManager(process, number);
      return true;
    }
    machine.trace.note('taskmanager.retires', `p${process.number} ${number}`);
    taskManagers.retire(number);
    this.#later(this.#prng.between(1, 100), () => this.#endTaskManager(process, number));
    return true;
  }

  #endTaskManager(process: SimulatedProcess, number: number): void {
    if (!process.isAlive) return;
    const { machine } = this.#parts;
    const lost = process.tasksOn(number);
    machine.trace.note('taskmanager.lost', `p${process.number} ${number}`);
    for (const task of lost) task.kill(new MillraceError('MR5015', 'The TaskManager of the task was lost.'));
    const { taskManagers } = process;
    if (taskManagers === undefined) return;
    taskManagers.leave(number);
    this.#later(this.#prng.between(1, 300), () => {
      if (process.isAlive) taskManagers.comeBack(number);
    });
  }

  killProcess(): boolean {
    const process = this.#any(this.#parts.processes.alive);
    process?.kill(this.#parts.landing);
    return process !== undefined;
  }

  losePower(): boolean {
    const { machine, processes } = this.#parts;
    for (const process of processes.alive) process.kill(0);
    machine.trace.note('machine.power-loss', '');
    machine.losePower(this.#prng);
    return true;
  }

  takeOver(): boolean {
    const process = this.#any(this.#parts.processes.active);
    if (process === undefined) return false;
    process.pause(true);
    this.#later(this.#prng.between(10, 1500), () => {
      if (process.isAlive) process.pause(false);
    });
    return true;
  }

  stopProcess(): boolean {
    const process = this.#any(this.#parts.processes.active);
    process?.stop();
    return process !== undefined;
  }

  fillDisk(): boolean {
    const { machine } = this.#parts;
    let used = 0;
    for (const length of machine.disk.files().values()) used += length;
    machine.disk.capacityBytes = Math.floor(used * this.#prng.float()) + this.#prng.between(0, 4000);
    machine.trace.note('disk.full', `${used} of ${machine.disk.capacityBytes}`);
    this.#later(this.#prng.between(10, 500), () => {
      machine.disk.capacityBytes = Number.MAX_SAFE_INTEGER;
    });
    return true;
  }

  breakDisk(): boolean {
    const { machine } = this.#parts;
    const { weather } = machine;
    const share = this.#prng.pick([0.1, 0.5]);
    machine.trace.note('disk.outage', String(share));
    // One that begins during another takes its place, and lasts until both have ended.
    if (this.#outages++ === 0) this.#fair = weather.conduct;
    const fair = this.#fair ?? weather.conduct;
    const during = { ...fair, fail: share / 2, failAfter: share / 2 };
    weather.conduct = during;
    this.#during = during;
    this.#later(this.#prng.between(1, 100), () => {
      if (--this.#outages === 0 && weather.conduct === this.#during) weather.conduct = fair;
    });
    return true;
  }

  jumpClock(): boolean {
    const { machine } = this.#parts;
    const byMs = this.#prng.pick([-3_600_000, -500, 500, 3_600_000]);
    machine.trace.note('clock.jump', String(byMs));
    machine.time.jumpWall(byMs);
    return true;
  }

  requestCheckpoint(): boolean {
    const process = this.#any(this.#parts.processes.active);
    process?.requestCheckpoint();
    return process !== undefined;
  }

  cancelJob(): boolean {
    const process = this.#any(this.#parts.processes.active);
    process?.cancelJob();
    return process !== undefined;
  }

  /** Not once it was drained: who goes on from there reads more, in windows that have fired. */
  suspendJob(): boolean {
    if (this.#parts.machine.trace.counts.has('job.drain')) return false;
    return this.#any(this.#parts.processes.active)?.stopJob('suspend') ?? false;
  }

  drainJob(): boolean {
    return this.#any(this.#parts.processes.active)?.stopJob('drain') ?? false;
  }

  rescaleJob(): boolean {
    return this.#any(this.#parts.processes.active)?.rescaleJob(this.#prng) ?? false;
  }

  /** After each turn. */
  endDue(): void {
    const { turns } = this.#parts.machine.scheduler;
    if (this.#agenda.length === 0) return;
    const due = this.#agenda.filter(({ turn }) => turn <= turns);
    if (due.length === 0) return;
    this.#agenda = this.#agenda.filter(({ turn }) => turn > turns);
    for (const { act } of due) act();
  }

  /** Nothing can run any more: ends what began first. False: nothing lasts. */
  endOne(): boolean {
    const next = this.#agenda.shift();
    next?.act();
    return next !== undefined;
  }

  endAll(): void {
    while (this.endOne());
  }

  #later(turns: number, act: () => void): void {
    this.#agenda.push({ turn: this.#parts.machine.scheduler.turns + turns, act });
  }

  #any<T>(candidates: readonly T[]): T | undefined {
    return candidates[this.#prng.below(Math.max(1, candidates.length))];
  }
}
