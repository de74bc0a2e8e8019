import { isMillraceError } from '../../../core/internal.js';
import type { FileView } from '../simulated-disk.js';
import type { WorldVerdict } from '../world-failure.js';
import type { TraceEvent, WorldListener } from '../world-listener.js';
import type { JobLog } from './job-log.js';

/** Who is told that he leads no more has been overtaken: a slot of the log above his first is of another epoch. */
export class LeaderChecker implements WorldListener {
  readonly #log: JobLog;
  readonly #verdict: WorldVerdict;
  /** Of each process that has led: its epoch, which is the number of its first slot. */
  readonly #epochs = new Map<number, number>();
  /** By epoch, the greatest slot that was ever seen. */
  readonly #slots = new Map<number, number>();

  constructor(log: JobLog, verdict: WorldVerdict) {
    this.#log = log;
    this.#verdict = verdict;
  }

  onFileNamed(path: string, file: FileView): void {
    const seen = this.#log.slotAt(path, file);
    if (seen === undefined) return;
    const { epoch } = seen.head;
    this.#slots.set(epoch, Math.max(seen.slot, this.#slots.get(epoch) ?? 0));
  }

  onEvent({ name, values }: TraceEvent): void {
    if (name === 'process.leads') this.#epochs.set(Number(values.process), Number(values.epoch));
    if (name === 'job.attempt-failed' && values.code === 'MR8003') this.#check(Number(values.process));
  }

  onProcessFailed(process: number, error: unknown): void {
    if (isMillraceError(error) && error.code === 'MR8003') this.#check(process);
  }

  #check(process: number): void {
    const own = this.#epochs.get(process);
    if (own === undefined) return;
    const isOvertaken = [...this.#slots].some(([epoch, slot]) => epoch !== own && slot > own);
    this.#verdict.check(
      isOvertaken,
      () => `Process ${process} of epoch ${own} is told that it leads no more, and nobody else does.`,
    );
  }
}
