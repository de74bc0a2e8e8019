import t from 'tap';
import type { MemoryConfiguration } from '../../../memory/memory-configuration.js';
import { jvmFlags, memoryConfigurationOf, slotMemory } from '../../../memory/memory-spec.js';
import { segmentCount } from '../../../memory/network-buffers.js';
import { taskManagerMemory, withTaskManagerDefaultSize } from '../../../memory/task-manager-memory.js';
import { refused } from '../../refused.js';

/** Keys without `taskmanager.memory.`; those with a capital or another room are whole. */
function config(short: Record<string, string | number>): MemoryConfiguration {
  return Object.fromEntries(
    Object.entries(short).map(([key, value]) => [
      key.startsWith('taskmanager.') ? key : `taskmanager.memory.${key}`,
      value,
    ]),
  );
}

const derive = (short: Record<string, string | number>) => taskManagerMemory(config(short));

const MIB = 1024 * 1024;

const STOCK = [134217728, 402653174, 134217728, 0, 134217730, 536870920, 268435456, 201326592];
/** Name, configuration, the eight parts, -Xmx, direct memory, segments. */
const PUBLISHED: [string, Record<string, string>, number[], number, number, number][] = [
  // name, configuration, the eight parts, -Xmx, direct memory, segments
  ['process 1728m', { 'process.size': '1728m' }, STOCK, 536870902, 268435458, 4096],
  ['flink 1280m', { 'flink.size': '1280m' }, STOCK, 536870902, 268435458, 4096],
  [
    'process 4g',
    { 'process.size': '4g' },
    [134217728, 1530082070, 134217728, 0, 359703515, 1438814063, 268435456, 429496736],
    1664299798,
    493921243,
    10977,
  ],
  [
    'process 16g',
    { 'process.size': '16g' },
    [134217728, 7650410378, 134217728, 0, 1583769214, 6335076856, 268435456, 1073741824],
    7784628106,
    1717986942,
    48332,
  ],
  [
    'process 16g, network.max 1g',
    { 'process.size': '16g', 'network.max': '1g' },
    [134217728, 8160437768, 134217728, 0, 1073741824, 6335076856, 268435456, 1073741824],
    8294655496,
    1207959552,
    32768,
  ],
  [
    'process 1g',
    { 'process.size': '1g' },
    [134217728, 26843542, 134217728, 0, 67108864, 241591914, 268435456, 201326592],
    161061270,
    201326592,
    2048,
  ],
];

t.test('published sizes come out to the byte', async (t) => {
  for (const [name, short, parts, heap, direct, segments] of PUBLISHED) {
    const spec = derive(short);
    const fields = Object.values(memoryConfigurationOf(spec)).map(Number);
    t.same(fields.slice(0, 8), parts, name);
    t.same(
      jvmFlags(spec),
      [`-Xmx${heap}`, `-Xms${heap}`, `-XX:MaxDirectMemorySize=${direct}`, '-XX:MaxMetaspaceSize=268435456'],
      name,
    );
    t.equal(segmentCount(spec), segments, name);
  }
});

t.test("the fields are those of Flink's memoryConfiguration, in its order", async (t) => {
  t.same(Object.keys(memoryConfigurationOf(derive({ 'process.size': '1728m' }))), [
    'frameworkHeap',
    'taskHeap',
    'frameworkOffHeap',
    'taskOffHeap',
    'networkMemory',
    'managedMemory',
    'jvmMetaspace',
    'jvmOverhead',
    'totalFlinkMemory',
    'totalProcessMemory',
  ]);
});

t.test('task heap and managed memory are a way in of their own', async (t) => {
  const spec = derive({ 'task.heap.size': '512m', 'managed.size': '1g' });
  // 1792 MiB beside the network, a ninth of it for the network, a ninth of all for the overhead.
  t.equal(spec.network.bytes, 208783135n);
  t.equal(spec.totalFlink.bytes, 2087831327n);
  t.equal(spec.jvmOverhead.bytes, 261807424n);
  t.equal(spec.totalProcess.bytes, 2618074207n);
});

t.test('with total Flink memory configured, network memory is the rest', async (t) => {
  const fine = derive({ 'task.heap.size': '512m', 'managed.size': '256m', 'flink.size': '1100m' });
  t.equal(fine.network.bytes, BigInt(76 * MIB));
  const heapOnly = derive({ 'task.heap.size': '100m', 'flink.size': '1g' });
  t.equal(heapOnly.managed.bytes, 429496736n);
  t.equal(heapOnly.network.bytes, 270952032n);
  const inProcess = derive({ 'task.heap.size': '384m', 'process.size': '1728m' });
  t.equal(inProcess.network.bytes, 134217720n);
});

t.test('with the process size configured beside Flink memory, overhead is the rest', async (t) => {
  const spec = derive({ 'flink.size': '1280m', 'process.size': '1800m', 'jvm-overhead.fraction': '0.5' });
  t.equal(spec.jvmOverhead.bytes, BigInt(264 * MIB));
  t.equal(spec.totalProcess.bytes, BigInt(1800 * MIB));
  t.match(spec.remarks, [{ level: 'info', text: /does not match the configured or default JVM Overhead/ }]);
});

