import t from 'tap';
import { STOCK_CONTROL_HEAP } from '../../../actors/boot/threads/spare-threads.js';
import { MemorySize } from '../../../memory/memory-size.js';
import { raiseProcessSizeUntilFits } from '../../../memory/process-size.js';
import { taskManagerMemory } from '../../../memory/task-manager-memory.js';
import {
  configuredControlHeap,
  controlHeapLimits,
  heapClassFor,
  type JobDemand,
  planRuntime,
  threadsThatFit,
  tooSmallToRun,
} from '../../../memory/v8-mapping.js';
import { refused } from '../../refused.js';

const stock = taskManagerMemory({ 'taskmanager.memory.process.size': '1728m' });

/** A source and a keyed vertex, exchanging all with all. */
function keyedJob(parallelism: number): JobDemand {
  const subtasks = (ends: { gates: number[]; partitions: number[] }) =>
    Array.from({ length: parallelism }, () => ends);
  return {
    vertices: [
      { name: 'source', keepsState: false, subtasks: subtasks({ gates: [], partitions: [parallelism] }) },
      { name: 'count', keepsState: true, subtasks: subtasks({ gates: [parallelism], partitions: [] }) },
    ],
  };
}

t.test('the task heap is divided over the threads, in heaps of few sizes', async (t) => {
  const cases: [number, number, number][] = [
    // threads, old and young generation of each, of 384 MiB
    [1, 320, 40],
    [2, 160, 24],
    [4, 80, 8],
    [8, 32, 8],
    [9, 32, 8],
  ];
  for (const [threads, old, young] of cases) {
    t.same(
      heapClassFor(stock.taskHeap, threads),
      { maxOldGenerationSizeMb: old, maxYoungGenerationSizeMb: young },
      `${threads} threads`,
    );
  }
  t.equal(heapClassFor(stock.taskHeap, 10), undefined);
  t.equal(threadsThatFit(stock.taskHeap), 9);
  t.match(heapClassFor(MemorySize.parse('1t'), 1), { maxOldGenerationSizeMb: 16_384 });
});

t.test('the framework heap is the heap of the control thread', async (t) => {
  t.same(controlHeapLimits(stock.frameworkHeap), {
    maxOldGenerationSizeMb: 112,
    maxYoungGenerationSizeMb: 16,
  });
  const tight = taskManagerMemory({
    'taskmanager.memory.process.size': '1728m',
    'taskmanager.memory.framework.heap.size': '0',
  });
  t.same(controlHeapLimits(tight.frameworkHeap), { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 8 });
  t.same(configuredControlHeap({ 'taskmanager.memory.framework.heap.size': '256m' }), {
    maxOldGenerationSizeMb: 240,
    maxYoungGenerationSizeMb: 16,
  });
  t.same(configuredControlHeap({}), STOCK_CONTROL_HEAP, 'what a thread is warmed with');
});

t.test('a job is mapped on threads, segments and shares of managed memory', async (t) => {
  t.same(planRuntime(stock, keyedJob(2)), {
    taskThreads: 4,
    taskHeap: { maxOldGenerationSizeMb: 80, maxYoungGenerationSizeMb: 8 },
    controlHeap: { maxOldGenerationSizeMb: 112, maxYoungGenerationSizeMb: 16 },
    segmentSize: 32_768,
    segmentCount: 4096,
    segmentsRequired: 2 * (5 + 3),
    segmentsMax: 2 * (12 + 12),
    managedPerTask: 268_435_460,
    groups: {},
  });
  t.same(structuredClone(planRuntime(stock, keyedJob(2))), planRuntime(stock, keyedJob(2)));
});

t.test('slots beyond what the job needs keep their share of managed memory', async (t) => {
  const slots = taskManagerMemory({
    'taskmanager.memory.process.size': '1728m',
    'taskmanager.numberOfTaskSlots': '4',
  });
  t.equal(planRuntime(slots, keyedJob(1)).managedPerTask, 134_217_730);
  const stateless = {
    vertices: [{ name: 'a', keepsState: false, subtasks: [{ gates: [], partitions: [] }] }],
  };
  t.equal(planRuntime(slots, stateless).managedPerTask, 0);
});

