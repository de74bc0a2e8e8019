import fc from 'fast-check';
import t from 'tap';
import { OutputTag } from '../../core/api/output-tag.js';
import type { StreamExecutionEnvironment } from '../../core/api/stream-execution-environment.js';
import { types } from '../../core/serde/types.js';
import { WatermarkStrategy } from '../../core/watermark/watermark-strategy.js';
import { TumblingEventTimeWindows } from '../../core/window/tumbling-event-time-windows.js';
import { build } from '../build.js';
import { check } from '../check.js';
import { type Moment, moment, runThroughCrashes } from '../crashing-job.js';
import { RecordingSink } from '../inline-job.js';

/** Whole jobs, crashed at drawn moments: what their sinks committed against a plain fold of the input. */

interface Ride {
  readonly id: number;
  readonly city: string;
  readonly at: number;
  readonly fare: number;
}

const CITIES = ['ahu', 'bel', 'cos', 'dur'];
const DISORDER = 40;

/** The ride of an index: disorder within the bound, the same on every call. */
function ride(id: number): Ride {
  const mixed = Math.imul(id + 1, 0x9e3779b1) >>> 0;
  return { id, city: CITIES[mixed % 4] ?? '', at: id * 3 - (mixed % DISORDER), fare: mixed % 100 };
}

const sumOfFares = {
  accumulatorType: types.object({ rides: types.int32, fares: types.float64 }),
  createAccumulator: () => ({ rides: 0, fares: 0 }),
  add: (value: Ride, acc: { rides: number; fares: number }) => ({
    rides: acc.rides + 1,
    fares: acc.fares + value.fare,
  }),
  getResult: (acc: { rides: number; fares: number }) => acc,
};

const cheap = new OutputTag<string>('cheap');

function describe(env: StreamExecutionEnvironment, count: number, sinks: Sinks): void {
  const rides = env
    .fromSequence(0, count - 1)
    .map(ride)
    .assignTimestampsAndWatermarks(
      WatermarkStrategy.forBoundedOutOfOrderness<Ride>(DISORDER + 3).withTimestampAssigner(({ at }) => at),
    )
    .process<Ride>({
      processElement(value, ctx, out) {
        if (value.fare < 10) ctx.output(cheap, `cheap ${value.id}`);
        else out.collect(value);
      },
    });
  rides.getSideOutput(cheap).sinkTo(sinks.cheap, 'cheap');
  rides
    .keyBy(({ city }) => city)
    .window(TumblingEventTimeWindows.of(50, 7))
    .aggregate(sumOfFares, {
      process(city, ctx, [sum], out) {
        out.collect(`${city} ${ctx.window.start} ${sum?.rides} ${sum?.fares}`);
      },
    })
    .uid('hours')
    .sinkTo(sinks.windows, 'windows');
  rides
    .keyBy(({ id }) => id % 5)
    .reduce((a, b) => (a.fare >= b.fare ? a : b))
    .uid('most')
    .keyBy(({ id }) => id % 5)
    .process<string>({
      processElement(value, ctx, out) {
        ctx.timerService.registerEventTimeTimer(Number.MAX_SAFE_INTEGER - 1);
        void value;
        void out;
      },
      onTimer(_timestamp, ctx, out) {
        out.collect(`seen ${ctx.currentKey}`);
      },
    })
    .uid('seen')
    .sinkTo(sinks.seen, 'seen');
}

interface Sinks {
  readonly windows: RecordingSink<string>;
  readonly cheap: RecordingSink<string>;
  readonly seen: RecordingSink<string>;
}

function reference(count: number): { windows: string[]; cheap: string[]; seen: string[] } {
  const sums = new Map<string, { rides: number; fares: number }>();
  const cheapOnes: string[] = [];
  const seen = new Set<number>();
  for (let id = 0; id < count; id++) {
    const { city, at, fare } = ride(id);
    if (fare < 10) {
      cheapOnes.push(`cheap ${id}`);
      continue;
    }
    const start = Math.floor((at - 7) / 50) * 50 + 7;
    const sum = sums.get(`${city} ${start}`) ?? { rides: 0, fares: 0 };
    sums.set(`${city} ${start}`, { rides: sum.rides + 1, fares: sum.fares + fare });
    seen.add(id % 5);
  }
  return {
    windows: [...sums].map(([window, { rides, fares }]) => `${window} ${rides} ${fares}`).sort(),
    cheap: cheapOnes.sort(),
    seen: [...seen].map((key) => `seen ${key}`).sort(),
  };
}

async function committed(count: number, parallelism: number, moments: readonly Moment[]) {
  const sinks = {
    windows: new RecordingSink<string>(),
    cheap: new RecordingSink<string>(),
    seen: new RecordingSink<string>(),
  };
  await runThroughCrashes(() => build((env) => describe(env, count, sinks), { parallelism }), moments);
  const sorted = (sink: RecordingSink<string>): string[] => [...sink.durable()].sort();
  return { windows: sorted(sinks.windows), cheap: sorted(sinks.cheap), seen: sorted(sinks.seen) };
}

t.test('every result is committed exactly once, at any parallelism, whatever crashes', async () => {
  await check(
    'committed = fold of the input',
    fc.asyncProperty(
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 4 }),
      fc.array(moment, { maxLength: 8 }),
      async (count, parallelism, moments) => {
        t.strictSame(await committed(count, parallelism, moments), reference(count));
      },
    ),
    { runs: 60 },
  );
});
