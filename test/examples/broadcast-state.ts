import {
  defineJob,
  type Infer,
  type KeyedBroadcastProcessFunction,
  type ListState,
  ListStateDescriptor,
  MapStateDescriptor,
  types,
} from 'millrace';

const reading = types.object({ sensor: types.string, celsius: types.int32 });
type Reading = Infer<typeof reading>;

/** One limit for all sensors: a broadcast state whose only key is void. */
const limits = new MapStateDescriptor('limit', types.void, types.int32);
const early = new ListStateDescriptor('early', reading);

/** Passes on what is above the limit; what comes before the limit is known waits for it, in state of its sensor. */
function aboveLimit(): KeyedBroadcastProcessFunction<string, Reading, number, Reading> {
  let waiting: ListState<Reading>;
  return {
    open(ctx) {
      waiting = ctx.getListState(early);
    },
    processElement(value, ctx, out) {
      const limit = ctx.getBroadcastState(limits).get(undefined);
      if (limit === undefined) waiting.add(value);
      else if (value.celsius > limit) out.collect(value);
    },
    processBroadcastElement(limit, ctx, out) {
      ctx.getBroadcastState(limits).put(undefined, limit);
      ctx.applyToKeyedState(early, (_sensor, state) => {
        for (const value of state.get()) if (value.celsius > limit) out.collect(value);
        state.clear();
      });
    },
  };
}

/** The same readings come out, whichever of the two inputs is read first. */
export default defineJob(import.meta.url, (env) => {
  const readings = env
    .fromData<Reading>(
      [
        { sensor: 'cellar', celsius: 9 },
        { sensor: 'roof', celsius: 31 },
        { sensor: 'kitchen', celsius: 24 },
        { sensor: 'cellar', celsius: 21 },
        { sensor: 'roof', celsius: 17 },
      ],
      reading,
    )
    .uid('readings');
  readings
    .keyBy(({ sensor }) => sensor)
    .connect(env.fromData([20], types.int32).uid('limits').broadcast(limits))
    .process(aboveLimit())
    .uid('above-limit')
    .print('Too warm');
});