t.test('a fraction is overruled by its bounds, which is remarked', async (t) => {
  const low = derive({ 'process.size': '1728m', 'network.fraction': '0.01' });
  t.equal(low.network.bytes, BigInt(64 * MIB));
  const high = derive({ 'process.size': '4g', 'network.max': '100m' });
  t.equal(high.network.bytes, BigInt(100 * MIB));
  t.match(high.remarks.at(-1), { level: 'info', text: /network memory .* is greater than its max value/ });
  const none = derive({ 'process.size': '1728m', 'managed.fraction': '0' });
  t.equal(none.managed.bytes, 0n);
});

t.test('the process size that Flink ships is added only if no way in is configured', async (t) => {
  const added = (short: Record<string, string>) =>
    withTaskManagerDefaultSize(config(short))['taskmanager.memory.process.size'];
  t.equal(added({}), '1728m');
  t.equal(added({ 'managed.size': '0' }), '1728m');
  t.equal(added({ 'task.heap.size': '1g' }), '1728m');
  t.equal(added({ 'task.heap.size': '1g', 'managed.size': '0' }), undefined);
  t.equal(added({ 'flink.size': '1g' }), undefined);
  t.equal(added({ 'process.size': '5g' }), '5g');

  const unmanaged = taskManagerMemory(withTaskManagerDefaultSize(config({ 'managed.size': '0' })));
  t.equal(unmanaged.totalProcess.bytes, BigInt(1728 * MIB));
  t.equal(unmanaged.taskHeap.bytes, 939524094n);
});

t.test('slots divide what they share, rounding down', async (t) => {
  const spec = derive({ 'process.size': '1728m', 'taskmanager.numberOfTaskSlots': 4 });
  const slot = slotMemory(spec);
  t.equal(spec.cpuCores, 4);
  t.equal(slot.cpuCores, 1);
  t.equal(slot.taskHeap.bytes, 100663293n);
  t.equal(slot.network.bytes, 33554432n);
  t.equal(slot.managed.bytes, 134217730n);
  t.equal(slot.taskOffHeap.bytes, 0n);
  t.equal(derive({ 'process.size': '1g', 'taskmanager.numberOfTaskSlots': '-1' }).numberOfTaskSlots, 1);
  t.equal(derive({ 'process.size': '1g', 'taskmanager.cpu.cores': '2.5' }).cpuCores, 2.5);
});

t.test('a value that no path reads is no error', async (t) => {
  const spec = derive({
    'task.heap.size': '512m',
    'managed.size': '1g',
    'managed.fraction': 'half',
    'min-segment-size': 'tiny',
  });
  t.equal(spec.managed.bytes, 1073741824n);
});

t.test('the number of network buffers, as older configurations have it, sizes the network', async (t) => {
  const count = 'taskmanager.network.numberOfBuffers';
  t.equal(derive({ 'process.size': '1728m', [count]: '2048' }).network.bytes, BigInt(64 * MIB));
  t.equal(derive({ 'task.heap.size': '1g', 'managed.size': '0', [count]: '1000' }).network.bytes, 32768000n);
  // Any of the newer keys puts it out of force.
  t.equal(derive({ 'process.size': '1728m', [count]: '1', 'network.min': '1m' }).network.bytes, 134217730n);
  const rest = { 'flink.size': '1g', 'task.heap.size': '352m', 'managed.size': '256m' };
  t.equal(derive({ ...rest, [count]: '5120' }).network.bytes, BigInt(160 * MIB));
  t.match(
    refused(() => derive({ ...rest, [count]: '5121' })),
    {
      what: /^If Total Flink/,
      why: 'Derived Network Memory size (160.000mb (167772160 bytes)) does not match configured Network Memory size (160.031mb (167804928 bytes)).',
    },
  );
  t.match(
    refused(() => derive({ 'process.size': '1728m', [count]: '-1' })),
    { what: 'bytes must be >= 0' },
  );
  t.match(
    refused(() => derive({ 'process.size': '1728m', [count]: '9', 'segment-size': '5000' })),
    {
      what: /power of 2/,
    },
  );
});

t.test('older names of a key are read, the newer first', async (t) => {
  t.equal(
    derive({ 'process.size': '4g', 'taskmanager.network.memory.max': '100m' }).network.bytes,
    BigInt(100 * MIB),
  );
  t.equal(derive({ 'process.size': '4g', size: '0', 'managed.size': '1g' }).managed.bytes, 1073741824n);
  t.equal(derive({ 'process.size': '4g', size: '0' }).managed.bytes, 0n);
});

t.test('numbers are read like texts', async (t) => {
  t.equal(derive({ 'process.size': 1811939328 }).network.bytes, 134217730n);
  t.equal(derive({ 'flink.size': 1342177280, 'network.fraction': 0.1 }).network.bytes, 134217730n);
  t.match(
    refused(() => derive({ 'process.size': 1.5e9 + 0.5 })),
    { code: 'MR4002' },
  );
});

t.test('sizes beyond 2^53 stay exact', async (t) => {
  const spec = derive({ 'process.size': '9223372036854775807' });
  t.equal(spec.totalProcess.bytes, 9223372036854775807n);
  t.equal(
    spec.frameworkHeap.bytes +
      spec.taskHeap.bytes +
      spec.frameworkOffHeap.bytes +
      spec.taskOffHeap.bytes +
      spec.network.bytes +
      spec.managed.bytes,
    spec.totalFlink.bytes,
  );
});
