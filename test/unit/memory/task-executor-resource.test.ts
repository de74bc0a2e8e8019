import t from 'tap';
import type { MemoryConfiguration } from '../../../memory/memory-configuration.js';
import type { MemoryRemark } from '../../../memory/memory-spec.js';
import {
  dynamicConfiguration,
  forLocalExecution,
  taskExecutorResource,
} from '../../../memory/task-executor-resource.js';
import { taskManagerMemory } from '../../../memory/task-manager-memory.js';
import { refused } from '../../refused.js';

const fixed: MemoryConfiguration = {
  'taskmanager.cpu.cores': '4.0',
  'taskmanager.memory.task.heap.size': '384m',
  'taskmanager.memory.managed.size': '512m',
  'taskmanager.memory.network.min': '64m',
  'taskmanager.memory.network.max': '64m',
};

t.test('a TaskManager starts with sizes that are fixed', async (t) => {
  const resource = taskExecutorResource(fixed);
  t.equal(resource.cpuCores, 4);
  t.equal(String(resource.network), '64 mb');
  t.equal(String(resource.taskOffHeap), '0 bytes');
});

t.test('a network that is still a range is refused', async (t) => {
  const what = 'has to be resolved and set to a fixed value before task executor starts';
  t.match(
    refused(() => taskExecutorResource({ ...fixed, 'taskmanager.memory.network.max': '1g' })),
    {
      code: 'MR4003',
      what: `The network memory min (64 mb) and max (1 gb) mismatch, the network memory ${what}`,
    },
  );
  t.match(
    refused(() => taskExecutorResource({ ...fixed, 'taskmanager.memory.network.max': undefined })),
    { what: `min (64 mb) and max (9223372036854775807 bytes) mismatch` },
  );
});

t.test('a size that is missing is named', async (t) => {
  t.match(
    refused(() => taskExecutorResource({ ...fixed, 'taskmanager.memory.task.heap.size': undefined })),
    {
      code: 'MR4003',
      what: 'Failed to create TaskExecutorResourceSpec',
      why: 'The required configuration option taskmanager.memory.task.heap.size is not set',
    },
  );
});

t.test('a derived plan is what a TaskManager can be started with', async (t) => {
  const spec = taskManagerMemory({
    'taskmanager.memory.process.size': '4g',
    'taskmanager.numberOfTaskSlots': '3',
  });
  const resource = taskExecutorResource(dynamicConfiguration(spec));
  t.equal(resource.cpuCores, 3);
  t.ok(resource.taskHeap.equals(spec.taskHeap));
  t.ok(resource.network.equals(spec.network));
  t.ok(resource.managed.equals(spec.managed));
});

t.test("inside somebody else's process the heap has no limit and the network is 64 MiB", async (t) => {
  const remarks: MemoryRemark[] = [];
  const resource = taskExecutorResource(forLocalExecution({}, remarks));
  t.equal(resource.cpuCores, 1_000_000);
  t.equal(resource.taskHeap.bytes, 2n ** 40n);
  t.equal(resource.taskOffHeap.bytes, 2n ** 40n);
  t.equal(String(resource.network), '64 mb');
  t.equal(String(resource.managed), '128 mb');
  t.same(remarks, []);
});

t.test('there one bound of the network sets both, and the process size has no effect', async (t) => {
  const remarks: MemoryRemark[] = [];
  for (const key of ['taskmanager.memory.network.min', 'taskmanager.memory.network.max']) {
    t.equal(String(taskExecutorResource(forLocalExecution({ [key]: '96m' }, remarks)).network), '96 mb', key);
  }
  t.same(remarks, []);
  forLocalExecution({ 'taskmanager.memory.process.size': '1g' }, remarks);
  t.match(remarks, [
    { level: 'warning', text: /taskmanager\.memory\.process\.size is set but it will have no/ },
  ]);
});
