import {
  AdaptiveScaling,
  isAdaptive,
  type OptionValues,
  scalingConfigFromOptions,
} from '../../core/internal.js';
import type { ClusterSlots } from '../cluster/cluster-slots.js';
import type { JobRescaler } from './job-rescaler.js';
import { SYSTEM_CLOCK } from './system-clock.js';

/** Until a rescale that came to nothing is tried once more. */
const RETRY_MS = 10_000;

/**
 * Rescales one job by itself when slots come or are missing. What it asks for goes through the job's rescaler, as what
 * a person asks for.
 *
 * Invariants: at most one rescale of its own is under way; after `close` it asks for none.
 */
export class AdaptiveScheduler {
  readonly #scaling: AdaptiveScaling;
  readonly #slots: ClusterSlots;
  #rescaler: JobRescaler | undefined;
  #unwatch: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isRescaling = false;

  private constructor(values: OptionValues, slots: ClusterSlots) {
    this.#scaling = new AdaptiveScaling(scalingConfigFromOptions(values));
    this.#slots = slots;
  }

  /** Undefined: the job has the parallelism that it is given. */
  static of(values: OptionValues, slots: ClusterSlots): AdaptiveScheduler | undefined {
    return isAdaptive(values) ? new AdaptiveScheduler(values, slots) : undefined;
  }

  begin(rescaler: JobRescaler): void {
    this.#rescaler = rescaler;
    this.#unwatch = this.#slots.watch(() => this.#look());
    this.#look();
  }

  onWaiting(): void {
    this.#scaling.onWaiting(SYSTEM_CLOCK.monotonicMs());
    this.#look();
  }

  onRunning(): void {
    this.#scaling.onRunning();
    this.#look();
  }

  /** Idempotent. */
  close(): void {
    this.#unwatch?.();
    this.#rescaler = undefined;
    clearTimeout(this.#timer);
  }

  #look(): void {
    clearTimeout(this.#timer);
    const rescaler = this.#rescaler;
    if (rescaler === undefined || this.#isRescaling) return;
    const decision = this.#scaling.decide(rescaler.scaling(), SYSTEM_CLOCK.monotonicMs());
    if (decision.type === 'look') this.#timer = setTimeout(() => this.#look(), decision.delayMs);
    else if (decision.type === 'rescale') void this.#rescale(rescaler);
  }

  /** What comes to nothing is tried again when something has changed, or after a while. */
  async #rescale(rescaler: JobRescaler): Promise<void> {
    this.#isRescaling = true;
    const error = await rescaler.adapt();
    this.#isRescaling = false;
    if (error === undefined) this.#look();
    else if (this.#rescaler !== undefined) {
      process.stderr.write(`warning: ${String(error)}\n`);
      this.#timer = setTimeout(() => this.#look(), RETRY_MS);
    }
  }
}
