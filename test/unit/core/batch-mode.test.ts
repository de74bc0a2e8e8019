import t from 'tap';
import { NumberSequenceSource } from '../../../core/api/number-sequence-source.js';
import type { Source } from '../../../core/api/source.js';
import type { StreamExecutionEnvironment } from '../../../core/api/stream-execution-environment.js';
import type { KeyedProcessFunction } from '../../../core/operator/keyed-process-function.js';
import { types } from '../../../core/serde/types.js';
import { MapStateDescriptor, ValueStateDescriptor } from '../../../core/state/state-descriptor.js';
import type { ValueState } from '../../../core/state/value-state.js';
import { WatermarkStrategy } from '../../../core/watermark/watermark-strategy.js';
import { SlidingEventTimeWindows } from '../../../core/window/sliding-event-time-windows.js';
import { TumblingEventTimeWindows } from '../../../core/window/tumbling-event-time-windows.js';
import { build } from '../../build.js';
import { InlineJob, RecordingSink } from '../../inline-job.js';
import { OperatorWorld } from '../../operator-world.js';
import { refused } from '../../refused.js';

interface Click {
  readonly user: string;
  readonly at: number;
  readonly n: number;
}

const click = types.object({ user: types.string, at: types.timestamp, n: types.int32 });

const byTime = WatermarkStrategy.forMonotonousTimestamps<Click>().withTimestampAssigner(({ at }) => at);

/** Of three users by turns, the time running backwards. */
const CLICKS: readonly Click[] = Array.from({ length: 30 }, (_, i) => ({
  user: 'bca'[i % 3] ?? '',
  at: 300 - 10 * i,
  n: i,
}));

const clicksOf = (env: StreamExecutionEnvironment) =>
  env.fromData(CLICKS, click).assignTimestampsAndWatermarks(byTime).returns(click);

/** What the job gives in BATCH, in order. */
async function batch<T>(
  describe: (env: StreamExecutionEnvironment, sink: RecordingSink<T>) => void,
  world = new OperatorWorld(),
): Promise<T[]> {
  const sink = new RecordingSink<T>();
  const job = build((env) => {
    env.setRuntimeMode('BATCH');
    describe(env, sink);
  });
  await (await InlineJob.start(job, { world })).run();
  t.strictSame(world.failures, []);
  return sink.values;
}

t.test('a rolling aggregation gives the final value of each key, once', async (t) => {
  const sums = await batch<Click>((env, sink) => clicksOf(env).keyBy('user').sum('n').sinkTo(sink, 'out'));
  const byUser = sums.map(({ user, n }) => [user, n]);
  t.strictSame(byUser, [
    ['a', 155],
    ['b', 135],
    ['c', 145],
  ]);
});

/** Notes in which order it is called. */
function noting(): KeyedProcessFunction<string, Click, string> {
  let seen: ValueState<number>;
  return {
    open(ctx) {
      seen = ctx.getState(new ValueStateDescriptor('seen', types.int32));
    },
    processElement({ user, at }, ctx, out) {
      const count = (seen.value() ?? 0) + 1;
      seen.update(count);
      if (count === 1) {
        ctx.timerService.registerEventTimeTimer(5000);
        ctx.timerService.registerEventTimeTimer(4000);
        ctx.timerService.registerProcessingTimeTimer(1);
      }
      const early = ctx.timerService.currentWatermark() === Number.MIN_SAFE_INTEGER;
      if (count <= 2) out.collect(`${user} ${count} at ${at}, ${early ? 'early' : 'late'}`);
    },
    onTimer(timestamp, ctx, out) {
      out.collect(`${ctx.currentKey} ${ctx.timeDomain} ${timestamp}, seen ${seen.value()}`);
      if (ctx.timeDomain === 'processing-time') ctx.timerService.registerProcessingTimeTimer(timestamp + 1);
      else if (timestamp === 5000) ctx.timerService.registerEventTimeTimer(6000);
    },
  };
}

t.test('keys come one after another, by time within, and timers fire as the key ends', async (t) => {
  const said = await batch<string>((env, sink) =>
    clicksOf(env).keyBy('user').process(noting()).sinkTo(sink, 'out'),
  );
  const of = (user: string, first: number): string[] => [
    `${user} 1 at ${first}, early`,
    `${user} 2 at ${first + 30}, early`,
    `${user} event-time 4000, seen 10`,
    `${user} event-time 5000, seen 10`,
    `${user} event-time 6000, seen 10`,
    `${user} processing-time 1, seen 10`,
  ];
  t.strictSame(said, [...of('a', 10), ...of('b', 30), ...of('c', 20)]);
});

t.test('what yields goes on where it was, and the disk may be part of it', async (t) => {
  const plain = await batch<string>((env, sink) =>
    clicksOf(env).keyBy('user').process(noting()).sinkTo(sink, 'out'),
  );
  const world = new OperatorWorld();
  let asked = 0;
  world.mustYield = () => asked++ % 2 === 0;
  const yielding = await batch<string>(
    (env, sink) => clicksOf(env).keyBy('user').process(noting()).sinkTo(sink, 'out'),
    world,
  );
  t.strictSame(yielding, plain);
});

