import { DataGeneratorSource, DiscardingSink, defineJob, types, WatermarkStrategy } from 'millrace';

/** Numbers as fast as they are taken, by an operator that takes one and is then in it for as long as `--ms` says. */
export default defineJob(import.meta.url, (env, params) => {
  const ms = params.getInt('ms');
  env
    .fromSource(
      new DataGeneratorSource((i) => i, 10_000_000, { type: types.float64 }),
      WatermarkStrategy.noWatermarks(),
      'numbers',
    )
    .rebalance()
    .map((value) => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
      return value;
    })
    .sinkTo(new DiscardingSink(), 'nowhere');
});
