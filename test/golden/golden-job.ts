import {
  type AggregateFunction,
  AggregatingStateDescriptor,
  AsyncDataStream,
  CountEvictor,
  type DataStream,
  DeltaTrigger,
  EventTimeSessionWindows,
  GlobalWindows,
  type KeyedProcessFunction,
  type ListState,
  ListStateDescriptor,
  MapStateDescriptor,
  PurgingTrigger,
  ReducingStateDescriptor,
  SlidingEventTimeWindows,
  TumblingEventTimeWindows,
  types,
  ValueStateDescriptor,
} from '../../core/index.js';
import type { AccumulatorValues } from '../../core/internal.js';
import type { HarnessBuild } from '../driver/described-pipeline.js';
import type { HarnessIO } from '../driver/harness-ports.js';
import { declaredTypes, type GoldenTypes } from './golden-types.js';

/** What the job is given: below {@link PROBE} it is stored, from there on it asks what is stored of its keys. */
export interface GoldenRecord {
  readonly n: number;
}

export const PROBE = 1000;
export const RECORDS = 16;
/** Times of timers, ms, beyond all watermarks and all processing time of what is stored. */
export const EVENT_TIMER = 100_000;
export const PROCESSING_TIMER = 50_000;

/** A source whose subtasks have ended in what is stored, and what they had accumulated then: one of each kind. */
export const ENDED = 'short';
export const ACCUMULATED: AccumulatorValues = {
  sum: { kind: 'sum', value: 3 },
  least: { kind: 'least', value: -0.5 },
  greatest: { kind: 'greatest', value: 2 },
  mean: { kind: 'mean', sum: 3.5, count: 3 },
  list: { kind: 'list', values: [{ n: 0, at: new Date(5) }, 'é', 2n ** 70n] },
  histogram: {
    kind: 'histogram',
    counts: [
      [0.5, 1],
      [2, 7],
    ],
  },
};

/** What an operator says when it is asked, or when a timer or a window fires. */
export interface GoldenResult {
  readonly from: string;
  readonly what: string;
  readonly key?: unknown;
  readonly value: unknown;
}

/** One selector for each kind of key. Every fourth record has the same key, or every second. */
export const KEYS: Readonly<Record<string, (record: GoldenRecord) => unknown>> = {
  int32: ({ n }) => n % 4,
  float64: ({ n }) => (n % 4) + 0.5,
  string: ({ n }) => `key ${n % 4}`,
  boolean: ({ n }) => n % 2 === 0,
  bigint: ({ n }) => 2n ** 70n + BigInt(n % 4),
  bytes: ({ n }) => Uint8Array.of(7, n % 4),
  tuple: ({ n }) => [n % 4, 'a'],
  object: ({ n }) => ({ id: n % 4, name: `é ${n % 4}` }),
};

/** Which of the declarations the job has, and whether its asynchronous function answers. */
export interface GoldenVariant {
  readonly types: 'stored' | 'changed';
  readonly answers: boolean;
}

/** A job with state of all kinds, under keys of all kinds. */
export function goldenJob(variant: GoldenVariant): HarnessBuild {
  return (_env, io) => {
    const declared = declaredTypes(variant.types);
    const records = io.source<GoldenRecord>('in', declared.record);
    for (const [kind, selector] of Object.entries(KEYS)) {
      records
        .keyBy(selector, declared.keys[kind])
        .process<GoldenResult>(everyState(`keyed-${kind}`, declared))
        .uid(`keyed-${kind}`)
        .sinkTo(io.sink(`keyed-${kind}`), `sink-keyed-${kind}`);
    }
    windows(records, io, declared);
    const waiting = variant.answers
      ? async ({ n }: GoldenRecord): Promise<GoldenResult> => ({ from: 'async', what: 'answer', value: n })
      : () => new Promise<GoldenResult>(() => {});
    AsyncDataStream.orderedWait(
      records.filter(({ n }) => n < 4),
      waiting,
      '1 h',
    )
      .uid('async')
      .sinkTo(io.sink('async'), 'sink-async');
    records
      .rebalance()
      .process<GoldenResult>(operatorLists(declared))
      .uid('lists')
      .sinkTo(io.sink('lists'), 'sink-lists');
    broadcast(records, io, declared);
    io.source<GoldenRecord>(ENDED, declared.record).sinkTo(io.sink(ENDED), `sink-${ENDED}`);
  };
}

