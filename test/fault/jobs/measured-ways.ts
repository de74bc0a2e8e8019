import { DiscardingSink, defineJob, types } from 'millrace';

async function* silent(): AsyncIterable<number> {
  await new Promise(() => {});
}

/** A source from which nothing ever comes, and two chains behind it. */
export default defineJob(import.meta.url, (env) => {
  env
    .fromAsyncIterable<number>(silent, { type: types.float64 }, 'silence')
    .uid('silence')
    .map((value) => value + 1)
    .uid('next')
    .rebalance()
    .map((value) => value + 1)
    .uid('after-next')
    .sinkTo(new DiscardingSink(), 'nowhere')
    .uid('nowhere');
});
