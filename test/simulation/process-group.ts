import {
  type ErrorCode,
  type HolderState,
  isMillraceError,
  type JobHolder,
  type Prng,
} from '../../core/internal.js';
import type { RunOrigin } from '../../storage/index.js';
import type { Machinery } from './machinery.js';
import type { SimulatedMachine } from './simulated-machine.js';
import { type SimulatedJob, SimulatedProcess, STOP_FOLDERS } from './simulated-process.js';
import type { TraceEvent } from './world-listener.js';

/** After a process that failed: what made it fail may pass, and only in time. */
const RESTART_PAUSE_MS = 5;

export interface ProcessGroupParts {
  readonly machine: SimulatedMachine;
  /** What a process runs of a job that was changed so often, with the parallelism shifted, after so many processes. */
  readonly job: (version: number, shift: number, processes: number) => SimulatedJob;
  readonly machinery: Machinery;
  readonly prng: Prng;
  /** Whether the savepoints that the job goes on from become its own. */
  readonly claims: boolean;
  /** Whether the job is changed once more when it goes on from a checkpoint that is newer than the last change. */
  readonly evolves: boolean;
  /** Whether a process may be overtaken by another while it starts. */
  readonly takeovers: boolean;
}

/**
 * The processes of a world, one after another and now and then two at once: when none is active, the next
 * one starts and resumes the job, or begins it from the savepoint that it was stopped with.
 *
 * Invariants: processes are numbered from 1; `finished` once a process has said that the job is, unless it was
 * stopped to be gone on with.
 */
export class ProcessGroup {
  finished = false;
  /** The process that found the job finished had finished it, and had the time to remove what was left. */
  tidiedUp = false;
  /** The last process has failed, and whoever starts the next waits a moment. */
  #pauses = false;
  readonly #parts: ProcessGroupParts;
  readonly #processes: SimulatedProcess[] = [];
  readonly #seenEnded = new Set<SimulatedProcess>();
  /** How often the job was changed, and whether a checkpoint has been completed since. */
  #version = 0;
  #isVersionKept = false;
  #stops = 0;
  /** What the parallelism of the job is shifted by, and was before the last stop. */
  #shift = 0;
  #shiftBefore = 0;
  readonly #begunFrom = new Set<string>();
  /** What the next process begins from. */
  #from: RunOrigin | undefined;

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

  /** Takes note of processes that have ended, and starts one where none is active. False: nothing has changed. */
  keepRunning(): boolean {
    for (const process of this.#processes) {
      const { outcome } = process;
      if (outcome === undefined || this.#seenEnded.has(process)) continue;
      this.#seenEnded.add(process);
      this.tidiedUp = outcome.type === 'finished';
      if (outcome.type !== 'failed') {
        const savepoint = suspendedWith(outcome.savepointPath);
        if (outcome.type === 'finished' && savepoint === undefined)
          this.#parts.machine.trace.listeners.onJobResult(outcome.accumulators);
        this.#onJobEnded(savepoint);
      }
      // Somebody begins from the savepoint already, and is to be gone on with.
      else if (process.from !== undefined && isOf(outcome.error, 'MR8001')) this.#from = undefined;
      // At another parallelism chains are others, and some had ended in parts: it has to be the one from before.
      else if (this.#from !== undefined && isOf(outcome.error, 'MR2101')) this.#shift = this.#shiftBefore;
      else this.#onProcessFailed(process, outcome.error);
    }
    if (this.finished) return true;
    if (this.#pauses || this.#processes.some((process) => process.isAlive && !process.isPaused)) return false;
    this.start();
    return true;
  }

  #onProcessFailed(process: SimulatedProcess, error: unknown): void {
    const { machine } = this.#parts;
    machine.trace.listeners.onProcessFailed(process.number, error);
    this.#pauses = true;
    void machine.time.sleep(this, RESTART_PAUSE_MS).then(() => {
      this.#pauses = false;
    });
  }

  start(): SimulatedProcess {
    const { machine, machinery, prng, takeovers, evolves } = this.#parts;
    if (evolves && this.#isVersionKept) this.#change();
    const job = this.#parts.job(this.#version, this.#shift, this.#processes.length);
    const number = this.#processes.length + 1;
    const parts = { machine, job, machinery, prng: prng.fork() };
    const process = new SimulatedProcess(number, parts, (holder) => this.#holderState(holder));
    this.#processes.push(process);
    // A new start that is overtaken while it asks would rightly begin the finished job anew.
    process.start((number === 1 && !takeovers) || this.#from !== undefined ? 'new' : 'resume', this.#from);
    return process;
  }

  onEvent({ name }: TraceEvent): void {
    if (name === 'process.leads') this.#from = undefined;
    if (name === 'checkpoint.completed') this.#isVersionKept = true;
  }

  /** `savepoint`: the one that it was stopped with, to be gone on with, once. */
  #onJobEnded(savepoint: string | undefined): void {
    // Who was suspended himself hears of it late: another goes on from the savepoint.
    if (savepoint !== undefined && this.#begunFrom.has(savepoint)) return;
    this.finished = savepoint === undefined && this.#from === undefined;
    if (savepoint === undefined) return;
    this.#begunFrom.add(savepoint);
    this.#from = { path: savepoint, allowNonRestoredState: false, claim: this.#parts.claims };
    if (!this.#parts.claims) this.#parts.machine.trace.listeners.onSavepointLeft(savepoint);
    this.#change();
    this.#shiftBefore = this.#shift;
    this.#shift = ++this.#stops;
  }

  /** No version is passed over, so that each finds what the one before it has left. */
  #change(): void {
    this.#version++;
    this.#isVersionKept = false;
  }

  describe(): string {
    return this.alive.map((process) => process.describe()).join('; ') || 'no process';
  }

  /** Who is alive has been paused at some time, as seen from another host. */
  #holderState(holder: JobHolder): HolderState {
    return this.#processes[holder.pid - 1]?.isAlive === true ? 'unknown' : 'dead';
  }
}

function isOf(error: unknown, code: ErrorCode): boolean {
  return isMillraceError(error) && error.code === code;
}

/** The savepoint, if it is one of those that suspend the job. */
function suspendedWith(path: string | undefined): string | undefined {
  return path?.startsWith(`${STOP_FOLDERS.suspend}/`) === true ? path : undefined;
}
