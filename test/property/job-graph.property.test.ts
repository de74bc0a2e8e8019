import fc from 'fast-check';
import t from 'tap';
import type { DataStream } from '../../core/api/data-stream.js';
import { DiscardingSink } from '../../core/api/discarding-sink.js';
import type { SingleOutputStreamOperator } from '../../core/api/single-output-stream-operator.js';
import type { StreamExecutionEnvironment } from '../../core/api/stream-execution-environment.js';
import type { PartitionerKind } from '../../core/graph/job-graph.js';
import { keyGroupOf, keyGroupRangeOf } from '../../core/graph/key-group.js';
import { hashPartitioning, PARTITIONINGS } from '../../core/graph/partitioning.js';
import { build } from '../build.js';
import { check } from '../check.js';

/** One more operator on a stream drawn from those that are there. */
interface Step {
  readonly on: number;
  readonly also: number;
  readonly what: 'map' | 'filter' | 'reduce' | 'union' | 'rebalance' | 'global' | 'source';
  readonly parallelism: number | undefined;
  readonly chaining: 'always' | 'head' | 'never';
}

const step: fc.Arbitrary<Step> = fc.record({
  on: fc.nat(),
  also: fc.nat(),
  what: fc.constantFrom('map', 'filter', 'reduce', 'union', 'rebalance', 'global', 'source'),
  parallelism: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  chaining: fc.constantFrom('always', 'head', 'never'),
});

function describe(env: StreamExecutionEnvironment, steps: readonly Step[]): void {
  const streams: DataStream<number>[] = [env.fromSequence(1, 9)];
  for (const step of steps) {
    const on = streams[step.on % streams.length];
    const also = streams[step.also % streams.length];
    if (on === undefined || also === undefined) continue;
    const made = add(env, step, on, also);
    if ('uid' in made) settle(made as SingleOutputStreamOperator<number>, step);
    streams.push(made);
  }
  for (const stream of streams.slice(-2)) stream.sinkTo(new DiscardingSink());
}

function add(
  env: StreamExecutionEnvironment,
  step: Step,
  on: DataStream<number>,
  also: DataStream<number>,
): DataStream<number> {
  switch (step.what) {
    case 'map':
      return on.map((n) => n);
    case 'filter':
      return on.filter(() => true);
    case 'reduce':
      return on.keyBy((n) => n).reduce((a) => a);
    case 'union':
      return on.union(also);
    case 'rebalance':
      return on.rebalance();
    case 'global':
      return on.global();
    case 'source':
      return env.fromSequence(1, 9);
  }
}

function settle(stream: SingleOutputStreamOperator<number>, step: Step): void {
  if (step.parallelism !== undefined) stream.setParallelism(step.parallelism);
  if (step.chaining === 'head') stream.startNewChain();
  if (step.chaining === 'never') stream.disableChaining();
}

t.test('every thread builds the same graph, and every operator is in it once', async () => {
  await check(
    'building is deterministic',
    fc.property(fc.array(step, { maxLength: 12 }), fc.integer({ min: 1, max: 4 }), (steps, parallelism) => {
      const once = build((env) => describe(env, steps), { parallelism });
      const again = build((env) => describe(env, steps), { parallelism });
      t.strictSame(again.graph, once.graph);
      const uids = once.graph.vertices.flatMap(({ operators }) => operators.map(({ uid }) => uid));
      t.equal(new Set(uids).size, uids.length, 'uids are unique');
      const other = build((env) => describe(env, steps), { parallelism: 5 - parallelism });
      const otherUids = other.graph.vertices.flatMap(({ operators }) => operators.map(({ uid }) => uid));
      t.strictSame(new Set(otherUids), new Set(uids), 'and do not depend on the parallelism');
      for (const { source, target, partitioner } of once.graph.edges) {
        t.ok(source < target, 'edges lead on');
        const [from, to] = [once.graph.vertices[source], once.graph.vertices[target]];
        if (partitioner === 'forward') t.equal(from?.parallelism, to?.parallelism);
      }
    }),
    { runs: 150 },
  );
});

t.test('partitioners choose channels that exist', async () => {
  const kinds: Exclude<PartitionerKind, 'hash' | 'custom' | 'broadcast'>[] = [
    'forward',
    'rebalance',
    'rescale',
    'shuffle',
    'global',
  ];
  await check(
    'partitioners in range',
    fc.property(
      fc.constantFrom(...kinds),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.nat(),
      (kind, producers, consumers, drawn) => {
        const channels = kind === 'forward' ? producers : consumers;
        const ends = { edge: 1, producers, consumers: channels, maxParallelism: 128 };
        const partitioner = PARTITIONINGS[kind].create(channels, drawn % producers, ends);
        for (let i = 0; i < 30; i++) {
          const channel = partitioner.selectChannel(i);
          if (!Number.isInteger(channel) || channel < 0 || channel >= channels) return false;
        }
        return true;
      },
    ),
  );
});

t.test('a keyed record goes to the subtask that owns its key group', async () => {
  const key = fc.oneof(
    fc.integer(),
    fc.string(),
    fc.double(),
    fc.boolean(),
    fc.bigInt(),
    fc.array(fc.integer()),
  );
  await check(
    'hash = owner of the key group',
    fc.property(key, fc.integer({ min: 1, max: 16 }), fc.integer({ min: 16, max: 256 }), (value, p, max) => {
      const ends = { edge: 1, producers: 1, consumers: p, maxParallelism: max };
      const channel = hashPartitioning((v: unknown) => v)
        .create(p, 0, ends)
        .selectChannel(value);
      const { start, end } = keyGroupRangeOf(channel, p, max);
      const keyGroup = keyGroupOf(value, max);
      return start <= keyGroup && keyGroup <= end;
    }),
    { runs: 500 },
  );
});
