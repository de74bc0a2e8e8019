import { DataGeneratorSource, defineJob, FileSink, types, WatermarkStrategy } from 'millrace';

/** Numbers each record of a key: `--output DIR [--count N] [--rate N]`; without `--count` it never ends. */
export default defineJob(import.meta.url, (env, params) => {
  const count = params.has('count') ? params.getInt('count') : 'unbounded';
  const source = new DataGeneratorSource((index) => index, count, {
    ratePerSecond: params.getInt('rate', 5000),
  });
  env
    .fromSource(source, WatermarkStrategy.noWatermarks(), 'numbers')
    .uid('numbers')
    .map((n) => ({ key: n % 7, n: 1 }))
    .returns(types.object({ key: types.int32, n: types.int32 }))
    .keyBy((each) => each.key)
    .reduce((a, b) => ({ key: a.key, n: a.n + b.n }))
    .uid('counts')
    .sinkTo(FileSink.jsonLines(params.require('output')), 'files')
    .uid('files');
});
