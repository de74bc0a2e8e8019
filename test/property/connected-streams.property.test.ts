import fc from 'fast-check';
import t from 'tap';
import { NumberSequenceSource } from '../../core/api/number-sequence-source.js';
import type { StreamExecutionEnvironment } from '../../core/api/stream-execution-environment.js';
import { types } from '../../core/serde/types.js';
import { MapStateDescriptor, ValueStateDescriptor } from '../../core/state/state-descriptor.js';
import { WatermarkStrategy } from '../../core/watermark/watermark-strategy.js';
import { build } from '../build.js';
import { check } from '../check.js';
import { moment, runThroughCrashes } from '../crashing-job.js';
import { RecordingSink } from '../inline-job.js';

/** Jobs of two streams, crashed at drawn moments: what was committed against a plain fold of both inputs. */

const KEYS = 5;
const END_OF_TIME = Number.MAX_SAFE_INTEGER - 1;
const rules = new MapStateDescriptor('rules', types.float64, types.string);

// The subtasks of an inline job share its function objects: state is asked for where it is used.
const sumsOfKey = new ValueStateDescriptor('sums', types.object({ a: types.int32, b: types.int32 }));
const countOfKey = new ValueStateDescriptor('count', types.int32);

class Sinks {
  readonly both = new RecordingSink<string>();
  readonly counted = new RecordingSink<string>();
  readonly passed = new RecordingSink<string>();
}

function describe(env: StreamExecutionEnvironment, counts: readonly [number, number], sinks: Sinks): void {
  const [left, right] = counts.map((count, index) =>
    env.fromSource(
      new NumberSequenceSource(0, count - 1),
      WatermarkStrategy.forMonotonousTimestamps<number>().withTimestampAssigner((n) => n),
      `input ${index}`,
    ),
  );
  if (left === undefined || right === undefined) throw new Error('there is no left');
  left
    .connect(right)
    .keyBy(
      (n) => n % KEYS,
      (n) => n % KEYS,
    )
    .process<string>({
      processElement1(_n, ctx) {
        const sums = ctx.getState(sumsOfKey);
        const { a, b } = sums.value() ?? { a: 0, b: 0 };
        sums.update({ a: a + 1, b });
        ctx.timerService.registerEventTimeTimer(END_OF_TIME);
      },
      processElement2(_n, ctx) {
        const sums = ctx.getState(sumsOfKey);
        const { a, b } = sums.value() ?? { a: 0, b: 0 };
        sums.update({ a, b: b + 1 });
        ctx.timerService.registerEventTimeTimer(END_OF_TIME);
      },
      onTimer(_timestamp, ctx, out) {
        const sums = ctx.getState(sumsOfKey).value();
        out.collect(`${ctx.currentKey}: ${sums?.a} ${sums?.b}`);
      },
    })
    .uid('both')
    .sinkTo(sinks.both, 'both');
  left
    .keyBy((n) => n % KEYS)
    .connect(right.broadcast(rules))
    .process<string>({
      processElement(_n, ctx) {
        const count = ctx.getState(countOfKey);
        count.update((count.value() ?? 0) + 1);
        ctx.timerService.registerEventTimeTimer(END_OF_TIME);
      },
      processBroadcastElement: (n, ctx) => ctx.getBroadcastState(rules).put(n, `rule ${n}`),
      onTimer(_timestamp, ctx, out) {
        const all = ctx
          .getBroadcastState(rules)
          .keys()
          .sort((a, b) => a - b);
        out.collect(`${ctx.currentKey}: ${ctx.getState(countOfKey).value()} with ${all.join()}`);
      },
    })
    .uid('counted')
    .sinkTo(sinks.counted, 'counted');
  left
    .connect(right.broadcast())
    .map({ map1: (n) => `left ${n}`, map2: (n) => `right ${n}` })
    .sinkTo(sinks.passed, 'passed');
}

function reference([left, right]: readonly [number, number], parallelism: number) {
  const ids = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
  const ofKey = (count: number, key: number): number => ids(count).filter((n) => n % KEYS === key).length;
  const keys = ids(KEYS);
  return {
    both: keys
      .filter((key) => key < Math.max(left, right))
      .map((key) => `${key}: ${ofKey(left, key)} ${ofKey(right, key)}`),
    counted: keys
      .filter((key) => key < left)
      .map((key) => `${key}: ${ofKey(left, key)} with ${ids(right).join()}`),
    passed: [
      ...ids(left).map((n) => `left ${n}`),
      ...ids(right).flatMap((n) => Array.from({ length: parallelism }, () => `right ${n}`)),
    ].sort(),
  };
}

t.test('connected and broadcast streams lose and repeat nothing, whatever crashes', async () => {
  await check(
    'connected streams = fold of both inputs',
    fc.asyncProperty(
      fc.tuple(fc.integer({ min: 1, max: 80 }), fc.integer({ min: 1, max: 80 })),
      fc.integer({ min: 1, max: 3 }),
      fc.array(moment, { maxLength: 8 }),
      async (counts, parallelism, moments) => {
        const sinks = new Sinks();
        await runThroughCrashes(() => build((env) => describe(env, counts, sinks), { parallelism }), moments);
        const sorted = (sink: RecordingSink<string>): string[] => [...sink.durable()].sort();
        t.strictSame(
          { both: sorted(sinks.both), counted: sorted(sinks.counted), passed: sorted(sinks.passed) },
          reference(counts, parallelism),
        );
      },
    ),
    { runs: 60 },
  );
});
