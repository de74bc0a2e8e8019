import { defineJob, FileSink } from 'millrace';

/**
 * Two batches in one job. The small one has ended long before the large one does, which fails in its first
 * attempt at its very end.
 */
export default defineJob(import.meta.url, (env, params) => {
  env.setRuntimeMode('BATCH');
  const small = env.fromSequence(1, 100).setParallelism(1);
  small
    .keyBy((n) => n % 10)
    .reduce((a, b) => a + b)
    .map(String)
    .sinkTo(FileSink.textLines(`${params.require('output')}/small`), 'small');
  let attempt = 0;
  env
    .fromSequence(1, 100_000)
    .setParallelism(1)
    .keyBy((n) => n % 7)
    .process<string>({
      open(ctx) {
        attempt = ctx.attempt;
      },
      processElement(n, ctx, out) {
        if (n === 100_000 && attempt === 1) throw new RangeError('the last one is too many');
        if (n > 99_993) out.collect(`${ctx.currentKey} ${n}`);
      },
    })
    .uid('large')
    .sinkTo(FileSink.textLines(`${params.require('output')}/large`), 'large');
});
