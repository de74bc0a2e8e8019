import {
  type AggregatingState,
  AggregatingStateDescriptor,
  type KeyedProcessFunction,
  type ListState,
  ListStateDescriptor,
  type MapState,
  MapStateDescriptor,
  type ReducingState,
  ReducingStateDescriptor,
  type StateOptions,
  type TypeDescriptor,
  types,
  type ValueState,
  ValueStateDescriptor,
} from '../../../core/index.js';
import type { Event } from './event.js';
import { type EvolvingStory, evolvingStory, STORY_VERSIONS, type Story } from './evolving-story.js';
import { byKey } from './keyed-topologies.js';
import type { Topology } from './topology.js';
import type { TopologyKit } from './topology-kit.js';

const LAST_MAX = 4;
const FOR_EVER = { ttl: { ttl: '30 d' } };
/** From which version on what is declared is wider, or ends. */
const [DECLARED, WIDER, UNDECLARED] = [1, 2, 4];

interface Mean {
  readonly sum: number;
  readonly count: number;
}

/** States of all kinds whose types are changed again and again, in all the ways that keep what is stored. */
export function evolvingStates(kit: TopologyKit): Topology {
  const source = kit.source({ keysBySplit: true });
  const sink = kit.sink('/out/stories');
  const parallelism = kit.parallelism();
  const version = Math.min(kit.prng.between(0, DECLARED) + kit.version, STORY_VERSIONS - 1);
  const lines = (): string[] =>
    [...byKey(source.events)].flatMap(([key, events]) => {
      let story: Story = { count: 0, sum: 0, kinds: new Map(), last: [] };
      return events.map((event) => {
        story = storyWith(story, event);
        return lineOf(key, story, story.sum, story.sum / story.count, story.last, story.kinds);
      });
    });
  return {
    name: 'evolving-states',
    evolves: true,
    files: source.files,
    outputs: () => [{ folder: '/out/stories', lines: lines() }],
    build: (env) => {
      const told = source
        .stream(env)
        .keyBy((event) => event.key)
        .process(tells(version))
        .uid('stories')
        .setParallelism(parallelism);
      sink(told, 'stories');
    },
  };
}

function storyWith({ count, sum, kinds, last }: Story, { id, amount }: Event): Story {
  const kind = `kind ${Math.abs(amount) % 4}`;
  return {
    count: count + 1,
    sum: sum + amount,
    kinds: new Map([...kinds, [kind, (kinds.get(kind) ?? 0) + amount]]),
    last: [...last, id].slice(-LAST_MAX),
  };
}

function lineOf(
  key: string,
  { count, sum, kinds, last }: Story,
  reduced: number,
  mean: number,
  listed: readonly number[],
  mapped: ReadonlyMap<string, number>,
): string {
  const kindsOf = (of: ReadonlyMap<string, number>): string =>
    [...of]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([kind, amount]) => `${kind}:${amount}`)
      .join(',');
  const told = `${count} ${sum} ${kindsOf(kinds)} ${last.join(',')}`;
  return `${key} ${told} ${reduced} ${mean} ${listed.join(',')} ${kindsOf(mapped)}`;
}

function tells(version: number): KeyedProcessFunction<string, Event, string> {
  const story = evolvingStory(version);
  let told: ValueState<unknown>;
  let sum: ReducingState<number>;
  let mean: AggregatingState<Event, number>;
  let last: ListState<string | number>;
  let kinds: MapState<number, number>;
  return {
    open(ctx) {
      told = ctx.getState(new ValueStateDescriptor('told', story.type, ending(version)));
      const add = (a: number, b: number): number => a + b;
      sum = ctx.getReducingState(
        new ReducingStateDescriptor('sum', add, numberType(version), ending(version)),
      );
      mean = ctx.getAggregatingState(new AggregatingStateDescriptor('mean', MEANS, meanType(version)));
      last = ctx.getListState(new ListStateDescriptor('last', elementType(version)));
      const key = version < DECLARED ? undefined : types.int32;
      kinds = ctx.getMapState(new MapStateDescriptor('kinds', key, numberType(version), ending(version)));
    },
    processElement(event, ctx, out) {
      const now = nextStory(story, told.value(), event);
      told.update(story.write(now));
      sum.add(event.amount);
      mean.add(event);
      last.update([...last.get(), version < WIDER ? event.id : String(event.id)].slice(-LAST_MAX));
      const kind = Math.abs(event.amount) % 4;
      kinds.put(kind, (kinds.get(kind) ?? 0) + event.amount);
      const mapped = new Map([...kinds.entries()].map(([number, of]) => [`kind ${number}`, of]));
      const listed = [...last.get()].map(Number);
      out.collect(lineOf(ctx.currentKey, now, sum.get() ?? 0, mean.get() ?? 0, listed, mapped));
    },
  };
}

function nextStory({ read }: EvolvingStory, before: unknown, event: Event): Story {
  const story = before === undefined ? { count: 0, sum: 0, kinds: new Map(), last: [] } : read(before);
  return storyWith(story, event);
}

/** A time to live begins, longer than any world lasts, and ends again. */
function ending(version: number): StateOptions {
  return version >= WIDER && version < UNDECLARED ? FOR_EVER : {};
}

function numberType(version: number): TypeDescriptor<number> {
  if (version < DECLARED || version >= UNDECLARED) return types.dynamic();
  return version < WIDER ? types.int32 : types.float64;
}

/** Of numbers, which become texts. */
function elementType(version: number): TypeDescriptor<string | number> {
  if (version < DECLARED) return types.dynamic();
  const type = version < WIDER ? types.int32 : types.withMigration(types.string, types.int32, String);
  return type as TypeDescriptor<string | number>;
}

/** Its fields come in another order, and one more that nobody asks for. */
function meanType(version: number): TypeDescriptor<Mean> {
  if (version < DECLARED) return types.dynamic();
  if (version < WIDER) return types.object({ sum: types.int32, count: types.int32 });
  return types.object({
    note: types.optional(types.string),
    count: types.float64,
    sum: types.float64,
  });
}

const MEANS = {
  createAccumulator: (): Mean => ({ sum: 0, count: 0 }),
  add: ({ amount }: Event, mean: Mean): Mean => ({ sum: mean.sum + amount, count: mean.count + 1 }),
  getResult: ({ sum, count }: Mean): number => sum / count,
  merge: (a: Mean, b: Mean): Mean => ({ sum: a.sum + b.sum, count: a.count + b.count }),
};
