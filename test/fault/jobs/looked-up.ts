import { CollectSink, defineJob } from 'millrace';
import { endsItsThread, threadEndPlan } from 'millrace/testing';

/** Numbers by the words that a file has for their last digits, in the language that a global parameter names. */
export default defineJob(import.meta.url, (env, params) => {
  let words: readonly string[] = [];
  let language = '';
  env.registerCachedFile(params.require('words'), 'words', params.getBoolean('executable', false));
  env.setGlobalJobParameters(params.mergeWith({ language: 'en' }));
  const numbers = env.fromSequence(0, params.getInt('count', 10) - 1);
  endsItsThread(numbers, threadEndPlan(params.get('crash', '')))
    .rebalance()
    .map({
      open(ctx) {
        words = ctx.getDistributedCache().getFile('words').text().trim().split('\n');
        language = ctx.getGlobalJobParameters().require('language');
      },
      map: (n: number) => `${language} ${words[n % 10]}`,
    })
    .sinkTo(new CollectSink(), 'words');
});
