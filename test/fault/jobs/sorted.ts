import { CollectSink, defineJob } from 'millrace';
import { endsItsThread, threadEndPlan } from 'millrace/testing';

/** A batch of 1 to N, sorted by key; `--lost PLAN` ends the thread that has sorted it. */
export default defineJob(import.meta.url, (env, params) => {
  env.setRuntimeMode('BATCH');
  const sums = env
    .fromSequence(1, params.getInt('count'))
    .setParallelism(1)
    .keyBy((n) => n % 7)
    .reduce((a, b) => a + b);
  endsItsThread(sums, threadEndPlan(params.get('lost', ''))).sinkTo(new CollectSink(), 'sums');
});
