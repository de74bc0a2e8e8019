/** When a job makes use of slots that have come, and does with those that are left. All in ms. */
export interface ScalingConfig {
  /** How long a job that waits is patient for more, once what there is would do. */
  readonly waitingStabilizationMs: number;
  /** From one rescale to the next. */
  readonly cooldownMs: number;
  /** How long a job that runs is patient for more. */
  readonly runningStabilizationMs: number;
}

/** Numbers of slots: of what runs or waits, of the best that could be had now, and of all that the job wishes for. */
export interface ScalingFacts {
  readonly present: number;
  /** Undefined: what there is does not do. */
  readonly attainable: number | undefined;
  readonly desired: number;
}

/** `look`: ask again in so long, or when something has changed. */
export type ScalingDecision =
  | { readonly type: 'rescale' | 'rest' }
  | { readonly type: 'look'; readonly delayMs: number };

const REST: ScalingDecision = { type: 'rest' };
const RESCALE: ScalingDecision = { type: 'rescale' };

/**
 * When an adaptive job is rescaled by itself. What it wishes for it is given at once, but for the pause after a
 * rescale; less than that only when nothing has changed for a while.
 *
 * Invariants: a job that runs is never made smaller, since slots that are lost take its tasks down anyway; two rescales
 * of a job that runs are further apart than the cooldown.
 */
export class AdaptiveScaling {
  readonly #config: ScalingConfig;
  #waits = false;
  #attainable: number | undefined;
  #changedMs = Number.NEGATIVE_INFINITY;
  #rescaledMs = Number.NEGATIVE_INFINITY;

  constructor(config: ScalingConfig) {
    this.#config = config;
  }

  /** Its tasks have no slots. */
  onWaiting(nowMs: number): void {
    this.#waits = true;
    this.#changedMs = nowMs;
  }

  /** All its tasks run. */
  onRunning(): void {
    this.#waits = false;
  }

  decide({ present, attainable, desired }: ScalingFacts, nowMs: number): ScalingDecision {
    if (attainable !== this.#attainable) this.#changedMs = nowMs;
    this.#attainable = attainable;
    if (attainable === undefined || attainable === present) return REST;
    if (!this.#waits && attainable < present) return REST;
    const calmMs = this.#waits ? this.#changedMs : Math.max(this.#changedMs, this.#coolMs);
    const { waitingStabilizationMs, runningStabilizationMs } = this.#config;
    const patienceMs = this.#waits ? waitingStabilizationMs : runningStabilizationMs;
    const dueMs = attainable >= desired ? (this.#waits ? nowMs : this.#coolMs) : calmMs + patienceMs;
    if (dueMs > nowMs) return { type: 'look', delayMs: dueMs - nowMs };
    this.#rescaledMs = nowMs;
    return RESCALE;
  }

  get #coolMs(): number {
    return this.#rescaledMs + this.#config.cooldownMs;
  }
}
