import { CollectSink, defineJob, IntCounter } from 'millrace';
import { endsItsThread, threadEndPlan } from 'millrace/testing';

const numbersSeen = new IntCounter();

/** Doubles 1 to N, at any parallelism, with threads that end as `--crash` says, and collects the results. */
export default defineJob(import.meta.url, (env, params) => {
  const numbers = env.fromSequence(1, params.getInt('count', 1000));
  endsItsThread(numbers, threadEndPlan(params.get('crash', '')))
    .rebalance()
    .map({
      open: (ctx) => ctx.addAccumulator('numbers', numbersSeen),
      map(n: number) {
        numbersSeen.add(1);
        return n * 2;
      },
    })
    .sinkTo(new CollectSink(), 'doubled');
});