t.test('input of ten times the managed memory is brought together by key', async (t) => {
  const world = new OperatorWorld();
  world.managedBytes = 64 * 1024;
  const count = 20_000;
  const counts = await batch<{ key: number; n: number }>((env, sink) => {
    env
      .fromSequence(0, count - 1)
      .map((i) => ({ key: (i * 7919) % 1000, n: 1, text: 'x'.repeat(i % 40) }))
      .keyBy(({ key }) => key)
      .process<{ key: number; n: number }>(counting())
      .sinkTo(sink, 'out');
  }, world);
  t.equal(counts.length, 1000);
  t.ok(counts.every(({ n }) => n === 20));
  const { files } = world.fileSystem;
  const onDisk = [...files.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  t.ok(onDisk > 10 * world.managedBytes, `${onDisk} bytes went through files`);
});

function counting(): KeyedProcessFunction<number, { key: number }, { key: number; n: number }> {
  let n: ValueState<number>;
  return {
    open(ctx) {
      n = ctx.getState(new ValueStateDescriptor('n', types.int32));
    },
    processElement({ key }, ctx, out) {
      const count = (n.value() ?? 0) + 1;
      n.update(count);
      ctx.timerService.registerEventTimeTimer(0);
      if (count === 20) out.collect({ key, n: count });
    },
  };
}

t.test('windows fire once, and no record is late', async (t) => {
  const results = await batch<string>((env, sink) =>
    clicksOf(env)
      .keyBy('user')
      .window(TumblingEventTimeWindows.of(100))
      .process<string>({
        process: (key, ctx, elements, out) =>
          out.collect(`${key} ${ctx.window.start} ${[...elements].length}`),
      })
      .sinkTo(sink, 'out'),
  );
  t.equal(results.length, 3 + 4 + 3);
  t.strictSame(results.slice(0, 3), ['a 0 3', 'a 100 4', 'a 200 3']);
});

t.test('two keyed inputs are merged by key and time', async (t) => {
  const said = await batch<string>((env, sink) => {
    const names = env
      .fromData(
        ['c', 'a', 'b', 'd'].map((user, n) => ({ user, at: 15 + n, n })),
        click,
      )
      .assignTimestampsAndWatermarks(byTime);
    clicksOf(env)
      .keyBy('user')
      .connect(names.keyBy('user'))
      .process<string>({
        processElement1({ user, at }, _ctx, out) {
          if (at <= 60) out.collect(`click ${user} ${at}`);
        },
        processElement2: ({ user, at }, _ctx, out) => out.collect(`name ${user} ${at}`),
      })
      .sinkTo(sink, 'out');
  });
  t.strictSame(said, [
    'click a 10',
    'name a 16',
    'click a 40',
    'name b 17',
    'click b 30',
    'click b 60',
    'name c 15',
    'click c 20',
    'click c 50',
    'name d 18',
  ]);
});

t.test('a broadcast comes before the keyed records', async (t) => {
  const names = new MapStateDescriptor('names', types.string, types.string);
  const said = await batch<string>((env, sink) => {
    const rules = env.fromData(['a', 'c'], types.string).broadcast(names);
    clicksOf(env)
      .keyBy('user')
      .connect(rules)
      .process<string>({
        processElement(value, ctx, out) {
          if (value.at < 40) out.collect(`${value.user} ${ctx.getBroadcastState(names).get(value.user)}`);
        },
        processBroadcastElement(rule, ctx) {
          ctx.getBroadcastState(names).put(rule, `rule ${rule}`);
        },
      })
      .sinkTo(sink, 'out');
  });
  t.strictSame(said, ['a rule a', 'b undefined', 'c rule c']);
});

t.test('interval joins and sliding windows find within a key what they find in a stream', async (t) => {
  const describe = (env: StreamExecutionEnvironment, sink: RecordingSink<string>): void => {
    const ordered = env.fromData(CLICKS.toReversed(), click).assignTimestampsAndWatermarks(byTime);
    const keyed = ordered.returns(click).keyBy('user');
    keyed
      .intervalJoin(keyed)
      .between(-30, 0)
      .process<string>({ processElement: (a, b, _ctx, out) => out.collect(`${a.n} with ${b.n}`) })
      .sinkTo(sink, 'joined');
    keyed
      .window(SlidingEventTimeWindows.of(90, 30))
      .reduce((a, b) => ({ user: a.user, at: a.at, n: a.n + b.n }))
      .map(({ user, n }) => `${user} ${n}`)
      .sinkTo(sink, 'summed');
  };
  const streaming = new RecordingSink<string>();
  await (await InlineJob.start(build((env) => describe(env, streaming)))).run();
  const batched = await batch<string>(describe);
  t.ok(batched.length > 50);
  t.strictSame(batched.toSorted(), streaming.values.toSorted());
});

const endless: Source<number> = Object.assign(Object.create(new NumberSequenceSource(0, 9)), {
  boundedness: 'continuous-unbounded',
});

t.test('a source that never ends is refused in a batch, and streams where the mode is found out', (t) => {
  const job = (mode: string) => (env: StreamExecutionEnvironment) => {
    env.configure({ 'execution.runtime-mode': mode });
    env.fromSource(endless, WatermarkStrategy.noWatermarks(), 'endless').print();
  };
  const error = refused(() => build(job('BATCH')));
  t.equal(error.code, 'MR1001');
  t.match(error.message, "'Source: endless' never ends");
  t.equal(build(job('AUTOMATIC')).graph.runtimeMode, 'STREAMING');
  t.match(refused(() => build(job('QUICKLY'))).message, 'QUICKLY');
  t.end();
});

t.test('the mode is what the job says, then what it is started with, and part of the fingerprint', (t) => {
  const job = (env: StreamExecutionEnvironment): void => void env.fromSequence(1, 3).print();
  const plain = build(job).graph;
  t.equal(plain.runtimeMode, 'STREAMING');
  const started = build(job, { configuration: { 'execution.runtime-mode': 'automatic' } }).graph;
  t.equal(started.runtimeMode, 'BATCH');
  t.not(started.fingerprint, plain.fingerprint);
  const said = build((env) => job(env.setRuntimeMode('STREAMING')), {
    configuration: { 'execution.runtime-mode': 'BATCH' },
  });
  t.equal(said.graph.runtimeMode, 'STREAMING');
  t.end();
});
