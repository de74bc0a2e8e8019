import { readdirSync } from 'node:fs';
import {
  CollectSink,
  DataGeneratorSource,
  defineJob,
  types,
  ValueStateDescriptor,
  WatermarkStrategy,
} from 'millrace';

/** The vertex of what keeps state, and its only subtask, in the first attempt. */
const OWN = /-a1-v1-s0\./;

/**
 * Keeps some state for each of N keys; in the first attempt its thread ends while a file of that is being written, as
 * is seen in the folder `--scratch`.
 */
export default defineJob(import.meta.url, (env, params) => {
  const scratch = params.require('scratch');
  const source = new DataGeneratorSource((index) => index, params.getInt('count'), { ratePerSecond: 5000 });
  const kept = new ValueStateDescriptor('kept', types.string);
  let attempt = 0;
  env
    .fromSource(source, WatermarkStrategy.noWatermarks(), 'numbers')
    .keyBy((n) => n)
    .process<number>({
      open(ctx) {
        attempt = ctx.attempt;
      },
      processElement(n, ctx, out) {
        ctx.getState(kept).update(`${n} `.padEnd(2000, 'x'));
        if (attempt === 1 && readdirSync(scratch).some((name) => OWN.test(name))) process.exit(1);
        out.collect(n);
      },
    })
    .uid('kept')
    .sinkTo(new CollectSink(), 'numbers');
});
