import { DiscardingSink, defineJob, IntCounter, NumberSequenceSource, WatermarkStrategy } from 'millrace';

/** Counts two sources in accumulators; the `short` one ends long before the other, which `--spin` slows down. */
export default defineJob(import.meta.url, (env, params) => {
  const spinMs = params.getInt('spin', 0) / 1000;
  for (const name of ['short', 'long']) {
    const counter = new IntCounter();
    env
      .fromSource(
        new NumberSequenceSource(1, params.getInt(name)),
        WatermarkStrategy.noWatermarks<number>(),
        name,
      )
      .map({
        open: (ctx) => ctx.addAccumulator(name, counter),
        map(n: number) {
          counter.add(1);
          if (name === 'long') for (const until = performance.now() + spinMs; performance.now() < until; );
          return n;
        },
      })
      .uid(`counted-${name}`)
      .sinkTo(new DiscardingSink(), `to-${name}`);
  }
});
