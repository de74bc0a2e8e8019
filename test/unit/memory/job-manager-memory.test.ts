import t from 'tap';
import { jobManagerMemory, withJobManagerDefaultSize } from '../../../memory/job-manager-memory.js';
import { jvmFlags, memoryConfigurationOf } from '../../../memory/memory-spec.js';
import { refused } from '../../refused.js';

function derive(short: Record<string, string>) {
  return jobManagerMemory(
    Object.fromEntries(
      Object.entries(short).map(([key, value]) => [
        key.startsWith('jobstore') ? key : `jobmanager.memory.${key}`,
        value,
      ]),
    ),
  );
}

t.test('published sizes come out to the byte', async (t) => {
  const cases: [Record<string, string>, number[]][] = [
    [{ 'process.size': '1600m' }, [1073741824, 134217728, 268435456, 201326592, 1207959552, 1677721600]],
    [{ 'flink.size': '1g' }, [939524096, 134217728, 268435456, 201326592, 1073741824, 1543503872]],
    [{ 'heap.size': '1g' }, [1073741824, 134217728, 268435456, 201326592, 1207959552, 1677721600]],
    [
      { 'heap.size': '1g', 'flink.size': '1152m' },
      [1073741824, 134217728, 268435456, 201326592, 1207959552, 1677721600],
    ],
    [
      { 'heap.size': '1g', 'process.size': '1700m' },
      [1073741824, 134217728, 268435456, 306184192, 1207959552, 1782579200],
    ],
  ];
  for (const [short, fields] of cases) {
    t.same(Object.values(memoryConfigurationOf(derive(short))).map(Number), fields, JSON.stringify(short));
  }
  t.same(Object.keys(memoryConfigurationOf(derive({ 'heap.size': '1g' }))), [
    'jvmHeap',
    'offHeap',
    'jvmMetaspace',
    'jvmOverhead',
    'totalFlinkMemory',
    'totalProcessMemory',
  ]);
});

t.test('off-heap memory limits direct memory only if that is asked for', async (t) => {
  const heap = ['-Xmx1073741824', '-Xms1073741824'];
  const metaspace = '-XX:MaxMetaspaceSize=268435456';
  t.same(jvmFlags(derive({ 'process.size': '1600m' })), [...heap, metaspace]);
  t.same(jvmFlags(derive({ 'process.size': '1600m', 'enable-jvm-direct-memory-limit': 'TRUE' })), [
    ...heap,
    '-XX:MaxDirectMemorySize=134217728',
    metaspace,
  ]);
  t.match(
    refused(() => derive({ 'heap.size': '1g', 'enable-jvm-direct-memory-limit': 'yes' })),
    { code: 'MR4002' },
  );
});

t.test('a small heap is a warning', async (t) => {
  const small = derive({ 'heap.size': '40m' }).remarks.filter((remark) => remark.level === 'warning');
  t.match(small, [
    {
      text: /^The configured or derived JVM heap memory size \(40\.000mb .* is less than its recommended minimum value \(128\.000mb/,
    },
    {
      text: /^The configured or derived JVM heap memory size \(jobmanager\.memory\.heap\.size: 40\.000mb .*jobstore\.cache-size: 50\.000mb/,
    },
  ]);
  t.equal(small.length, 2);
  t.same(
    derive({ 'heap.size': '128m' }).remarks.filter((remark) => remark.level === 'warning'),
    [],
  );
  t.match(
    derive({ 'heap.size': '1g', 'jobstore.cache-size': '1073741825' }).remarks.filter(
      (r) => r.level === 'warning',
    ),
    [{ text: /job store cache/ }],
  );
});

t.test('a bad configuration is refused with the sentence of Flink', async (t) => {
  const cases: [Record<string, string>, RegExp][] = [
    [
      {},
      /^Either required fine-grained memory \(jobmanager\.memory\.heap\.size\), or Total Flink Memory size/,
    ],
    [
      { 'flink.size': '128m' },
      /^The configured Total Flink Memory \(128\.000mb \(134217728 bytes\)\) is less than the configured Off-heap Memory \(128\.000mb \(134217728 bytes\)\)\.$/,
    ],
    [
      { 'heap.size': '1g', 'flink.size': '1g' },
      /^Sum of the configured JVM Heap Memory \(1024\.000mb \(1073741824 bytes\)\) and the configured or default Off-heap Memory \(128\.000mb \(134217728 bytes\)\) exceeds the configured Total Flink Memory \(1024\.000mb \(1073741824 bytes\)\)\. Please, make the configuration consistent or configure only one option: either JVM Heap or Total Flink Memory\.$/,
    ],
    [{ 'heap.size': '1g', 'flink.size': '2g' }, /^Sum of the configured JVM Heap Memory/],
    [
      { 'process.size': '400m' },
      /^Sum of configured JVM Metaspace .* exceed configured Total Process Memory/,
    ],
    [{ 'heap.size': '1g', 'process.size': '4g' }, /^Derived JVM Overhead size \(2\.625gb/],
    [
      { 'heap.size': '1g', 'jobstore.cache-size': 'x' },
      /^Could not parse value 'x' for key 'jobstore\.cache-size'\.$/,
    ],
    [{ 'heap.size': '1g', 'jobstore.cache-size': '-1' }, /^text does not start with a number$/],
    [
      { 'heap.size': 'lots' },
      /^Cannot read memory size from config option 'jobmanager\.memory\.heap\.size'\.$/,
    ],
  ];
  for (const [short, what] of cases)
    t.match(
      refused(() => derive(short)),
      { what },
      JSON.stringify(short),
    );
});

t.test('the process size that Flink ships is added only if no way in is configured', async (t) => {
  const key = 'jobmanager.memory.process.size';
  t.equal(withJobManagerDefaultSize({})[key], '1600m');
  t.equal(withJobManagerDefaultSize({ 'jobmanager.memory.off-heap.size': '1m' })[key], '1600m');
  t.equal(withJobManagerDefaultSize({ 'jobmanager.memory.heap.size': '1g' })[key], undefined);
  t.equal(withJobManagerDefaultSize({ 'jobmanager.memory.flink.size': '1g' })[key], undefined);
});
