import t from 'tap';
import {
  type ChannelPlan,
  channelsOf,
  type NetworkHomes,
  oneHome,
  planChannels,
  producerSegments,
  type TaskChannelPlan,
} from '../../../actors/cluster/channel-plan.js';
import type { JobGraph } from '../../../core/graph/job-graph.js';
import type { PartitionHandle } from '../../../memory/channel-handle.js';
import { createDoorbells } from '../../../memory/doorbell.js';
import { bufferDemand, DEFAULT_NETWORK_BUFFER_OPTIONS } from '../../../memory/network-buffers.js';
import { modelGraph } from '../../model-graph.js';

const SOURCE = 0;
const SINK = 1;

interface Asked {
  readonly segmentCount?: number;
  /** `vertex/subtask` of those that had finished. */
  readonly finished?: readonly string[];
  readonly network?: NetworkHomes;
}

function plan(
  graph: JobGraph,
  { segmentCount = 200, finished = [], network = oneHome(segmentCount) }: Asked = {},
): ChannelPlan {
  return planChannels({
    graph,
    running: graph.vertices.map(({ id, parallelism }) =>
      Array.from({ length: parallelism }, (_, subtask) => !finished.includes(`${id}/${subtask}`)),
    ),
    doorbells: graph.vertices.map(({ parallelism }) => createDoorbells(parallelism)),
    segmentBytes: 256,
    options: DEFAULT_NETWORK_BUFFER_OPTIONS,
    network,
  });
}

function taskOf(planned: ChannelPlan, vertex: number, subtask: number): TaskChannelPlan {
  const task = planned.tasks[vertex]?.[subtask];
  if (task === undefined) throw new Error(`no task ${vertex}/${subtask}`);
  return task;
}

function partitions(planned: ChannelPlan): PartitionHandle[] {
  return planned.tasks.flat().flatMap((task) => task?.outputs.map(({ partition }) => partition) ?? []);
}

function segmentIds(planned: ChannelPlan): number[] {
  return partitions(planned).flatMap(({ exclusive, floating }) => [...exclusive.flat(), ...floating]);
}

const shuffled = modelGraph({ name: 'a', parallelism: 2 }, { name: 'b', parallelism: 3, inputs: [SOURCE] });
const forwarded = modelGraph(
  { name: 'a', parallelism: 2 },
  { name: 'b', parallelism: 2, inputs: [SOURCE], partitioner: 'forward' },
);

t.test('every segment belongs to one partition, and none is made up', async (t) => {
  const planned = plan(shuffled);
  const ids = segmentIds(planned);
  t.equal(new Set(ids).size, ids.length, 'distinct');
  t.ok(ids.every((id) => id >= 0 && id < 200));
  t.equal(partitions(planned).length, 2);
  for (const { channels, exclusive } of partitions(planned)) {
    t.equal(channels.length, 3);
    t.same(
      exclusive.map((each) => each.length),
      [2, 2, 2],
    );
  }
});

t.test(
  'the least that a job requires is enough, and one less is refused before anything starts',
  async (t) => {
    const { required, max } = bufferDemand(channelsOf(shuffled).flat());
    const least = plan(shuffled, { segmentCount: required });
    t.ok(segmentIds(least).length <= required);
    for (const { exclusive, floating } of partitions(least)) {
      t.ok(exclusive.every((each) => each.length === 2));
      t.ok(floating.length >= 1, 'the producer can go on while its channels are full');
    }
    t.throws(() => plan(shuffled, { segmentCount: required - 1 }), {
      code: 'MR4004',
      what: `Insufficient number of network buffers: required ${required}, but only ${required - 1} available.`,
    });
    const ample = segmentIds(plan(shuffled, { segmentCount: max + 100 }));
    t.ok(ample.length > segmentIds(least).length, 'spare segments float');
    t.ok(ample.length <= max, 'as far as they are of use');
  },
);

t.test('both ends of a channel are the same channel', async (t) => {
  const planned = plan(shuffled);
  for (let producer = 0; producer < 2; producer++) {
    const output = taskOf(planned, SOURCE, producer).outputs[0];
    t.same(output?.consumers, [0, 1, 2]);
    for (let consumer = 0; consumer < 3; consumer++) {
      const input = taskOf(planned, SINK, consumer).inputs[0];
      t.equal(input?.channels[producer], output?.partition.channels[consumer]);
    }
  }
});

t.test('a forward edge joins equal subtasks only', async (t) => {
  const planned = plan(forwarded);
  for (let subtask = 0; subtask < 2; subtask++) {
    const output = taskOf(planned, SOURCE, subtask).outputs[0];
    const input = taskOf(planned, SINK, subtask).inputs[0];
    t.same(output?.consumers, [0]);
    t.equal(input?.channels.length, 1);
    t.equal(input?.channels[0], output?.partition.channels[0]);
  }
});

t.test('finished subtasks have no channels, and those that run know them by their numbers', async (t) => {
  const planned = plan(shuffled, { finished: ['0/1', '1/0'] });
  t.equal(planned.tasks[SOURCE]?.[1], undefined);
  t.equal(planned.tasks[SINK]?.[0], undefined);
  const output = taskOf(planned, SOURCE, 0).outputs[0];
  t.same(output?.consumers, [-1, 0, 1]);
  t.equal(output?.partition.channels.length, 2);
  const input = taskOf(planned, SINK, 2).inputs[0];
  t.equal(input?.channels.length, 2);
  t.equal(input?.channels[0], output?.partition.channels[1]);
  t.equal(input?.channels[1], undefined, 'its producer has finished');
});

t.test('a producer whose consumers have all finished sends to nobody', async (t) => {
  const planned = plan(shuffled, { finished: ['1/0', '1/1', '1/2'] });
  const output = taskOf(planned, SOURCE, 0).outputs[0];
  t.same(output?.consumers, [-1, -1, -1]);
  t.same(output?.partition, { channels: [], exclusive: [], floating: [] });
});

t.test('a channel has the network memory of its producer, and each home its own pool', async (t) => {
  const required = producerSegments(shuffled, DEFAULT_NETWORK_BUFFER_OPTIONS);
  t.equal(
    required.flat().reduce((sum, each) => sum + each, 0),
    bufferDemand(channelsOf(shuffled).flat()).required,
    'what all tasks need together is what the job requires',
  );
  const [first = 0, second = 0] = required[SOURCE] ?? [];
  const network = (counts: readonly (readonly [string, number])[]): NetworkHomes => ({
    segmentCounts: new Map(counts),
    homeOf: (_, subtask) => (subtask === 0 ? 'left' : 'right'),
  });
  const planned = plan(shuffled, {
    network: network([
      ['left', first],
      ['right', second],
    ]),
  });
  const [left, right] = planned.pools;
  t.not(left, right);
  for (const { channels } of taskOf(planned, SINK, 1).inputs)
    t.same(
      channels.map((channel) => channel?.pool === left),
      [true, false],
    );
  for (const [subtask, count] of [first, second].entries()) {
    const ids = taskOf(planned, SOURCE, subtask).outputs.flatMap(({ partition }) => [
      ...partition.exclusive.flat(),
      ...partition.floating,
    ]);
    t.equal(ids.length, count);
    t.ok(ids.every((id) => id < count));
  }
  const small = network([
    ['left', first - 1],
    ['right', second + 50],
  ]);
  t.throws(() => plan(shuffled, { network: small }), { code: 'MR4004' });
});
