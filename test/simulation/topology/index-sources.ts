import {
  AsyncIterableSource,
  CollectionSource,
  DataGeneratorSource,
  type DataStream,
  NumberSequenceSource,
  type SingleOutputStreamOperator,
  type Source,
  type StreamExecutionEnvironment,
  types,
  WatermarkStrategy,
} from '../../../core/index.js';
import { Prng } from '../../../core/internal.js';
import { EVENT, type Event, type EventPlan, eventAt } from './event.js';
import type { SourcePace } from './event-source.js';

/** One of the engine's sources that gives the numbers of all events of a plan. */
export interface IndexSource {
  stream(env: StreamExecutionEnvironment, parallelism: number): DataStream<number>;
}

type Make = (count: number, ratePerSecond: number | undefined) => Source<number>;

const PARALLEL: readonly [Make, Make] = [
  (count, ratePerSecond) =>
    new DataGeneratorSource((index) => index, count, {
      type: types.float64,
      ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
    }) as Source<number>,
  (count) => new NumberSequenceSource(0, count - 1) as Source<number>,
];
/** Read by one reader. */
const SINGLE: readonly [Make, Make] = [
  (count) => new CollectionSource(numbersFrom(0, count), types.float64) as Source<number>,
  (count) =>
    // It goes on behind what a checkpoint holds, so nothing is lost.
    new AsyncIterableSource(({ read }) => numbersLater(read, count), {
      type: types.float64,
      bounded: true,
    }) as Source<number>,
];

/** Which of them it is says a chance of its own. */
export function indexSource(plan: EventPlan, ratePerSecond: number | undefined): IndexSource {
  const prng = new Prng(plan.salt);
  const isParallel = prng.chance(0.5);
  const make = prng.pick(isParallel ? PARALLEL : SINGLE);
  const count = plan.splits * plan.perSplit;
  return {
    stream: (env, parallelism) =>
      env
        .fromSource(make(count, ratePerSecond), WatermarkStrategy.noWatermarks<number>(), 'numbers')
        .setParallelism(isParallel ? parallelism : 1),
  };
}

export function numberedEvents(
  numbers: DataStream<number>,
  plan: EventPlan,
  { declared, beforeEvent }: SourcePace,
): SingleOutputStreamOperator<Event> {
  const events = numbers.map((number) => {
    const event = eventAt(plan, Math.floor(number / plan.perSplit), number % plan.perSplit);
    beforeEvent(event.id);
    return event;
  });
  return declared ? events.returns(EVENT) : events;
}

function* numbersFrom(first: number, end: number): Iterable<number> {
  for (let number = first; number < end; number++) yield number;
}

async function* numbersLater(first: number, end: number): AsyncIterable<number> {
  for (let number = first; number < end; number++) {
    if (number % 7 === 0) await null;
    yield number;
  }
}
