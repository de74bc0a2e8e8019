import { isMillraceError, type RestartStrategyConfig } from '../../../core/internal.js';
import type { WorldVerdict } from '../world-failure.js';
import type { TraceEvent, WorldListener } from '../world-listener.js';

type ExponentialDelayConfig = Extract<RestartStrategyConfig, { type: 'exponential-delay' }>;

/** What follows on a failure: the least and the greatest delay of a restart, or none. */
type Decision = readonly [least: number, most: number] | undefined;

/** What a job master has heard of failures. */
interface History {
  /** Monotonic times of those that a restart was asked for. */
  readonly failuresMs: number[];
  /** Exponential delay: restarts since the last reset, and when the last one was due. */
  restarts: number;
  restartMs: number;
  /** In this turn. */
  hasFailed: boolean;
  delayMs: number | undefined;
  /** There is no restart: what goes wrong from then on has no part in that. */
  isOver: boolean;
  /** The same, though the strategy would have one. */
  isGivenUp: boolean;
}

/** Says of an error that the strategy, and nothing else, is why a job has ended. */
const REFUSED = /The restart strategy is none|-(delay|rate) strategy allows/;

/** A job gives up at exactly the failure at which its restart strategy does, and begins anew when that says so. */
export class RestartChecker implements WorldListener {
  readonly #strategy: RestartStrategyConfig;
  readonly #verdict: WorldVerdict;
  readonly #histories = new Map<string, History>();

  constructor(strategy: RestartStrategyConfig, verdict: WorldVerdict) {
    this.#strategy = strategy;
    this.#verdict = verdict;
  }

  onEvent({ name, values }: TraceEvent): void {
    if (name === 'job.attempt-failed') this.#historyOf(`p${values.process}`).hasFailed = true;
    if (name === 'job.restarting') this.#historyOf(`p${values.process}`).delayMs = Number(values.delayMs);
  }

  onMasterTurned(process: string, _isIdle: boolean, nowMs: number): void {
    const history = this.#histories.get(process);
    if (history?.hasFailed !== true) return;
    const { delayMs } = history;
    history.hasFailed = false;
    history.delayMs = undefined;
    history.failuresMs.push(nowMs);
    const decision = decide(this.#strategy, history, nowMs);
    if (delayMs === undefined) {
      if (!history.isOver) history.isGivenUp = decision !== undefined;
      history.isOver = true;
      return;
    }
    const [least, most] = decision ?? [Number.NaN, Number.NaN];
    this.#verdict.check(
      delayMs >= least && delayMs <= most,
      () =>
        `The job begins anew in ${delayMs} ms, and its strategy says: ${decision?.join(' to ') ?? 'never'}.`,
    );
    history.restarts++;
    history.restartMs = nowMs + delayMs;
  }

  onProcessFailed(process: number, error: unknown): void {
    const isRefused = isMillraceError(error) && error.code === 'MR5006' && REFUSED.test(error.why ?? '');
    this.#verdict.check(
      !isRefused || this.#histories.get(`p${process}`)?.isGivenUp !== true,
      () => `The job is given up, and its strategy would have it begin anew: ${String(error)}`,
    );
  }

  #historyOf(process: string): History {
    const known = this.#histories.get(process);
    if (known !== undefined) return known;
    const turn = { hasFailed: false, delayMs: undefined, isOver: false, isGivenUp: false };
    const history = { failuresMs: [], restarts: 0, restartMs: Number.NEGATIVE_INFINITY, ...turn };
    this.#histories.set(process, history);
    return history;
  }
}

function decide(strategy: RestartStrategyConfig, history: History, nowMs: number): Decision {
  const { failuresMs } = history;
  switch (strategy.type) {
    case 'none':
      return undefined;
    case 'fixed-delay':
      return failuresMs.length > strategy.attempts ? undefined : [strategy.delayMs, strategy.delayMs];
    case 'failure-rate': {
      const recent = failuresMs.filter((atMs) => nowMs - atMs <= strategy.intervalMs).length;
      return recent > strategy.maxFailuresPerInterval ? undefined : [strategy.delayMs, strategy.delayMs];
    }
    default:
      return backoff(strategy, history, nowMs);
  }
}

function backoff(strategy: ExponentialDelayConfig, history: History, nowMs: number): Decision {
  if (nowMs - history.restartMs >= strategy.resetBackoffThresholdMs) history.restarts = 0;
  const { restarts } = history;
  if (restarts >= strategy.attemptsBeforeResetBackoff) return undefined;
  const { firstRestartImmediate, initialBackoffMs, maxBackoffMs, backoffMultiplier, jitterFactor } = strategy;
  if (firstRestartImmediate && restarts === 0) return [0, 0];
  const steps = restarts - (firstRestartImmediate ? 1 : 0);
  const middle = Math.min(maxBackoffMs, initialBackoffMs * backoffMultiplier ** steps);
  const least = Math.max(initialBackoffMs, middle * (1 - jitterFactor));
  return [Math.floor(least), Math.ceil(Math.min(maxBackoffMs, middle * (1 + jitterFactor)))];
}
