import { type Counter, DiscardingSink, defineJob, type MetricHistogram, types } from 'millrace';

async function* silent(): AsyncIterable<number> {
  await new Promise(() => {});
}

/** Counts the numbers below `--count` in metrics of its own, and then waits for more until it is cancelled. */
export default defineJob(import.meta.url, (env, params) => {
  const count = params.getInt('count');
  let even: Counter | undefined;
  let sizes: MetricHistogram | undefined;
  env
    .fromAsyncIterable<number>(
      async function* numbers() {
        for (let i = 0; i < count; i++) yield i;
        yield* silent();
      },
      { type: types.float64 },
      'numbers',
    )
    .rebalance()
    .process<number>({
      open(ctx) {
        const group = ctx.getMetricGroup();
        even = group.addGroup('even').counter('seen');
        sizes = group.histogram('sizes');
        group.gauge('wanted', () => count);
      },
      processElement(value, _ctx, out) {
        if (value % 2 === 0) even?.inc();
        sizes?.update(value);
        out.collect(value * 2);
      },
    })
    .name('doubled')
    .uid('doubled')
    .sinkTo(new DiscardingSink(), 'nowhere');
});
