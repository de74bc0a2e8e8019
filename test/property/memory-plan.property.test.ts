import fc from 'fast-check';
import t from 'tap';
import { isMillraceError } from '../../core/internal.js';
import { jobManagerMemory } from '../../memory/job-manager-memory.js';
import type { MemoryConfiguration } from '../../memory/memory-configuration.js';
import { MemorySize } from '../../memory/memory-size.js';
import { memoryConfigurationOf } from '../../memory/memory-spec.js';
import { dynamicConfiguration, taskExecutorResource } from '../../memory/task-executor-resource.js';
import { taskManagerMemory, withTaskManagerDefaultSize } from '../../memory/task-manager-memory.js';
import { heapClassFor, threadsThatFit } from '../../memory/v8-mapping.js';
import { check } from '../check.js';

const bytes = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });

const size = (mebibytesMax: number) =>
  fc.oneof(
    fc.integer({ min: 0, max: mebibytesMax }).map((mebibytes) => `${mebibytes}m`),
    fc.integer({ min: 0, max: mebibytesMax * 1024 }).map((kibibytes) => `${kibibytes} kb`),
    fc.integer({ min: 0, max: mebibytesMax * 1_048_576 }).map(String),
  );

const fraction = fc.double({ min: 0, max: 0.95, noNaN: true }).map(String);

/** TaskManager configurations, of which about half are consistent. */
const configuration = fc
  .record(
    {
      'process.size': size(16_000),
      'flink.size': size(16_000),
      'task.heap.size': size(2000),
      'managed.size': size(2000),
      'framework.heap.size': size(300),
      'framework.off-heap.size': size(300),
      'task.off-heap.size': size(300),
      'managed.fraction': fraction,
      'network.fraction': fraction,
      'network.min': size(200),
      'network.max': size(4000),
      'jvm-metaspace.size': size(500),
      'jvm-overhead.fraction': fraction,
      'jvm-overhead.min': size(300),
      'jvm-overhead.max': size(3000),
    },
    { requiredKeys: [] },
  )
  .map((short) => prefixed('taskmanager.memory.', short));

function prefixed(prefix: string, short: object): MemoryConfiguration {
  return Object.fromEntries(Object.entries(short).map(([key, value]) => [prefix + key, value]));
}

/** The plan, or undefined if the configuration is refused with a code of its own. */
function attempt<T>(derive: () => T): T | undefined {
  try {
    return derive();
  } catch (error) {
    if (isMillraceError(error) && (error.code === 'MR4003' || error.code === 'MR4002')) return undefined;
    throw error;
  }
}

t.test('a size printed as configuration parses back to itself', async () => {
  await check(
    'print and parse a size',
    fc.property(bytes, (count) => {
      const size = new MemorySize(count);
      return MemorySize.parse(String(size)).equals(size) && MemorySize.parse(`${count} b`).equals(size);
    }),
    { runs: 500 },
  );
});

t.test('the parts of every plan add up, and what is configured is kept', async () => {
  await check(
    'parts add up',
    fc.property(configuration, (config) => {
      const spec = attempt(() => taskManagerMemory(withTaskManagerDefaultSize(config)));
      if (spec === undefined) return true;
      const fields = memoryConfigurationOf(spec);
      const sum = (...names: string[]) => names.reduce((total, name) => total + (fields[name] ?? -1n), 0n);
      const kept = (key: string, part: MemorySize) => {
        const configured = config[`taskmanager.memory.${key}`];
        return configured === undefined || MemorySize.parse(String(configured)).equals(part);
      };
      return (
        sum(
          'frameworkHeap',
          'taskHeap',
          'frameworkOffHeap',
          'taskOffHeap',
          'networkMemory',
          'managedMemory',
        ) === fields.totalFlinkMemory &&
        sum('totalFlinkMemory', 'jvmMetaspace', 'jvmOverhead') === fields.totalProcessMemory &&
        kept('process.size', spec.totalProcess) &&
        kept('flink.size', spec.totalFlink) &&
        kept('task.heap.size', spec.taskHeap) &&
        kept('managed.size', spec.managed) &&
        kept('jvm-metaspace.size', spec.jvmMetaspace)
      );
    }),
    { runs: 1500 },
  );
});

