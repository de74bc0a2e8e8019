import t from 'tap';
import { Prng } from '../../../core/base/prng.js';
import { resolveOptions } from '../../../core/job/resolve-options.js';
import { createRestartStrategy, type RestartDecision } from '../../../core/job/restart-strategy.js';
import {
  defaultRestartStrategy,
  type ExponentialDelayConfig,
  type RestartStrategyConfig,
  restartStrategyFromOptions,
} from '../../../core/job/restart-strategy-config.js';

const SEED = 7;

function decisions(config: RestartStrategyConfig, ...failuresMs: readonly number[]): RestartDecision[] {
  const strategy = createRestartStrategy(config, new Prng(SEED));
  return failuresMs.map((nowMs) => strategy.onFailure(nowMs));
}

function delays(config: RestartStrategyConfig, ...failuresMs: readonly number[]): (number | string)[] {
  return decisions(config, ...failuresMs).map((decision) => (decision.restart ? decision.delayMs : 'no'));
}

const EXPONENTIAL: ExponentialDelayConfig = {
  type: 'exponential-delay',
  initialBackoffMs: 1000,
  maxBackoffMs: 4000,
  backoffMultiplier: 2,
  resetBackoffThresholdMs: 60_000,
  jitterFactor: 0,
  attemptsBeforeResetBackoff: 2_147_483_647,
  firstRestartImmediate: false,
};

t.test('none never restarts, and says so', async (t) => {
  t.same(decisions({ type: 'none' }, 0), [{ restart: false, why: 'The restart strategy is none.' }]);
});

t.test('fixed-delay allows its number of restarts, all after the same delay', async (t) => {
  t.same(delays({ type: 'fixed-delay', attempts: 2, delayMs: 500 }, 0, 10_000, 99_999_999), [500, 500, 'no']);
  t.same(delays({ type: 'fixed-delay', attempts: 0, delayMs: 500 }, 0), ['no']);
});

t.test(
  'failure-rate bears its number of failures in an interval, and the next one ends the job',
  async (t) => {
    const config: RestartStrategyConfig = {
      type: 'failure-rate',
      maxFailuresPerInterval: 2,
      intervalMs: 1000,
      delayMs: 5,
    };
    t.same(delays(config, 0, 400, 1000), [5, 5, 'no'], 'the third within the interval');
    t.same(delays(config, 0, 400, 1001, 1401, 2003), [5, 5, 5, 5, 5], 'never three within the interval');
    t.same(delays({ ...config, maxFailuresPerInterval: 1 }, 0, 1000), [5, 'no'], "Flink's default bears one");
  },
);

t.test('exponential-delay backs off up to its maximum', async (t) => {
  t.same(delays(EXPONENTIAL, 0, 2000, 5000, 10_000, 15_000), [1000, 2000, 4000, 4000, 4000]);
});

t.test('exponential-delay begins anew when the last restart is a threshold ago', async (t) => {
  t.same(delays(EXPONENTIAL, 0, 2000, 4000 + 59_999, 67_999 + 60_000), [1000, 2000, 4000, 1000]);
});

t.test('exponential-delay gives up after its attempts, which a reset counts anew', async (t) => {
  const config = { ...EXPONENTIAL, attemptsBeforeResetBackoff: 2 };
  t.same(delays(config, 0, 2000, 5000), [1000, 2000, 'no']);
  t.same(delays(config, 0, 2000, 100_000, 102_000), [1000, 2000, 1000, 2000]);
});

t.test('the immediate first restart does not use up the first backoff', async (t) => {
  const config = { ...EXPONENTIAL, firstRestartImmediate: true };
  t.same(delays(config, 0, 10, 2000, 5000), [0, 1000, 2000, 4000]);
  t.same(delays(config, 0, 10, 1010 + 60_000), [0, 1000, 0], 'after a reset it is immediate again');
});

t.test(
  'jitter moves the backoff by its share, never under the initial one nor over the maximum',
  async (t) => {
    const strategy = createRestartStrategy({ ...EXPONENTIAL, jitterFactor: 0.5 }, new Prng(SEED));
    const drawn = Array.from({ length: 200 }, (_, i) => strategy.onFailure(i * 10_000));
    const drawnMs = drawn.map((decision) => (decision.restart ? decision.delayMs : -1));
    t.ok(drawnMs.every((ms) => ms >= 1000 && ms <= 4000));
    t.ok(new Set(drawnMs).size > 50, 'they differ');
  },
);

t.test('what is out of range is refused with its key', async (t) => {
  const wrong: RestartStrategyConfig[] = [
    { type: 'fixed-delay', attempts: -1, delayMs: 0 },
    { type: 'failure-rate', maxFailuresPerInterval: 0, intervalMs: 1, delayMs: 0 },
    { ...EXPONENTIAL, maxBackoffMs: 999 },
    { ...EXPONENTIAL, backoffMultiplier: 1 },
    { ...EXPONENTIAL, jitterFactor: 1.1 },
  ];
  for (const config of wrong) {
    t.throws(() => createRestartStrategy(config, new Prng(SEED)), { code: 'MR4002' }, JSON.stringify(config));
  }
});

t.test('the unset default restarts at once the first time, and only with checkpoints', async (t) => {
  const { values } = resolveOptions([]);
  t.same(restartStrategyFromOptions(values, false), { type: 'none' });
  t.same(restartStrategyFromOptions(values, true), defaultRestartStrategy(true));
  t.match(defaultRestartStrategy(true), { type: 'exponential-delay', firstRestartImmediate: true });
  t.same(defaultRestartStrategy(false), { type: 'none' });
});

t.test('a named strategy is exactly what the keys say', async (t) => {
  const named = (type: string) =>
    restartStrategyFromOptions(
      resolveOptions([{ origin: 'flag', values: { 'restart-strategy.type': type } }]).values,
      true,
    );
  t.same(named('none'), { type: 'none' });
  t.same(named('fixed-delay'), { type: 'fixed-delay', attempts: 1, delayMs: 1000 });
  t.same(named('failure-rate'), {
    type: 'failure-rate',
    maxFailuresPerInterval: 1,
    intervalMs: 60_000,
    delayMs: 1000,
  });
  t.match(named('exponential-delay'), {
    maxBackoffMs: 60_000,
    backoffMultiplier: 1.5,
    firstRestartImmediate: false,
  });
});

t.test('a strategy describes itself in a line', async (t) => {
  const texts = [
    { type: 'none' } as const,
    { type: 'fixed-delay', attempts: 3, delayMs: 500 } as const,
    { type: 'failure-rate', maxFailuresPerInterval: 2, intervalMs: 60_000, delayMs: 5 } as const,
    EXPONENTIAL,
  ].map((config) => createRestartStrategy(config, new Prng(SEED)).describe());
  t.same(texts, [
    'none',
    'fixed-delay, 3 restarts, 500 ms apart',
    'failure-rate, 2 in 1 min',
    'exponential-delay, 1 s to 4 s, factor 2',
  ]);
});
