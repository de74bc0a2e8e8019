import t from 'tap';
import type { MemoryConfiguration } from '../../../memory/memory-configuration.js';
import { MemorySize } from '../../../memory/memory-size.js';
import { processMemoryOf } from '../../../memory/memory-spec.js';
import { requireTotalProcess } from '../../../memory/process-memory.js';
import { requireTotalFlink, taskManagerMemory } from '../../../memory/task-manager-memory.js';
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

/** Name, configuration, code, sentence. */
const CASES: [string, Record<string, string>, 'MR4002' | 'MR4003', RegExp][] = [
  [
    'nothing configured',
    {},
    'MR4003',
    /^Either required fine-grained memory \(taskmanager\.memory\.task\.heap\.size and taskmanager\.memory\.managed\.size\), or Total Flink Memory size \(Key: 'taskmanager\.memory\.flink\.size' , default: null \(fallback keys: \[\]\)\), or Total Process Memory size \(Key: 'taskmanager\.memory\.process\.size' , .* need to be configured explicitly\.$/,
  ],
  [
    'overhead and metaspace exceed the process',
    { 'process.size': '400m' },
    'MR4003',
    /^Sum of configured JVM Metaspace \(256\.000mb \(268435456 bytes\)\) and JVM Overhead \(192\.000mb \(201326592 bytes\)\) exceed configured Total Process Memory \(400\.000mb \(419430400 bytes\)\)\.$/,
  ],
  [
    'overhead is outside its range',
    { 'process.size': '4g', 'flink.size': '1g' },
    'MR4003',
    /^Derived JVM Overhead size \(2\.750gb \(2952790016 bytes\)\) is not in configured JVM Overhead range \[192\.000mb \(201326592 bytes\), 1024\.000mb \(1073741824 bytes\)\]\.$/,
  ],
  [
    'overhead is negative',
    { 'process.size': '1g', 'flink.size': '1g' },
    'MR4003',
    /^The configured Total Process Memory size \(1024\.000mb \(1073741824 bytes\)\) is less than the sum of the derived Total Flink Memory size \(1024\.000mb \(1073741824 bytes\)\) and the configured or default JVM Metaspace size {2}\(256\.000mb \(268435456 bytes\)\)\.$/,
  ],
  [
    'the parts exceed Flink memory, with the task heap configured',
    { 'flink.size': '1g', 'task.heap.size': '900m' },
    'MR4003',
    /^Sum of configured Framework Heap Memory \(128\.000mb \(134217728 bytes\)\), Framework Off-Heap Memory \(128\.000mb \(134217728 bytes\)\), Task Heap Memory \(900\.000mb \(943718400 bytes\)\), Task Off-Heap Memory \(0 bytes\) and Managed Memory \(409\.600mb \(429496736 bytes\)\) exceed configured Total Flink Memory \(1024\.000mb \(1073741824 bytes\)\)\.$/,
  ],
  [
    'the same on the fine-grained way',
    { 'flink.size': '1g', 'task.heap.size': '900m', 'managed.size': '1m' },
    'MR4003',
    /and Managed Memory \(1024\.000kb \(1048576 bytes\)\) exceed configured Total Flink Memory/,
  ],
  [
    'the parts exceed Flink memory, with the task heap derived',
    { 'process.size': '768m' },
    'MR4003',
    /^Sum of configured Framework Heap Memory .*, Framework Off-Heap Memory .*, Task Off-Heap Memory \(0 bytes\), Managed Memory \(128\.000mb \(134217730 bytes\)\) and Network Memory \(64\.000mb \(67108864 bytes\)\) exceed configured Total Flink Memory \(320\.000mb \(335544320 bytes\)\)\.$/,
  ],
  [
    'fixed metaspace of a total that is too small',
    { 'process.size': '1728m', 'network.min': '1g' },
    'MR4003',
    /Managed Memory \(512\.000mb \(536870920 bytes\)\) and Network Memory \(1024\.000mb \(1073741824 bytes\)\) exceed/,
  ],
  [
    'min over max',
    { 'process.size': '4g', 'jvm-overhead.min': '2g' },
    'MR4003',
    /^Inconsistently configured Key: 'taskmanager\.memory\.jvm-overhead\.fraction' , default: 0\.1 \(fallback keys: \[\]\) \(0\.10000000149011612\) and its min \(2\.000gb \(2147483648 bytes\)\), max \(1024\.000mb \(1073741824 bytes\)\) value$/,
  ],
  [
    'a fraction of 1',
    { 'process.size': '4g', 'network.fraction': '1' },
    'MR4003',
    /^Inconsistently configured Key: 'taskmanager\.memory\.network\.fraction' , default: 0\.1 \(fallback keys: \[\{key=taskmanager\.network\.memory\.fraction, isDeprecated=true\}\]\) \(1\.0\) and its min/,
  ],
  [
    'a negative fraction',
    { 'process.size': '4g', 'managed.fraction': '-0.1' },
    'MR4003',
    /^Inconsistently configured .*managed\.fraction.* \(-0\.10000000149011612\) and its min \(0 bytes\), max \(8388608\.000tb \(9223372036854775807 bytes\)\) value$/,
  ],
  ['a fraction that is no number', { 'process.size': '4g', 'managed.fraction': 'NaN' }, 'MR4003', /\(NaN\)/],
  [
    'a fraction that cannot be read',
    { 'process.size': '4g', 'managed.fraction': 'half' },
    'MR4002',
    /^Could not parse value 'half' for key 'taskmanager\.memory\.managed\.fraction'\.$/,
  ],
  [
    'a size with a decimal',
    { 'process.size': '1.5g' },
    'MR4002',
    /^Cannot read memory size from config option 'taskmanager\.memory\.process\.size'\.$/,
  ],
  [
    'a size of nothing',
    { 'flink.size': '' },
    'MR4002',
    /config option 'taskmanager\.memory\.flink\.size'\.$/,
  ],
  ['a negative size', { 'process.size': '1g', 'task.off-heap.size': '-1' }, 'MR4002', /task\.off-heap\.size/],
  [
    'sizes whose sum overflows',
    { 'flink.size': '1g', 'jvm-metaspace.size': '9223372036854775807' },
    'MR4003',
    /^long overflow$/,
  ],
  [
    'no slots',
    { 'process.size': '1728m', 'taskmanager.numberOfTaskSlots': '0' },
    'MR4003',
    /^Invalid configuration value for taskmanager\.numberOfTaskSlots : 0 - Number of task slots must be at least one\.$/,
  ],
  [
    'fewer than no slots',
    { 'process.size': '1728m', 'taskmanager.numberOfTaskSlots': '-2' },
    'MR4003',
    /taskmanager\.numberOfTaskSlots : -2 - Number of task slots must be at least one\.$/,
  ],
  [
    'slots that are no number',
    { 'process.size': '1728m', 'taskmanager.numberOfTaskSlots': '1.0' },
    'MR4002',
    /^Could not parse value '1\.0' for key 'taskmanager\.numberOfTaskSlots'\.$/,
  ],
  [
    'no cpu',
    { 'process.size': '1728m', 'taskmanager.cpu.cores': '0' },
    'MR4003',
    /^TaskExecutors need to be started with a positive number of CPU cores\./,
  ],
  [
    'segments that are too small',
    { 'process.size': '1728m', 'segment-size': '2kb' },
    'MR4003',
    /^Invalid configuration value for taskmanager\.memory\.segment-size : 2048 - Minimum memory segment size is 4096$/,
  ],
  [
    'segments that are no power of two',
    { 'process.size': '1728m', 'segment-size': '33kb' },
    'MR4003',
    /^Invalid configuration value for taskmanager\.memory\.segment-size : 33792 - Memory segment size must be a power of 2\.$/,
  ],
  [
    'segments beyond 32 bits',
    { 'process.size': '1728m', 'segment-size': '2g' },
    'MR4003',
    /^Cannot downcast long value 2147483648 to integer\.$/,
  ],
  [
    'a segment size that cannot be read',
    { 'process.size': '1728m', 'segment-size': '32kib' },
    'MR4002',
    /config option 'taskmanager\.memory\.segment-size'\.$/,
  ],
];

t.test('a bad configuration is refused with the sentence of Flink', async (t) => {
  for (const [name, short, code, what] of CASES) {
    t.match(
      refused(() => derive(short)),
      { code, what },
      name,
    );
  }
});

t.test('the reason for an unreadable size is kept', async (t) => {
  t.match(
    refused(() => derive({ 'process.size': '1.5g' })),
    {
      why: /^Could not parse value '1\.5g' for key 'taskmanager\.memory\.process\.size'\. Memory size unit '\.5g' does not/,
    },
  );
  t.match(
    refused(() => derive({ 'process.size': '1g', 'flink.size': '1g' })),
    { why: /bytes must be >= 0/ },
  );
});

t.test('a rest that the network may not be is refused, with what its keys say', async (t) => {
  const what =
    /^If Total Flink, Task Heap and \(or\) Managed Memory sizes are explicitly configured then the Network Memory size is the rest of the Total Flink memory after subtracting all other configured types of memory, but the derived Network Memory is inconsistent with its configuration\.$/;
  t.match(
    refused(() =>
      derive({ 'flink.size': '1g', 'task.heap.size': '352m', 'managed.size': '256m', 'network.max': '128m' }),
    ),
    {
      code: 'MR4003',
      what,
      why: 'Derived Network Memory size (160.000mb (167772160 bytes)) is not in configured Network Memory range [64.000mb (67108864 bytes), 128.000mb (134217728 bytes)].',
    },
  );
  t.match(
    refused(() =>
      derive({ 'flink.size': '1g', 'task.heap.size': '200m', 'network.min': '2g', 'network.max': '1g' }),
    ),
    {
      what,
      why: /^Inconsistently configured Key: 'taskmanager\.memory\.network\.fraction'.* min value must be less or equal/,
    },
  );
  t.match(
    refused(() => derive({ 'flink.size': '1g', 'task.heap.size': '200m', 'network.max': 'much' })),
    {
      what,
      why: /^Cannot read memory size from config option 'taskmanager\.memory\.network\.max'\./,
    },
  );
  t.match(
    refused(() => derive({ 'flink.size': '1g', 'task.heap.size': '200m', 'network.fraction': 'x' })),
    {
      code: 'MR4002',
      what: "Could not parse value 'x' for key 'taskmanager.memory.network.fraction'.",
    },
  );
});

t.test('of two errors the one that Flink meets first is named', async (t) => {
  t.match(
    refused(() => derive({ 'process.size': 'x', 'jvm-metaspace.size': 'y' })),
    { what: /process\.size/ },
  );
  t.match(
    refused(() => derive({ 'flink.size': '1g', 'jvm-metaspace.size': 'y', 'framework.heap.size': 'z' })),
    {
      what: /framework\.heap\.size/,
    },
  );
  t.match(
    refused(() =>
      derive({ 'process.size': '1g', 'segment-size': '1', 'taskmanager.numberOfTaskSlots': '0' }),
    ),
    {
      what: /numberOfTaskSlots/,
    },
  );
  t.match(
    refused(() => derive({ 'process.size': '400m', 'segment-size': '1' })),
    { what: /JVM Overhead/ },
  );
});

t.test('parts that do not add up are refused, whoever made them', async (t) => {
  const spec = derive({ 'process.size': '1728m' });
  t.match(
    refused(() => requireTotalFlink(spec, MemorySize.mebibytes(1281))),
    {
      code: 'MR4003',
      what: /^Configured and Derived Flink internal memory sizes \(total 1\.250gb \(1342177280 bytes\)\) do not add up to the configured Total Flink Memory size \(1\.251gb \(1343225856 bytes\)\)\. Configured and Derived Flink internal memory sizes are: Framework Heap Memory \(.*, Managed Memory \(512\.000mb \(536870920 bytes\)\)\.$/,
    },
  );
  const whole = processMemoryOf(spec.totalFlink, spec.jvmMetaspace, spec.jvmOverhead);
  t.match(
    refused(() => requireTotalProcess(whole, MemorySize.mebibytes(1729))),
    {
      what: /^Configured and Derived memory sizes \(total 1\.688gb \(1811939328 bytes\)\) do not add up to the configured Total Process Memory size \(1\.688gb \(1812987904 bytes\)\)\./,
    },
  );
});
