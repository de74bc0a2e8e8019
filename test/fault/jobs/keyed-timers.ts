import {
  DataGeneratorSource,
  defineJob,
  FileSink,
  ListStateDescriptor,
  MapStateDescriptor,
  OutputTag,
  types,
  ValueStateDescriptor,
  WatermarkStrategy,
} from 'millrace';

export interface Tick {
  readonly id: number;
  readonly time: number;
  readonly key: string;
}

export const BUCKET_MS = 1000;
export const END = 9e15;
export const odd = new OutputTag<number>('odd', types.float64);

/** The record of an index; ten a bucket for each of the keys. */
export function tick(index: number): Tick {
  return { id: index, time: 1_000_000 + index * 10, key: `k${(index * 7919) % 10}` };
}

/** Those of a second source, which ends early. */
export function earlyTick(index: number): Tick {
  return { id: -1 - index, time: 1_000_000 + index, key: 'early' };
}

/**
 * Two sources, one of which ends early, united; of each key what came in each bucket of time, and at the end
 * how much came in all; odd ids to a second sink. `--output DIR --count N --rate N`.
 */
export default defineJob(import.meta.url, (env, params) => {
  const output = params.require('output');
  const time = WatermarkStrategy.forMonotonousTimestamps<Tick>().withTimestampAssigner((r) => r.time);
  const ratePerSecond = params.getInt('rate', 3000);
  const long = new DataGeneratorSource(tick, params.getInt('count', 4000), { ratePerSecond });
  const early = new DataGeneratorSource(earlyTick, 50, { ratePerSecond });
  const count = new ValueStateDescriptor('count', types.int32);
  const ids = new ListStateDescriptor<Tick>('ids');
  const buckets = new MapStateDescriptor('buckets', types.float64, types.int32);
  const counted = env
    .fromSource(early, time, 'early')
    .union(env.fromSource(long, time, 'long'))
    .keyBy((r) => r.key)
    .process<unknown>({
      processElement(r, ctx) {
        const end = (Math.floor(r.time / BUCKET_MS) + 1) * BUCKET_MS;
        const state = ctx.getState(count);
        state.update((state.value() ?? 0) + 1);
        ctx.getListState(ids).add(r);
        const perBucket = ctx.getMapState(buckets);
        perBucket.put(end, (perBucket.get(end) ?? 0) + 1);
        ctx.timerService.registerEventTimeTimer(end);
        ctx.timerService.registerEventTimeTimer(END);
        if (r.id % 8 === 0)
          ctx.timerService.registerProcessingTimeTimer(ctx.timerService.currentProcessingTime() + 20);
        if (r.id % 2 !== 0) ctx.output(odd, r.id);
      },
      onTimer(at, ctx, out) {
        if (ctx.timeDomain === 'processing-time') return;
        if (at === END) {
          out.collect({ key: ctx.currentKey, total: ctx.getState(count).value() });
          return;
        }
        const list = ctx.getListState(ids);
        const all = [...list.get()];
        const due = all.filter((r) => r.time < at).map((r) => r.id);
        list.update(all.filter((r) => r.time >= at));
        const perBucket = ctx.getMapState(buckets);
        out.collect({ key: ctx.currentKey, at, count: perBucket.get(at), ids: due.sort((a, b) => a - b) });
        perBucket.delete(at);
      },
    })
    .uid('counted');
  counted.sinkTo(FileSink.jsonLines(`${output}/counts`), 'counts');
  counted.getSideOutput(odd).sinkTo(FileSink.jsonLines(`${output}/odd`), 'odd');
});
