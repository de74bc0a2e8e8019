import {
  CollectSink,
  DataGeneratorSource,
  defineJob,
  TumblingEventTimeWindows,
  WatermarkStrategy,
} from 'millrace';

/** Milliseconds that the slow operator spends on each record. */
const WORK_MS = 2;

const timed = WatermarkStrategy.forMonotonousTimestamps<number>().withTimestampAssigner((n) => n);
const silent = WatermarkStrategy.noWatermarks<number>().withTimestampAssigner((n) => n);

/**
 * A job with what the dashboard is to tell of: an operator that is much slower than its source, windows that a source
 * without watermarks holds back, and a failure at record `failAt` of the first attempt.
 */
export default defineJob(import.meta.url, (env, params) => {
  const failAt = Number(params.get('failAt', '-1'));
  const clicks = new DataGeneratorSource((index) => index, 'unbounded', { ratePerSecond: 20_000 });
  const rules = new DataGeneratorSource((index) => index, 'unbounded', { ratePerSecond: 1 });
  let attempt = 0;
  env
    .fromSource(clicks, timed, 'clicks')
    .setParallelism(1)
    .keyBy((n) => n % 64)
    .map({
      open: (context) => {
        attempt = context.attempt;
      },
      map: (n) => {
        if (n === failAt && attempt <= 1) throw new Error('The troubled job was told to fail.');
        const endMs = performance.now() + WORK_MS;
        while (performance.now() < endMs);
        return n;
      },
    })
    .name('slow')
    .uid('slow')
    .union(env.fromSource(rules, silent, 'rules').setParallelism(1))
    .keyBy((n) => n % 8)
    .window(TumblingEventTimeWindows.of('1 s'))
    .reduce((a, b) => a + b)
    .name('sums')
    .uid('sums')
    .sinkTo(new CollectSink(), 'sums');
});
