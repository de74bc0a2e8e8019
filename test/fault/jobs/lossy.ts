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
    // One subtask: a second, which has nothing to read, would hold back the watermark of this one at first.
    .setParallelism(1)
    .process<Reading>({
      processElement(value, ctx, out) {
        ctx.counter('seen').add(1);
        out.collect(value);
      },
    })
    .uid('counter')
    .setParallelism(1)
    .keyBy((value) => value.sensor)
    .window(TumblingEventTimeWindows.of('1 min'))
    .reduce((a) => a)
    .uid('minutes')
    .sinkTo(new DiscardingSink(), 'nowhere');
});
