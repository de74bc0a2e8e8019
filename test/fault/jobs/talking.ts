import { DiscardingSink, defineJob } from 'millrace';

/** Says things in its log and on standard output, one of them secret, and fails once if it is told to. */
export default defineJob(import.meta.url, (env, params) => {
  const secret = params.require('db-password');
  env
    .fromSequence(1, 10)
    .rebalance()
    .process<number>({
      open(ctx) {
        ctx.logger.info('opened', {
          password: secret,
          at: `jdbc://me:${secret}@host/`,
          said: `it is ${secret}`,
        });
        ctx.logger.debug('not to be seen');
      },
      processElement(value, ctx, out) {
        if (value === 3) console.log('three of them');
        if (value === 5 && ctx.attempt === 1) throw new Error(`no five, says ${secret}`);
        out.collect(value);
      },
    })
    .name('talking')
    .sinkTo(new DiscardingSink(), 'nowhere');
});
