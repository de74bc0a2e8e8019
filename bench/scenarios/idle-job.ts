import { DataGeneratorSource, DiscardingSink, defineJob, WatermarkStrategy } from 'millrace';

/** Two tasks with next to nothing to do, for ever. */
export default defineJob(import.meta.url, (env) => {
  env
    .fromSource(
      new DataGeneratorSource((index) => index, 'unbounded', { ratePerSecond: 1 }),
      WatermarkStrategy.noWatermarks(),
      'ticks',
    )
    .rebalance()
    .sinkTo(new DiscardingSink(), 'nowhere');
});