const meanOf: AggregateFunction<number, { sum: number; count: number }, number> = {
  createAccumulator: () => ({ sum: 0, count: 0 }),
  add: (value, { sum, count }) => ({ sum: sum + value, count: count + 1 }),
  getResult: ({ sum, count }) => sum / count,
};

function everyState(
  from: string,
  declared: GoldenTypes,
): KeyedProcessFunction<unknown, GoldenRecord, GoldenResult> {
  return {
    open(ctx) {
      const value = ctx.getState(new ValueStateDescriptor<unknown>('value', declared.row));
      const count = ctx.getState(new ValueStateDescriptor<number>('count', declared.count));
      const list = ctx.getListState(new ListStateDescriptor<unknown>('list', declared.element));
      const map = ctx.getMapState(new MapStateDescriptor('map', types.string, declared.entry));
      const largest = ctx.getReducingState(new ReducingStateDescriptor('largest', Math.max, declared.count));
      const mean = ctx.getAggregatingState(new AggregatingStateDescriptor('mean', meanOf, declared.mean));
      const loose = ctx.getState(new ValueStateDescriptor<unknown>('loose', declared.loose));
      const ending = ctx.getState(new ValueStateDescriptor('ending', types.string, declared.ending));
      const endless = ctx.getState(new ValueStateDescriptor('endless', types.string, declared.endless));
      this.store = (n) => {
        value.update(declared.rowOf(n));
        count.update((count.value() ?? 0) + 1);
        list.add(`element ${n}`);
        map.put(`entry ${n}`, { count: n, seen: false });
        largest.add(n);
        mean.add(n);
        loose.update({ n, at: [n] });
        ending.update(`ending ${n}`);
        endless.update(`endless ${n}`);
      };
      this.stored = () => ({
        value: value.value(),
        count: count.value(),
        list: list.get(),
        map: map.entries(),
        largest: largest.get(),
        mean: mean.get(),
        loose: loose.value(),
        ending: ending.value(),
        endless: endless.value(),
      });
    },
    processElement({ n }, ctx, out) {
      if (n >= PROBE) {
        out.collect({ from, what: 'state', key: ctx.currentKey, value: this.stored() });
        return;
      }
      this.store(n);
      ctx.timerService.registerEventTimeTimer(EVENT_TIMER + n);
      ctx.timerService.registerProcessingTimeTimer(PROCESSING_TIMER + (n % 4));
    },
    onTimer(timestamp, ctx, out) {
      out.collect({ from, what: 'timer', key: ctx.currentKey, value: timestamp });
    },
    store: () => {},
    stored: () => undefined,
  } as KeyedProcessFunction<unknown, GoldenRecord, GoldenResult> & StateOfKey;
}

/** What `open` makes of the descriptors. */
interface StateOfKey {
  store(n: number): void;
  stored(): unknown;
}

