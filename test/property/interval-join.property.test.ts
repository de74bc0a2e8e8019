import fc from 'fast-check';
import t from 'tap';
import type { KeyedStream } from '../../core/api/keyed-stream.js';
import type { StreamExecutionEnvironment } from '../../core/api/stream-execution-environment.js';
import { types } from '../../core/serde/types.js';
import { WatermarkStrategy } from '../../core/watermark/watermark-strategy.js';
import { build } from '../build.js';
import { check } from '../check.js';
import { moment, runThroughCrashes } from '../crashing-job.js';
import { RecordingSink } from '../inline-job.js';

/** Interval joins, crashed at drawn moments, against a nested loop over both inputs. */

interface Part {
  readonly id: number;
  readonly key: number;
  readonly time: number;
}

const PART = types.object({ id: types.int32, key: types.int32, time: types.timestamp });
const DISORDER = 8;

const part: fc.Arbitrary<Omit<Part, 'id'>> = fc.record({
  key: fc.nat({ max: 2 }),
  time: fc.integer({ min: 0, max: 40 }),
});

/** In the order of their times, but for the disorder. */
const parts = fc
  .array(fc.tuple(part, fc.nat({ max: DISORDER })), { maxLength: 40 })
  .map((drawn) =>
    drawn
      .toSorted(([a, lateA], [b, lateB]) => a.time + lateA - (b.time + lateB))
      .map(([{ key, time }], id): Part => ({ id, key, time })),
  );

const settings = fc.record({
  left: parts,
  right: parts,
  lower: fc.integer({ min: -6, max: 6 }),
  width: fc.nat({ max: 6 }),
  outer: fc.constantFrom('inner', 'left', 'right', 'full'),
  parallelism: fc.integer({ min: 1, max: 3 }),
  declared: fc.boolean(),
});

type Settings = typeof settings extends fc.Arbitrary<infer T> ? T : never;

function describe(env: StreamExecutionEnvironment, drawn: Settings, sink: RecordingSink<string>): void {
  const streamOf = (values: readonly Part[], name: string): KeyedStream<Part, number> =>
    env
      .fromData<Part>(values, drawn.declared ? PART : undefined)
      .name(name)
      .assignTimestampsAndWatermarks(
        WatermarkStrategy.forBoundedOutOfOrderness<Part>(DISORDER).withTimestampAssigner(({ time }) => time),
      )
      .keyBy(({ key }) => key);
  const inner = streamOf(drawn.left, 'left')
    .intervalJoin(streamOf(drawn.right, 'right'))
    .between(drawn.lower, drawn.lower + drawn.width);
  const joined = {
    inner: () => inner,
    left: () => inner.leftOuter(),
    right: () => inner.rightOuter(),
    full: () => inner.fullOuter(),
  }[drawn.outer]() as ReturnType<typeof inner.fullOuter>;
  joined
    .process<string>({
      processElement: (left, right, ctx, out) => out.collect(`${left?.id} ${right?.id} @${ctx.timestamp}`),
    })
    .uid('join')
    .sinkTo(sink, 'out');
}

function nestedLoop({ left, right, lower, width, outer }: Settings): string[] {
  const joins = (a: Part, b: Part): boolean =>
    a.key === b.key && a.time + lower <= b.time && b.time <= a.time + lower + width;
  const results: string[] = [];
  for (const a of left) {
    const partners = right.filter((b) => joins(a, b));
    for (const b of partners) results.push(`${a.id} ${b.id} @${Math.max(a.time, b.time)}`);
    if (partners.length === 0 && (outer === 'left' || outer === 'full'))
      results.push(`${a.id} undefined @${a.time}`);
  }
  for (const b of right) {
    if (outer !== 'right' && outer !== 'full') continue;
    if (!left.some((a) => joins(a, b))) results.push(`undefined ${b.id} @${b.time}`);
  }
  return results.sort();
}

t.test('an interval join equals a nested loop, whatever crashes', async () => {
  await check(
    'interval join = nested loop',
    fc.asyncProperty(settings, fc.array(moment, { maxLength: 5 }), async (drawn, moments) => {
      const sink = new RecordingSink<string>();
      await runThroughCrashes(
        () => build((env) => describe(env, drawn, sink), { parallelism: drawn.parallelism }),
        moments,
      );
      t.strictSame([...sink.durable()].sort(), nestedLoop(drawn));
    }),
    { runs: 150 },
  );
});
