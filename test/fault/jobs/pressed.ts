import { defineJob, FileSink, NumberSequenceSource, types, WatermarkStrategy } from 'millrace';

/** Numbers the records of each key, and takes `--spin N` microseconds for each result: `--output DIR --count N`. */
export default defineJob(import.meta.url, (env, params) => {
  const spinMs = params.getInt('spin', 0) / 1000;
  env
    .fromSource(
      new NumberSequenceSource(1, params.getInt('count')),
      WatermarkStrategy.noWatermarks(),
      'numbers',
    )
    .uid('numbers')
    .map((n) => ({ key: n % 97, n: 1 }))
    .returns(types.object({ key: types.int32, n: types.int32 }))
    .keyBy((each) => each.key)
    .reduce((a, b) => ({ key: a.key, n: a.n + b.n }))
    .uid('counts')
    .rebalance()
    .map((each) => {
      for (const until = performance.now() + spinMs; performance.now() < until; );
      return each;
    })
    .uid('slow')
    .sinkTo(FileSink.jsonLines(params.require('output')), 'files')
    .uid('files');
});
