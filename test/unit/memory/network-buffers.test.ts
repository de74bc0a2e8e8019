import t from 'tap';
import {
  bufferDemand,
  DEFAULT_NETWORK_BUFFER_OPTIONS,
  gateBuffers,
  networkBufferOptions,
  partitionBuffers,
  requireBuffers,
  segmentCount,
} from '../../../memory/network-buffers.js';
import { taskManagerMemory } from '../../../memory/task-manager-memory.js';
import { refused } from '../../refused.js';

const DEFAULTS = DEFAULT_NETWORK_BUFFER_OPTIONS;

t.test('a gate of n channels needs 2n + 1 and can use 2n + 8', async (t) => {
  for (const channels of [1, 2, 4, 100]) {
    t.same(gateBuffers(channels), {
      required: 2 * channels + 1,
      max: 2 * channels + 8,
      exclusivePerChannel: 2,
      floatingRequired: 1,
    });
  }
});

t.test('a gate that may not insist on so many makes the rest optional', async (t) => {
  const cases: [number, number, object][] = [
    // limit, channels, buffers
    [1000, 600, { required: 1000, exclusivePerChannel: 1, floatingRequired: 400, max: 1208 }],
    [1, 4, { required: 1, exclusivePerChannel: 0, floatingRequired: 1, max: 16 }],
    [9, 4, { required: 9, exclusivePerChannel: 2, floatingRequired: 1, max: 16 }],
    [8, 4, { required: 8, exclusivePerChannel: 1, floatingRequired: 4, max: 16 }],
  ];
  for (const [requiredPerGateMax, channels, buffers] of cases) {
    t.same(gateBuffers(channels, { ...DEFAULTS, requiredPerGateMax }), buffers);
  }
});

t.test('a partition of s subpartitions needs s + 1 and can use 2s + 8', async (t) => {
  t.same(partitionBuffers(4), { required: 5, max: 16, overdraft: 5, maxPerSubpartition: 10 });
  t.same(partitionBuffers(1), { required: 2, max: 10, overdraft: 5, maxPerSubpartition: 10 });
});

t.test('without exclusive or floating buffers what is required is still there', async (t) => {
  const bare = { ...DEFAULTS, buffersPerChannel: 0, floatingBuffersPerGate: 0 };
  t.same(gateBuffers(5, bare), { required: 1, max: 1, exclusivePerChannel: 0, floatingRequired: 1 });
  t.match(partitionBuffers(5, bare), { required: 6, max: 6 });
});

t.test(
  'one exchange of all with all at parallelism 100 needs 201 and 101 for each pair of subtasks',
  async (t) => {
    const writer = { gates: [], partitions: [100] };
    const reader = { gates: [100], partitions: [] };
    t.equal(bufferDemand([reader]).required, 201);
    t.equal(bufferDemand([writer]).required, 101);
    const job = [...Array.from({ length: 100 }, () => writer), ...Array.from({ length: 100 }, () => reader)];
    t.same(bufferDemand(job), { required: 30_200, max: 41_600 });
    t.same(bufferDemand([{ gates: [], partitions: [] }]), { required: 0, max: 0 });
  },
);

t.test('the pool holds whole segments', async (t) => {
  const count = (config: Record<string, string>) =>
    segmentCount(taskManagerMemory({ 'taskmanager.memory.process.size': '4g', ...config }));
  t.equal(count({}), 10_977);
  t.equal(count({ 'taskmanager.memory.segment-size': '64kb' }), 5488);
});

t.test('too few segments are refused with the sentence of Flink', async (t) => {
  const spec = taskManagerMemory({ 'taskmanager.memory.process.size': '1728m' });
  requireBuffers(4096, 4096, spec);
  t.match(
    refused(() => requireBuffers(4097, 4096, spec)),
    {
      code: 'MR4004',
      what:
        'Insufficient number of network buffers: required 4097, but only 4096 available. The total number of ' +
        'network buffers is currently set to 4096 of 32768 bytes each. You can increase this number by setting ' +
        "the configuration keys 'taskmanager.memory.network.fraction', 'taskmanager.memory.network.min', and " +
        "'taskmanager.memory.network.max'.",
    },
  );
});

t.test('the options are read from the configuration', async (t) => {
  t.same(networkBufferOptions({}), DEFAULTS);
  const key = 'taskmanager.network.memory.';
  t.same(
    networkBufferOptions({
      [`${key}buffers-per-channel`]: '1',
      [`${key}floating-buffers-per-gate`]: 4,
      [`${key}read-buffer.required-per-gate.max`]: '12',
    }),
    { ...DEFAULTS, buffersPerChannel: 1, floatingBuffersPerGate: 4, requiredPerGateMax: 12 },
  );
  t.match(
    refused(() => networkBufferOptions({ [`${key}buffers-per-channel`]: 'two' })),
    { code: 'MR4002' },
  );
});