t.test('bounds hold in every plan', async () => {
  await check(
    'bounds hold',
    fc.property(configuration, (config) => {
      const spec = attempt(() => taskManagerMemory(withTaskManagerDefaultSize(config)));
      if (spec === undefined) return true;
      const bound = (key: string, otherwise: string) =>
        MemorySize.parse(String(config[`taskmanager.memory.${key}`] ?? otherwise));
      return (
        !bound('network.min', '64m').exceeds(spec.network) &&
        !spec.network.exceeds(bound('network.max', '9223372036854775807')) &&
        !bound('jvm-overhead.min', '192m').exceeds(spec.jvmOverhead) &&
        !spec.jvmOverhead.exceeds(bound('jvm-overhead.max', '1g'))
      );
    }),
    { runs: 1000 },
  );
});

t.test('a derived plan fed back in is the same plan', async () => {
  await check(
    'fixed point',
    fc.property(configuration, (config) => {
      const spec = attempt(() => taskManagerMemory(withTaskManagerDefaultSize(config)));
      if (spec === undefined) return true;
      const again = dynamicConfiguration(spec);
      const resource = taskExecutorResource(again);
      return (
        JSON.stringify(printed(taskManagerMemory(again))) === JSON.stringify(printed(spec)) &&
        resource.network.equals(spec.network)
      );
    }),
    { runs: 1000 },
  );
});

t.test('any two totals of a plan lead back to it', async () => {
  await check(
    'totals agree',
    fc.property(fc.integer({ min: 900, max: 20_000 }), (mebibytes) => {
      const spec = attempt(() => taskManagerMemory({ 'taskmanager.memory.process.size': `${mebibytes}m` }));
      if (spec === undefined) return true;
      const both = taskManagerMemory({
        'taskmanager.memory.process.size': `${mebibytes}m`,
        'taskmanager.memory.flink.size': `${spec.totalFlink.bytes}b`,
      });
      return JSON.stringify(printed(both)) === JSON.stringify(printed(spec));
    }),
    { runs: 300 },
  );
});

t.test("a JobManager's parts add up", async () => {
  const config = fc
    .record(
      {
        'process.size': size(8000),
        'flink.size': size(8000),
        'heap.size': size(2000),
        'off-heap.size': size(400),
        'jvm-metaspace.size': size(400),
        'jvm-overhead.fraction': fraction,
      },
      { requiredKeys: [] },
    )
    .map((short) => prefixed('jobmanager.memory.', short));
  await check(
    'JobManager parts add up',
    fc.property(config, (drawn) => {
      const spec = attempt(() => jobManagerMemory(drawn));
      if (spec === undefined) return true;
      return (
        spec.jvmHeap.plus(spec.offHeap).equals(spec.totalFlink) &&
        spec.totalFlink.plus(spec.jvmMetaspace).plus(spec.jvmOverhead).equals(spec.totalProcess)
      );
    }),
    { runs: 1000 },
  );
});

t.test('heaps of task threads never exceed the task heap, and as many fit as is said', async () => {
  await check(
    'heaps fit',
    fc.property(
      fc.integer({ min: 0, max: 200_000 }),
      fc.integer({ min: 1, max: 200 }),
      (mebibytes, threads) => {
        const taskHeap = MemorySize.mebibytes(mebibytes);
        const limits = heapClassFor(taskHeap, threads);
        if (limits === undefined) return threads > threadsThatFit(taskHeap);
        const each = limits.maxOldGenerationSizeMb + limits.maxYoungGenerationSizeMb;
        return threads <= threadsThatFit(taskHeap) && each * threads <= mebibytes;
      },
    ),
    { runs: 1000 },
  );
});

function printed(spec: Parameters<typeof memoryConfigurationOf>[0]): readonly (readonly [string, string])[] {
  return Object.entries(memoryConfigurationOf(spec)).map(([name, value]) => [name, String(value)]);
}
