import {
  defineJob,
  FileSink,
  FileSource,
  PacedSource,
  TumblingEventTimeWindows,
  types,
  WatermarkStrategy,
} from 'millrace';

const reading = types.object({ sensor: types.string, time: types.timestamp, value: types.int32 });

type Reading = { sensor: string; time: number; value: number };

/** Count and sum of each sensor's readings by the minute; `--input FILE --output DIR --rate N`. */
export default defineJob(import.meta.url, (env, params) => {
  const file = FileSource.jsonLines(params.require('input'), reading);
  env
    .fromSource(
      new PacedSource(file, { ratePerSecond: params.getInt('rate', 1_000_000) }),
      WatermarkStrategy.forBoundedOutOfOrderness<Reading>('5 s').withTimestampAssigner((r) => r.time),
      'readings',
    )
    .uid('readings')
    .filter((r) => r.value % 7 !== 0)
    .keyBy((r) => r.sensor)
    .window(TumblingEventTimeWindows.of('1 min'))
    .aggregate(
      {
        createAccumulator: () => ({ count: 0, sum: 0 }),
        add: (r, acc) => ({ count: acc.count + 1, sum: acc.sum + r.value }),
        getResult: (acc) => acc,
      },
      {
        process: (sensor, ctx, elements, out) => {
          for (const { count, sum } of elements)
            out.collect({ sensor, minute: ctx.window.start, count, sum });
        },
      },
    )
    .uid('minutes')
    .sinkTo(FileSink.jsonLines(params.require('output')), 'minutes')
    .uid('files');
});