t.test('too little heap is refused with the parallelism that would fit', async (t) => {
  t.match(
    refused(() => planRuntime(stock, keyedJob(5))),
    {
      code: 'MR4005',
      what: /^The task heap \(384\.000mb \(402653174 bytes\)\) divided over 10 task threads is 38\.400mb each, and a thread needs 40 MiB \(32 old and 8 young generation\)\.$/,
      hint: 'Lower the parallelism to 4, or raise taskmanager.memory.process.size until the task heap is 400.000mb or more.',
    },
  );
  const tiny = taskManagerMemory({ 'taskmanager.memory.process.size': '1g' });
  t.match(
    refused(() => planRuntime(tiny, keyedJob(1))),
    { code: 'MR4005', hint: /^Raise taskmanager\.memory\.process\.size until the task heap is 80\.000mb/ },
  );
});

t.test('too few segments are refused before a thread starts', async (t) => {
  const spec = taskManagerMemory({
    'taskmanager.memory.process.size': '8g',
    'taskmanager.memory.network.min': '1m',
    'taskmanager.memory.network.max': '1m',
  });
  t.match(
    refused(() => planRuntime(spec, keyedJob(4))),
    { code: 'MR4004', what: /^Insufficient number of network buffers: required 56, but only 32 available\./ },
  );
});

t.test('a plan in which no task could run is warned of', async (t) => {
  t.same(tooSmallToRun(stock), []);
  t.match(tooSmallToRun(taskManagerMemory({ 'taskmanager.memory.process.size': '1g' })), [
    /^The task heap \(25\.600mb \(26843542 bytes\)\) is too small to run a task: a task thread needs 40 MiB\.$/,
  ]);
  const network = taskManagerMemory({
    'taskmanager.memory.process.size': '1728m',
    'taskmanager.memory.network.min': '0',
    'taskmanager.memory.network.max': '100k',
  });
  t.match(tooSmallToRun(network), [/holds 3 segments of 32768 bytes; two connected tasks need 5\.$/]);
});

t.test('without a configured size the process grows by as little as the job needs', async (t) => {
  const fits = raiseProcessSizeUntilFits({}, keyedJob(4));
  t.equal(fits.choice, undefined);
  t.equal(fits.config['taskmanager.memory.process.size'], '1728m');

  const raised = raiseProcessSizeUntilFits({ 'taskmanager.memory.managed.size': '256m' }, keyedJob(16));
  const chosen = Number.parseInt(String(raised.config['taskmanager.memory.process.size']), 10);
  t.equal(chosen % 64, 0);
  t.equal(raised.plan.taskThreads, 32);
  t.match(
    raised.choice,
    new RegExp(
      `^taskmanager\\.memory\\.process\\.size was raised from 1728m to ${chosen}m, so that the job's 32 task threads and 800 network segments fit\\.$`,
    ),
  );
  const less = {
    'taskmanager.memory.managed.size': '256m',
    'taskmanager.memory.process.size': `${chosen - 64}m`,
  };
  t.match(
    refused(() => raiseProcessSizeUntilFits(less, keyedJob(16))),
    { code: 'MR4005' },
  );
  t.same(
    raiseProcessSizeUntilFits({ 'taskmanager.memory.managed.size': '256m' }, keyedJob(16)).choice,
    raised.choice,
  );
});

t.test('the process also grows for segments and for parts that are configured', async (t) => {
  const segments = raiseProcessSizeUntilFits({ 'taskmanager.memory.segment-size': '1m' }, keyedJob(8));
  t.ok(segments.plan.segmentCount >= segments.plan.segmentsRequired);
  const managed = raiseProcessSizeUntilFits({ 'taskmanager.memory.managed.size': '4g' }, keyedJob(1));
  t.equal(managed.spec.managed.bytes, 2n ** 32n);
});

t.test('a configured size is kept, and what no size would mend is refused', async (t) => {
  t.match(
    refused(() => raiseProcessSizeUntilFits({ 'taskmanager.memory.flink.size': '1280m' }, keyedJob(5))),
    { code: 'MR4005' },
  );
  t.match(
    refused(() => raiseProcessSizeUntilFits({ 'taskmanager.memory.network.max': '64k' }, keyedJob(1))),
    { code: 'MR4003' },
  );
  t.match(
    refused(() =>
      raiseProcessSizeUntilFits(
        { 'taskmanager.memory.network.max': '64k', 'taskmanager.memory.network.min': '0' },
        keyedJob(1),
      ),
    ),
    { code: 'MR4004' },
  );
});

