import { CollectSink, DataGeneratorSource, defineJob, types, WatermarkStrategy } from 'millrace';

/** The ways in which a worker is lost. */
const WAYS: Readonly<Record<string, () => void>> = {
  memory: () => {
    const hoard: number[][] = [];
    for (;;) hoard.push(new Array<number>(100_000).fill(hoard.length));
  },
  'exit-zero': () => process.exit(0),
  loop: () => {
    for (;;);
  },
  reject: () => void Promise.reject(new RangeError('nobody waits')),
  throw: () => {
    throw new RangeError('no more');
  },
};

/** Doubles 1 to N; in the first attempt one of its workers is lost, as `--how` says, after some thousand records. */
export default defineJob(import.meta.url, (env, params) => {
  const perish = WAYS[params.require('how')];
  let left = Number.POSITIVE_INFINITY;
  const numbers = new DataGeneratorSource((index) => index + 1, params.getInt('count'), {
    type: types.float64,
    ratePerSecond: params.getInt('rate', 1_000_000),
  });
  env
    .fromSource(numbers, WatermarkStrategy.noWatermarks(), 'numbers')
    .rebalance()
    .map({
      open(ctx) {
        left = ctx.attempt === 1 && ctx.subtaskIndex === 0 ? 3000 : Number.POSITIVE_INFINITY;
      },
      map(n: number) {
        if (--left === 0) perish?.();
        return n * 2;
      },
    })
    .sinkTo(new CollectSink(), 'doubled');
});
