import {
  type CoProcessFunction,
  type DataStream,
  type WatermarkGenerator,
  WatermarkStrategy,
} from '../../../core/index.js';
import type { Prng } from '../../../core/internal.js';
import type { Event, EventPlan } from './event.js';
import type { Topology } from './topology.js';
import type { DrawnSource, TopologyKit } from './topology-kit.js';

/**
 * Streams that fall idle again and again, and come back, before one input and before two. What comes out depends on no
 * time: it is for those who look at the watermarks between.
 */
export function idleInputs(kit: TopologyKit): Topology {
  const { prng } = kit;
  // Those that fall idle at their sources hold back nobody who goes along with them.
  const watermarks = prng.chance(0.5) ? (plan: EventPlan) => drawStrategy(prng, plan) : undefined;
  const [left, right] = [kit.source({ watermarks }), kit.source({ watermarks })];
  const sink = kit.sink('/out/idle');
  const parallelism = kit.parallelism();
  const [first, second] = [drawStrategy(prng, left.plan), drawStrategy(prng, right.plan)];
  const isKeyed = prng.chance(0.6);
  const isUnion = prng.chance(0.5);
  return {
    name: 'idle-inputs',
    files: new Map([...left.files, ...right.files]),
    outputs: () => [
      { folder: '/out/idle', lines: [...left.events, ...right.events].map(({ id }) => String(id)) },
    ],
    build: (env) => {
      const dozing = (source: DrawnSource, strategy: WatermarkStrategy<Event>, uid: string) =>
        source
          .stream(env)
          .assignTimestampsAndWatermarks(strategy)
          .uid(uid)
          .setParallelism(source.parallelism);
      const ours = dozing(left, first, 'ours');
      const theirs = dozing(right, second, 'theirs');
      const [one, other] = isUnion ? [ours.union(theirs), undefined] : [ours, theirs];
      const told = isKeyed ? besideByKey(one, other) : beside(one, other);
      sink(told.uid('beside').setParallelism(parallelism), 'idle');
    },
  };
}

const TELL: CoProcessFunction<Event, Event, string> = {
  processElement1: ({ id }, _ctx, out) => out.collect(String(id)),
  processElement2: ({ id }, _ctx, out) => out.collect(String(id)),
};

function beside(one: DataStream<Event>, other: DataStream<Event> | undefined) {
  if (other === undefined) return one.rebalance().map(({ id }) => String(id));
  return one.rebalance().connect(other.rebalance()).process(TELL);
}

function besideByKey(one: DataStream<Event>, other: DataStream<Event> | undefined) {
  const keyed = one.keyBy(({ key }) => key);
  const tell = {
    processElement: ({ id }: Event, _ctx: unknown, out: { collect(value: string): void }) =>
      out.collect(String(id)),
  };
  if (other === undefined) return keyed.process<string>(tell);
  return keyed.connect(other.keyBy(({ key }) => key)).process(TELL);
}

/** Watermarks some events apart, and some events after which nothing is promised to come. */
function drawStrategy(prng: Prng, plan: EventPlan): WatermarkStrategy<Event> {
  const tellEvery = prng.pick([1, 3, 20]);
  const dozeEvery = prng.pick([0, 2, 7, 50]);
  const lagMs = plan.strideMs * prng.pick([0, 10]);
  const strategy = WatermarkStrategy.forGenerator(() => dozing(tellEvery, dozeEvery, lagMs));
  const timed = strategy.withTimestampAssigner((event: Event) => event.time);
  const idlenessMs = prng.pick([0, 1, 3]);
  return idlenessMs === 0 ? timed : timed.withIdleness(idlenessMs);
}

function dozing(tellEvery: number, dozeEvery: number, lagMs: number): WatermarkGenerator<Event> {
  let events = 0;
  let greatest = 0;
  return {
    onEvent(_event, timestamp, output) {
      events++;
      greatest = Math.max(greatest, timestamp);
      if (events % tellEvery === 0) output.emitWatermark(greatest - lagMs);
      if (dozeEvery > 0 && events % dozeEvery === 0) output.markIdle();
    },
  };
}
