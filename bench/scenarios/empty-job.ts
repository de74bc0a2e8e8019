import { DiscardingSink, defineJob } from 'millrace';

/** Nothing in, nothing out: what is left is starting and ending. */
export default defineJob(import.meta.url, (env) => {
  env.fromCollection<number>([]).sinkTo(new DiscardingSink(), 'nowhere');
});
