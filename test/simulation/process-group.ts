import type { HolderState, JobHolder, Prng } from '../../core/internal.js';
import type { FailureChecker } from './checkers/failure-checker.js';
import type { Machinery } from './machinery.js';
import type { SimulatedMachine } from './simulated-machine.js';
import { type SimulatedJob, SimulatedProcess } from './simulated-process.js';

export interface ProcessGroupParts {
  readonly machine: SimulatedMachine;
  readonly job: SimulatedJob;
  readonly machinery: Machinery;
  readonly prng: Prng;
  readonly failures: FailureChecker;
  /** Whether a process may be overtaken by another while it starts. */
  readonly takeovers: boolean;
}

/**
 * The processes of a world, one after another and now and then two at once: when none is active, the next
 * one starts and resumes the job.
 *
 * Invariants: processes are numbered from 1; `finished` once a process has said that the job is.
 */
export class ProcessGroup {
  finished = false;
  readonly #parts: ProcessGroupParts;
  readonly #processes: SimulatedProcess[] = [];
  readonly #seenEnded = new Set<SimulatedProcess>();

  constructor(parts: ProcessGroupParts) {
    this.#parts = parts;
  }

  get count(): number {
    return this.#processes.length;
  }

  get alive(): readonly SimulatedProcess[] {
    return this.#processes.filter((process) => process.isAlive);
  }

  /** Alive and not paused. */
  get active(): readonly SimulatedProcess[] {
    return this.alive.filter((process) => !process.isPaused);
  }

  /** Taken by the tasks that run now. */
  get records(): number {
    let records = 0;
    for (const process of this.alive) {
      for (const { parts } of process.launcher.tasks) records += parts.task.records;
    }
    return records;
  }

  /** Takes note of processes that have ended, and starts one where none is active. False: nothing has changed. */
  keepRunning(): boolean {
    for (const process of this.#processes) {
      const { outcome } = process;
      if (outcome === undefined || this.#seenEnded.has(process)) continue;
      this.#seenEnded.add(process);
      if (outcome.type === 'failed') this.#parts.failures.onProcessFailed(process.number, outcome.error);
      else this.finished = true;
    }
    if (this.finished) return true;
    if (this.active.length > 0) return false;
    this.start();
    return true;
  }

  start(): SimulatedProcess {
    const { machine, job, machinery, prng, takeovers } = this.#parts;
    const number = this.#processes.length + 1;
    const parts = { machine, job, machinery, prng: prng.fork() };
    const process = new SimulatedProcess(number, parts, (holder) => this.#holderState(holder));
    this.#processes.push(process);
    // A new start that is overtaken while it asks would rightly begin the finished job anew.
    process.start(number === 1 && !takeovers ? 'new' : 'resume');
    return process;
  }

  describe(): string {
    return this.alive.map((process) => process.describe()).join('; ') || 'no process';
  }

  /** Who is alive has been paused at some time, as seen from another host. */
  #holderState(holder: JobHolder): HolderState {
    return this.#processes[holder.pid - 1]?.isAlive === true ? 'unknown' : 'dead';
  }
}
