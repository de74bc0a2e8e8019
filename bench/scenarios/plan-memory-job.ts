import { appendFileSync } from 'node:fs';
import {
  DataGeneratorSource,
  DiscardingSink,
  defineJob,
  type KeyedProcessFunction,
  types,
  type ValueState,
  ValueStateDescriptor,
  WatermarkStrategy,
} from 'millrace';

/** Of a value's text. */
const TEXT = 'x'.repeat(980);

/** Keeps a text of a kilobyte for each key, and notes when it has seen so many records since its start. */
function keeping(noteAfter: number, log: string): KeyedProcessFunction<number, number, number> {
  let kept: ValueState<string>;
  let seen = 0;
  return {
    open(ctx) {
      kept = ctx.getState(new ValueStateDescriptor('kept', types.string));
    },
    processElement(index, _ctx, out) {
      const before = kept.value();
      kept.update(`${index} ${TEXT}`);
      out.collect(before === undefined ? 0 : 1);
      if (++seen === noteAfter) appendFileSync(log, 'seen\n');
    },
  };
}

/** `--keys N` distinct keys, again and again for ever; `--after N` records it writes a line to `--log FILE`. */
export default defineJob(import.meta.url, (env, params) => {
  const keys = params.getInt('keys');
  env
    .fromSource(
      new DataGeneratorSource((index) => index, 'unbounded', { type: types.int32 }),
      WatermarkStrategy.noWatermarks(),
      'numbers',
    )
    .keyBy((index) => index % keys)
    .process(keeping(params.getInt('after'), params.require('log')))
    .uid('keeping')
    .sinkTo(new DiscardingSink(), 'nowhere');
});
