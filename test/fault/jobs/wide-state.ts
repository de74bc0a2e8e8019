import {
  CollectSink,
  DataGeneratorSource,
  defineJob,
  types,
  ValueStateDescriptor,
  WatermarkStrategy,
} from 'millrace';
import { endsItsThread, threadEndPlan } from 'millrace/testing';

/** What each key keeps besides its count. */
const BALLAST = 'x'.repeat(1500);

/**
 * Counts each of some keys, with 1.5 kB of state for each; `--keys N --count N --rate N`, with ends of threads
 * of the source (`--crash PLAN`) or of those that count (`--lost PLAN`).
 */
export default defineJob(import.meta.url, (env, params) => {
  const keys = params.getInt('keys', 6000);
  const ratePerSecond = params.getInt('rate', 6000);
  const source = new DataGeneratorSource((index) => index, params.getInt('count', 18_000), { ratePerSecond });
  const numbers = env.fromSource(source, WatermarkStrategy.noWatermarks(), 'numbers');
  const kept = new ValueStateDescriptor('kept', types.string);
  const counts = endsItsThread(numbers, threadEndPlan(params.get('crash', '')))
    .keyBy((n) => n % keys)
    .process<number>({
      processElement(_n, ctx, out) {
        const state = ctx.getState(kept);
        const count = Number.parseInt(state.value() ?? '0', 10) + 1;
        state.update(`${count} ${BALLAST}`);
        out.collect(count);
      },
    })
    .uid('counted');
  endsItsThread(counts, threadEndPlan(params.get('lost', ''))).sinkTo(new CollectSink(), 'counts');
});
