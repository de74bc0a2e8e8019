import {
  type AggregateFunction,
  defineJob,
  FileSink,
  FileSource,
  OutputTag,
  PacedSource,
  TumblingEventTimeWindows,
  types,
  WatermarkStrategy,
} from 'millrace';
import { endsItsThread, threadEndPlan } from 'millrace/testing';

/** A US flight of 2001, as it landed. `date` is its scheduled departure, `delay` is in minutes. */
const flight = types.object({
  date: types.timestamp,
  delay: types.int32,
  origin: types.string,
  destination: types.string,
});

const totals = types.object({ flights: types.int32, delay: types.float64, worst: types.int32 });

const hourOfAirport = types.object({
  origin: types.string,
  hour: types.timestamp,
  flights: types.int32,
  meanDelay: types.float64,
  worstDelay: types.int32,
});

type Flight = { date: number; delay: number; origin: string; destination: string };
type Totals = { flights: number; delay: number; worst: number };

const delays: AggregateFunction<Flight, Totals, Totals> = {
  accumulatorType: totals,
  createAccumulator: () => ({ flights: 0, delay: 0, worst: -(2 ** 31) }),
  add: (value, acc) => ({
    flights: acc.flights + 1,
    delay: acc.delay + value.delay,
    worst: Math.max(acc.worst, value.delay),
  }),
  getResult: (acc) => acc,
};

const late = new OutputTag('late', flight);

/**
 * Hourly flights, mean and worst delay of each airport, in event time, from flights in the order in which
 * they landed.
 *
 * `--input FILE` sorted flights, `--output DIR`, `--bound 29h` how far a flight may come late, `--rate N`
 * flights a second (absent: as fast as it goes), `--crash PLAN` when threads end (see the testing kit).
 */
export default defineJob(import.meta.url, (env, params) => {
  const bound = params.getDuration('bound', '29 h');
  const output = params.require('output');
  const rate = params.getInt('rate', 0);
  const file = FileSource.parquet(params.require('input'), flight);
  const source = rate > 0 ? new PacedSource(file, { ratePerSecond: rate }) : file;
  const flights = env
    .fromSource(
      source,
      WatermarkStrategy.forBoundedOutOfOrderness<Flight>(bound).withTimestampAssigner((f) => f.date),
      'flights',
    )
    .uid('flights')
    // One file is one split: more readers would stand idle, and the rate is shared by all of them.
    .setParallelism(1);
  const hours = endsItsThread(flights, threadEndPlan(params.get('crash', '')), flight)
    .keyBy((f) => f.origin)
    .window(TumblingEventTimeWindows.of('1 h'))
    .sideOutputLateData(late)
    .aggregate(delays, {
      process: (origin, ctx, elements, out) => {
        for (const { flights, delay, worst } of elements) {
          out.collect({
            origin,
            hour: ctx.window.start,
            flights,
            meanDelay: delay / flights,
            worstDelay: worst,
          });
        }
      },
    })
    .uid('hourly-delays')
    .returns(hourOfAirport);
  hours.sinkTo(FileSink.jsonLines(`${output}/hours`), 'hours').uid('hours');
  hours
    .getSideOutput(late)
    .sinkTo(FileSink.jsonLines(`${output}/late`), 'late')
    .uid('late');
});
