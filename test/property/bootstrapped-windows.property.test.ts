import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { SavepointReader, SavepointWriter } from '../../actors/index.js';
import {
  type AggregateFunction,
  CountEvictor,
  CountTrigger,
  EventTimeSessionWindows,
  GlobalWindows,
  type KeyedStateTransformation,
  type KeyedStream,
  OperatorTransformation,
  type ProcessWindowFunction,
  PurgingTrigger,
  type SingleOutputStreamOperator,
  SlidingEventTimeWindows,
  type StateBootstrapTransformation,
  TumblingEventTimeWindows,
  types,
} from '../../core/index.js';
import { check } from '../check.js';
import { type HarnessBuild, PipelineHarness } from '../driver/index.js';
import { all, backend, checkpointAt, folder } from './savepoint-model.js';

/** Windows that are written without a job go on in one as if it had been given what they were made of. */

interface Reading {
  readonly sensor: string;
  readonly at: number;
  readonly value: number;
}

const TYPE = types.object({ sensor: types.string, at: types.float64, value: types.int32 });

const sums: AggregateFunction<Reading, number, number> = {
  accumulatorType: types.int32,
  createAccumulator: () => 0,
  add: ({ value }, sum) => sum + value,
  getResult: (sum) => sum,
  merge: (a, b) => a + b,
};
const greater = (a: Reading, b: Reading): Reading => (b.value > a.value ? b : a);
const listed: ProcessWindowFunction<string, Reading, string> = {
  process: (key, { window }, elements, out) =>
    out.collect(
      `${key} ${window.start} ${window.end} ${[...elements]
        .map(({ value }) => value)
        .sort()
        .join()}`,
    ),
};

type Consume = <T>(windows: SingleOutputStreamOperator<T>) => void;

/** The same windows in a job and in a savepoint. */
interface Shape {
  readonly job: (keyed: KeyedStream<Reading, string>, to: Consume) => void;
  readonly state: (keyed: KeyedStateTransformation<string, Reading>) => StateBootstrapTransformation;
}

const tumbling = TumblingEventTimeWindows.of(50);
const sliding = SlidingEventTimeWindows.of(60, 20);
const sessions = EventTimeSessionWindows.withGap(15);
const threes = PurgingTrigger.of(CountTrigger.of(3));

const SHAPES: Readonly<Record<string, Shape>> = {
  'tumbling, reduced': {
    job: (keyed, to) => to(keyed.window(tumbling).allowedLateness(20).reduce(greater)),
    state: (keyed) => keyed.window(tumbling).allowedLateness(20).reduce(greater),
  },
  'tumbling, all elements': {
    job: (keyed, to) => to(keyed.window(tumbling).process(listed)),
    state: (keyed) => keyed.window(tumbling).process(listed),
  },
  'sliding, folded in panes': {
    job: (keyed, to) => to(keyed.window(sliding).aggregate(sums)),
    state: (keyed) => keyed.window(sliding).aggregate(sums),
  },
  'sliding, each window': {
    job: (keyed, to) => to(keyed.window(sliding).process(listed)),
    state: (keyed) => keyed.window(sliding).process(listed),
  },
  'sessions, folded': {
    job: (keyed, to) => to(keyed.window(sessions).aggregate(sums)),
    state: (keyed) => keyed.window(sessions).aggregate(sums),
  },
  'sessions, all elements': {
    job: (keyed, to) => to(keyed.window(sessions).process(listed)),
    state: (keyed) => keyed.window(sessions).process(listed),
  },
  'three at a time, with what the trigger has counted': {
    job: (keyed, to) => to(keyed.window(GlobalWindows.create()).trigger(threes).aggregate(sums)),
    state: (keyed) => keyed.window(GlobalWindows.create()).trigger(threes).aggregate(sums),
  },
  'the last two, evicted': {
    job: (keyed, to) => to(keyed.window(tumbling).evictor(CountEvictor.of(2)).process(listed)),
    state: (keyed) => keyed.window(tumbling).evictor(CountEvictor.of(2)).process(listed),
  },
};

