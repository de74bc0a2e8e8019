import {
  DiscardingSink,
  defineJob,
  FileSource,
  type Infer,
  TumblingEventTimeWindows,
  types,
  WatermarkStrategy,
} from 'millrace';

const reading = types.object({ sensor: types.string, time: types.timestamp });

type Reading = Infer<typeof reading>;

/** Skips malformed lines of `--input`, drops late records, and counts what it sees. */
export default defineJob(import.meta.url, (env, params) => {
  const strategy = WatermarkStrategy.forGenerator<Reading>(() => ({
    onEvent: (_reading, timestamp, output) => output.emitWatermark(timestamp),
    onPeriodicEmit() {},
  })).withTimestampAssigner((value) => value.time);
  env
    .fromSource(
      FileSource.jsonLines(params.require('input'), reading, { onError: 'skip' }),
      strategy,
      'readings',
    )
    .uid('readings')
    .process<Reading>({
      processElement(value, ctx, out) {
        ctx.counter('seen').add(1);
        out.collect(value);
      },
    })
    .uid('counter')
    .keyBy((value) => value.sensor)
    .window(TumblingEventTimeWindows.of('1 min'))
    .reduce((a) => a)
    .uid('minutes')
    .sinkTo(new DiscardingSink(), 'nowhere');
});
