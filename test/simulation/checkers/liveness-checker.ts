import type { WorldVerdict } from '../world-failure.js';
import type { TraceEvent } from '../world-listener.js';

/** Turns and jumps of time in which no task takes a record: many checkpoints, restarts and retries of a disk. */
const STEPS_WITHOUT_RECORD_MAX = 100_000;
/** What was under way when faults ended may still fail, a few times. */
const CALM_ATTEMPTS_MAX = 20;
/** Counting the records of all tasks takes longer than a turn. */
const COUNT_EVERY_STEPS = 256;

/**
 * Once faults have ended, the job must come to its end. How long that takes depends on what was drawn (a
 * source that pauses after every other event, beside a checkpoint every millisecond), so what is bounded is
 * not the whole: in every attempt records go on being taken, and attempts come to an end.
 */
export class LivenessChecker {
  readonly #verdict: WorldVerdict;
  readonly #records: () => number;
  readonly #describe: () => string;
  #calm = false;
  #calmAttempts = 0;
  #steps = 0;
  #lastProgress = 0;
  #lastRecords = 0;

  /** `records`: taken by the tasks that run now; it may fall when an attempt ends. */
  constructor(verdict: WorldVerdict, records: () => number, describe: () => string) {
    this.#verdict = verdict;
    this.#records = records;
    this.#describe = describe;
  }

  onEvent({ name }: TraceEvent): void {
    if (name !== 'job.attempt-deployed' || !this.#calm) return;
    this.#calmAttempts++;
    if (this.#calmAttempts > CALM_ATTEMPTS_MAX) this.stuck('The job fails again and again without faults');
  }

  onCalm(): void {
    this.#calm = true;
    this.#lastProgress = this.#steps;
  }

  /** After each turn or jump of time. */
  onStep(): void {
    this.#steps++;
    if (this.#steps % COUNT_EVERY_STEPS !== 0) return;
    const records = this.#records();
    if (records !== this.#lastRecords) {
      this.#lastRecords = records;
      this.#lastProgress = this.#steps;
    }
    if (this.#steps - this.#lastProgress > STEPS_WITHOUT_RECORD_MAX) this.stuck('The job does not finish');
  }

  stuck(what: string): void {
    this.#verdict.fail('stuck', `${what}: ${this.#describe()}`);
  }
}
