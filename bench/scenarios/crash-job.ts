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

/** Counts records by key. In the first attempt the thread of subtask 0 ends after so many records. */
function crashing(after: number, log: string): KeyedProcessFunction<number, number, number> {
  let count: ValueState<number>;
  let seen = 0;
  let crashes = false;
  let recovers = false;
  return {
    open(ctx) {
      count = ctx.getState(new ValueStateDescriptor('count', types.int32));
      crashes = ctx.subtaskIndex === 0 && ctx.attempt === 1;
      recovers = ctx.subtaskIndex === 0 && ctx.attempt === 2;
    },
    processElement(_index, _ctx, out) {
      const next = (count.value() ?? 0) + 1;
      count.update(next);
      out.collect(next);
      seen++;
      if (recovers && seen === 1) note(log);
      if (!crashes || seen < after) return;
      note(log);
      process.exit(1);
    },
  };
}

/** A line with the wall time, on the disk when this returns. */
function note(log: string): void {
  appendFileSync(log, `${performance.timeOrigin + performance.now()}\n`);
}

/**
 * `--log FILE` gets the time of the crash, and that of the first record that the crashed subtask processes
 * again. Other options: `--count` and `--rate` of the source, `--after` records of subtask 0.
 */
export default defineJob(import.meta.url, (env, params) => {
  const source = new DataGeneratorSource((index) => index, params.getInt('count'), {
    ratePerSecond: params.getInt('rate'),
    type: types.int32,
  });
  env
    .fromSource(source, WatermarkStrategy.noWatermarks(), 'numbers')
    .keyBy((index) => index % 1000)
    .process(crashing(params.getInt('after'), params.require('log')))
    .sinkTo(new DiscardingSink(), 'nowhere');
});