/** Windows that are open when the state is stored: in panes, one by one, merging, evicting, counting. */
function windows(records: DataStream<GoldenRecord>, io: HarnessIO, declared: GoldenTypes): void {
  const keyed = records.filter(({ n }) => n < PROBE).keyBy(({ n }) => `key ${n % 4}`);
  const last = (a: GoldenRecord, b: GoldenRecord) => (a.n > b.n ? a : b);
  const sum: AggregateFunction<GoldenRecord, number, number> = {
    createAccumulator: () => 0,
    add: ({ n }, acc) => acc + n,
    getResult: (acc) => acc,
    merge: (a, b) => a + b,
    accumulatorType: declared.count,
  };
  const all = {
    process: (
      key: string,
      _ctx: unknown,
      elements: Iterable<GoldenRecord>,
      out: { collect(value: GoldenResult): void },
    ) => out.collect({ from: 'listed', what: 'window', key, value: [...elements].map(({ n }) => n) }),
  };
  const minute = TumblingEventTimeWindows.of('1 min');
  const sinkOf = (uid: string) => [io.sink<unknown>(uid), `sink-${uid}`] as const;
  keyed
    .window(minute)
    .reduce(last)
    .uid('reduced')
    .sinkTo(...sinkOf('reduced'));
  keyed
    .window(minute)
    .process(all)
    .uid('listed')
    .sinkTo(...sinkOf('listed'));
  keyed
    .window(minute)
    .evictor(CountEvictor.of(3))
    .reduce((a, b) => ({ n: a.n + b.n }))
    .uid('evicted')
    .sinkTo(...sinkOf('evicted'));
  keyed
    .window(SlidingEventTimeWindows.of('1 min', '20 s'))
    .aggregate(sum)
    .uid('panes')
    .sinkTo(...sinkOf('panes'));
  keyed
    .window(EventTimeSessionWindows.withGap('30 s'))
    .aggregate(sum)
    .uid('session')
    .sinkTo(...sinkOf('session'));
  keyed
    .window(GlobalWindows.create())
    .trigger(PurgingTrigger.of(DeltaTrigger.of(5, (a, b) => b.n - a.n, declared.record)))
    .reduce((a, b) => ({ n: a.n + b.n }))
    .uid('delta')
    .sinkTo(...sinkOf('delta'));
  keyed
    .countWindow(5)
    .aggregate(sum)
    .uid('counted')
    .sinkTo(...sinkOf('counted'));
  keyed
    .reduce((a, b) => ({ n: a.n + b.n }))
    .uid('rolling')
    .sinkTo(...sinkOf('rolling'));
  keyed
    .intervalJoin(records.filter(({ n }) => n === PROBE + 1).keyBy(() => 'key 1'))
    .between(-60_000, 60_000)
    .process<GoldenResult>({
      processElement: ({ n }, _right, _ctx, out) => out.collect({ from: 'joined', what: 'pair', value: n }),
    })
    .uid('joined')
    .sinkTo(...sinkOf('joined'));
}

function operatorLists(declared: GoldenTypes) {
  let split: ListState<unknown>;
  let union: ListState<unknown>;
  return {
    initializeState(ctx: {
      getOperatorStateStore(): {
        getListState<T>(descriptor: ListStateDescriptor<T>): ListState<T>;
        getUnionListState<T>(descriptor: ListStateDescriptor<T>): ListState<T>;
      };
    }) {
      const store = ctx.getOperatorStateStore();
      split = store.getListState(new ListStateDescriptor<unknown>('split', declared.row));
      union = store.getUnionListState(new ListStateDescriptor<unknown>('union', declared.element));
    },
    processElement(
      { n }: GoldenRecord,
      ctx: { readonly subtaskIndex: number },
      out: { collect(value: GoldenResult): void },
    ) {
      if (n >= PROBE) {
        const value = { split: split.get(), union: union.get() };
        out.collect({ from: 'lists', what: 'state', key: ctx.subtaskIndex, value });
        return;
      }
      split.add(declared.rowOf(n));
      union.add(`element ${n}`);
    },
  };
}

function broadcast(records: DataStream<GoldenRecord>, io: HarnessIO, declared: GoldenTypes): void {
  const rules = new MapStateDescriptor('rules', types.int32, declared.entry);
  records
    .keyBy(({ n }) => n)
    .connect(io.source<GoldenRecord>('rules', types.object({ n: types.int32 })).broadcast(rules))
    .process<GoldenResult>({
      processElement({ n }, ctx, out) {
        if (n < PROBE) return;
        const value = ctx.getBroadcastState(rules).entries();
        out.collect({ from: 'broadcast', what: 'state', key: ctx.subtaskIndex, value });
      },
      processBroadcastElement: ({ n }, ctx) => ctx.getBroadcastState(rules).put(n, { count: n, seen: false }),
    })
    .uid('broadcast')
    .sinkTo(io.sink('broadcast'), 'sink-broadcast');
}
