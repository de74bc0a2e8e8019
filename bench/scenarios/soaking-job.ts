import {
  DataGeneratorSource,
  DiscardingSink,
  defineJob,
  type KeyedProcessFunction,
  TumblingEventTimeWindows,
  types,
  type ValueState,
  ValueStateDescriptor,
  WatermarkStrategy,
} from 'millrace';

const TEXT = 'x'.repeat(400);
const VISITS_OF_KEY = 8;

interface Tick {
  readonly key: number;
  readonly at: number;
}

/** Keeps a text for each key until the last visit of it, and throws after about so many milliseconds. */
function keeping(crashMs: number): KeyedProcessFunction<number, Tick, Tick> {
  let kept: ValueState<string>;
  let visits: ValueState<number>;
  let crashAt = Number.POSITIVE_INFINITY;
  return {
    open(ctx) {
      kept = ctx.getState(new ValueStateDescriptor('kept', types.string));
      visits = ctx.getState(new ValueStateDescriptor('visits', types.int32));
      crashAt = performance.now() + crashMs * (1 + ctx.subtaskIndex / 3);
    },
    processElement(tick, _ctx, out) {
      if (performance.now() > crashAt) throw new Error('it soaks, and fails now and then');
      const seen = (visits.value() ?? 0) + 1;
      if (seen < VISITS_OF_KEY) {
        visits.update(seen);
        kept.update(`${seen} ${TEXT}`);
      } else {
        visits.clear();
        kept.clear();
      }
      out.collect(tick);
    },
  };
}

/**
 * For ever: `--rate N` records a second, of which each key comes a few times within `--keys N` keys and never again, so
 * that as many keys have state at any time; `--crash MS`: each attempt fails after about so long.
 */
export default defineJob(import.meta.url, (env, params) => {
  const keys = params.getInt('keys');
  const tick = types.object({ key: types.int32, at: types.timestamp });
  env
    .fromSource(
      new DataGeneratorSource(
        (index): Tick => ({
          key: Math.floor(index / (keys * VISITS_OF_KEY)) * keys + (index % keys),
          at: index,
        }),
        'unbounded',
        { ratePerSecond: params.getInt('rate'), type: tick },
      ),
      WatermarkStrategy.forMonotonousTimestamps<Tick>().withTimestampAssigner((each) => each.at),
      'ticks',
    )
    .uid('ticks')
    .keyBy((each) => each.key)
    .process(keeping(params.getInt('crash')))
    .returns(tick)
    .uid('keeping')
    .keyBy((each) => each.key % 1000)
    .window(TumblingEventTimeWindows.of('10 s'))
    .reduce((_, later) => later)
    .uid('windows')
    .sinkTo(new DiscardingSink(), 'nowhere')
    .uid('nowhere');
});