t.test(
  'where slots are cut, each task has its share of one slot, however many slots the job has',
  async (t) => {
    const cut = taskManagerMemory({
      'taskmanager.memory.process.size': '1728m',
      'taskmanager.numberOfTaskSlots': 4,
    });
    const slot = { tasks: 2, stateful: 1, segments: 5 };
    const plan = planRuntime(cut, { ...keyedJob(8), slots: Array.from({ length: 8 }, () => slot) });
    t.equal(plan.taskThreads, 16, 'more than the task heap of one TaskManager would hold');
    t.same(
      plan.taskHeap,
      { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 8 },
      '2 in a little less than 96 MiB',
    );
    t.equal(plan.managedPerTask, cut.managed.dividedBy(4).toNumber());
    t.equal(plan.segmentCount, 1024, 'a quarter of 4096');
    const crowded = { ...keyedJob(1), slots: [{ tasks: 3, stateful: 3, segments: 5 }] };
    const heap = refused(() => planRuntime(cut, crowded));
    t.equal(heap.code, 'MR4005');
    t.match(heap.what, /The task heap of a slot .* is shared by 3 task threads/);
    t.match(heap.hint, /Lower taskmanager\.numberOfTaskSlots/);
    const wide = { ...keyedJob(1), slots: [{ ...slot, segments: 1025 }] };
    t.equal(refused(() => planRuntime(cut, wide)).code, 'MR4004');
    const fitted = raiseProcessSizeUntilFits({ 'taskmanager.numberOfTaskSlots': 4 }, crowded);
    t.match(fitted.choice, /was raised from 1728m/, 'a size that nobody configured grows');
  },
);

const heavy = {
  name: 'heavy',
  slots: 2,
  tasks: 2,
  stateful: 1,
  resource: {
    cpuCores: 1,
    taskHeapBytes: 96 * 2 ** 20,
    taskOffHeapBytes: 0,
    managedBytes: 100 * 2 ** 20,
  },
};

t.test('a sharing group has what it asks for, and what is left is for the others', async (t) => {
  const alone = planRuntime(stock, keyedJob(1));
  const { vertices } = keyedJob(2);
  const sized = vertices.map((vertex) => ({ ...vertex, name: 'heavy', sized: true }));
  const plan = planRuntime(stock, { vertices: [...keyedJob(1).vertices, ...sized], groups: [heavy] });
  t.same(plan.groups.heavy?.taskHeap, heapClassFor(MemorySize.mebibytes(96), 2));
  t.equal(plan.groups.heavy?.managedPerTask, 100 * 2 ** 20);
  t.equal(plan.managedPerTask, alone.managedPerTask - 200 * 2 ** 20);
  t.ok(plan.taskHeap.maxOldGenerationSizeMb < alone.taskHeap.maxOldGenerationSizeMb);
  const only = planRuntime(stock, { vertices: sized, groups: [heavy] });
  t.same(only.groups, plan.groups);
});

t.test('a sharing group that asks for more than there is, or for too little, is refused', async (t) => {
  const { vertices } = keyedJob(2);
  const ask = (changed: Partial<typeof heavy>, slots?: JobDemand['slots']) => () =>
    planRuntime(stock, { vertices, slots, groups: [{ ...heavy, ...changed }] });
  t.match(refused(ask({ slots: 5 })), { code: 'MR4007', why: /asks for taskHeapBytes/ });
  const much = { ...heavy.resource, managedBytes: 2 ** 40 };
  t.match(refused(ask({ resource: much }, [])), { code: 'MR4007', why: /managedBytes/ });
  const cores = { ...heavy.resource, cpuCores: 99 };
  t.match(refused(ask({ resource: cores }, [])), { code: 'MR4007', why: /cpuCores 99/ });
  t.match(refused(ask({ tasks: 5 })), { code: 'MR4005', hint: /200 MB or more/ });
});