function jobOf({ job }: Shape): HarnessBuild {
  return (_env, io) => {
    const keyed = io.source('in', TYPE).keyBy(({ sensor }: Reading) => sensor);
    job(keyed, (windows) => void windows.uid('windows').sinkTo(io.sink('out'), 'out'));
  };
}

/** What comes of the rest, and of the end of time. */
async function resultsOf(h: PipelineHarness, rest: readonly Reading[]): Promise<string[]> {
  for (const reading of rest) await h.push('in', reading, reading.at);
  await h.watermark('in', 10_000);
  const results = h.take('out').map(({ value, timestamp }) => JSON.stringify([value, timestamp]));
  await h.close();
  return results.sort();
}

const readings = fc.array(
  fc.record({
    sensor: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    at: fc.integer({ min: 0, max: 200 }),
    value: fc.integer({ min: 0, max: 9 }),
  }),
  { maxLength: 30 },
);

for (const [name, shape] of Object.entries(SHAPES)) {
  t.test(`windows that are written go on in a job: ${name}`, async (t) => {
    const next = folder(t);
    const property = fc.asyncProperty(
      readings,
      readings,
      fc.integer({ min: 1, max: 3 }),
      backend,
      fc.boolean(),
      async (stored, rest, parallelism, stateBackend, typed) => {
        const whole = await PipelineHarness.create(jobOf(shape), { parallelism: 1, maxParallelism: 8 });
        for (const reading of stored) await whole.push('in', reading, reading.at);
        whole.take('out');
        const expected = await resultsOf(whole, rest);
        const path = next();
        const keyed = OperatorTransformation.bootstrapWith<Reading>(stored, typed ? TYPE : undefined)
          .assignTimestamps(({ at }) => at)
          .keyBy(({ sensor }) => sensor);
        await SavepointWriter.newSavepoint(8).withOperator('windows', shape.state(keyed)).write(path);
        const snapshot = { checkpoint: await checkpointAt(path), processingTime: 0, ended: [] };
        const options = { parallelism, stateBackend };
        const restored = await PipelineHarness.restore(snapshot, jobOf(shape), options);
        assert.deepEqual(await resultsOf(restored, rest), expected);
      },
    );
    await check(name, property, { runs: 8 });
  });
}

t.test('windows that are written are read', async (t) => {
  const path = folder(t)();
  const minutes = OperatorTransformation.bootstrapWith([
    { sensor: 'a', at: 10, value: 3 },
    { sensor: 'a', at: 20, value: 4 },
    { sensor: 'b', at: 120, value: 5 },
  ])
    .assignTimestamps(({ at }) => at)
    .keyBy('sensor')
    .window(tumbling)
    .aggregate(sums);
  await SavepointWriter.newSavepoint(8).withOperator('minutes', minutes).write(path);
  const reader = await SavepointReader.read(path);
  const read = await all(
    reader.readWindowState<string, number, string>('minutes', {
      readWindow: (key, { window }, [sum], out) => out.collect(`${key} ${window.start} ${sum}`),
    }),
  );
  t.same(read.sort(), ['a 0 7', 'b 100 5']);
});

t.test('what makes no windows is refused where it is said', async (t) => {
  const keyed = OperatorTransformation.bootstrapWith([{ sensor: 'a', at: 1, value: 1 }]).keyBy('sensor');
  t.throws(() => keyed.window(tumbling), { code: 'MR1001', message: /assignTimestamps/ });
  const timed = OperatorTransformation.bootstrapWith([{ sensor: 'a', at: 0.5, value: 1 }])
    .assignTimestamps(({ at }) => at)
    .keyBy('sensor');
  t.throws(() => timed.window(tumbling).allowedLateness(-1), { code: 'MR1001' });
  const writer = SavepointWriter.newSavepoint(8).withOperator(
    'w',
    timed.window(tumbling).reduce((a) => a),
  );
  await t.rejects(writer.write(folder(t)()), { code: 'MR1001', message: /timestamp 0\.5/ });
});
