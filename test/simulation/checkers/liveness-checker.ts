import type { WorldVerdict } from '../world-failure.js';
import type { TraceEvent, WorldListener } from '../world-listener.js';

/** Turns and jumps of time in which no task takes a record: many checkpoints, restarts and retries of a disk. */
const STEPS_WITHOUT_RECORD_MAX = 100_000;
/** What was under way when faults ended may still fail, a few times. */
const CALM_ATTEMPTS_MAX = 20;

/**
 * Once faults have ended, the job must come to its end. How long that takes depends on what was drawn (a
 * source that pauses after every other event, beside a checkpoint every millisecond), so what is bounded is
 * not the whole: in every attempt records go on being taken, and attempts come to an end.
 */
export class LivenessChecker implements WorldListener {
  readonly #verdict: WorldVerdict;
  readonly #describe: () => string;
  #calm = false;
  #calmAttempts = 0;
  #steps = 0;
  #lastProgress = 0;

  /** `describe`: how the job stands, for people. */
  constructor(verdict: WorldVerdict, describe: () => string) {
    this.#verdict = verdict;
    this.#describe = describe;
  }

  onEvent({ name }: TraceEvent): void {
    if (name !== 'job.attempt-deployed' || !this.#calm) return;
    this.#calmAttempts++;
    if (this.#calmAttempts > CALM_ATTEMPTS_MAX) this.onStuck('The job fails again and again without faults');
  }

  onCalm(): void {
    this.#calm = true;
    this.#lastProgress = this.#steps;
  }

  onTaskStepped(_task: number, records: number): void {
    if (records > 0) this.#lastProgress = this.#steps;
  }

  onStepDone(): void {
    this.#steps++;
    if (this.#steps - this.#lastProgress > STEPS_WITHOUT_RECORD_MAX) this.onStuck('The job does not finish');
  }

  onStuck(what: string): void {
    this.#verdict.fail('stuck', `${what}: ${this.#describe()}`);
  }
}
