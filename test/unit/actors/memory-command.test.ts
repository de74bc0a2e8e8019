import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { packageRoot } from '../../tidy/source-tree.js';

const BIN = fileURLToPath(new URL('../../../bundle/actors/boot/millrace.js', import.meta.url));

/** Runs the program as a shell would, in an empty folder and without this process's environment. */
function millrace(args: readonly string[], environment: Record<string, string> = {}, cwd = empty) {
  const { PATH = '' } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], {
    cwd,
    env: { PATH, ...environment },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

const empty = mkdtempSync(join(tmpdir(), 'millrace-cli-'));
t.teardown(() => rmSync(empty, { recursive: true }));

const STOCK = {
  frameworkHeap: 134217728,
  taskHeap: 402653174,
  frameworkOffHeap: 134217728,
  taskOffHeap: 0,
  networkMemory: 134217730,
  managedMemory: 536870920,
  jvmMetaspace: 268435456,
  jvmOverhead: 201326592,
  totalFlinkMemory: 1342177280,
  totalProcessMemory: 1811939328,
};

t.test('the README shows what is printed', async (t) => {
  const readme = readFileSync(join(packageRoot(), 'README.md'), 'utf8');
  const [, words = '', shown] = /^```console\n\$ npx millrace (memory .*)\n([^`]*)```$/m.exec(readme) ?? [];
  t.equal(millrace(words.split(' ')).stdout, shown);
});

t.test("--json prints exactly the fields of Flink's memoryConfiguration", async (t) => {
  const taskManager = millrace(['memory', '--json']);
  t.equal(taskManager.status, 0);
  t.equal(taskManager.stderr, '');
  t.strictSame(JSON.parse(taskManager.stdout), STOCK);
  t.same(Object.keys(JSON.parse(taskManager.stdout)), Object.keys(STOCK));

  const jobManager = millrace(['memory', '--role', 'jobmanager', '--json']);
  t.equal(jobManager.status, 0);
  t.strictSame(JSON.parse(jobManager.stdout), {
    jvmHeap: 1073741824,
    offHeap: 134217728,
    jvmMetaspace: 268435456,
    jvmOverhead: 201326592,
    totalFlinkMemory: 1207959552,
    totalProcessMemory: 1677721600,
  });
});

t.test('one key of two fine-grained ones keeps the shipped process size', async (t) => {
  const { status, stdout } = millrace(['memory', '--json', '-D', 'taskmanager.memory.managed.size=0']);
  t.equal(status, 0);
  t.match(JSON.parse(stdout), { managedMemory: 0, totalProcessMemory: 1811939328 });
});

t.test('sizes beyond 2^53 keep every digit', async (t) => {
  const { stdout, status } = millrace([
    'memory',
    '--json',
    '-Dtaskmanager.memory.process.size=9223372036854775807',
  ]);
  t.equal(status, 0);
  t.match(stdout, /"totalProcessMemory": 9223372036854775807\n/);
});

t.test('a bad configuration exits 3 with the sentence of Flink and nothing on stdout', async (t) => {
  const cases: [string[], string][] = [
    [
      ['-D', 'taskmanager.memory.process.size=400m'],
      'MR4003 TaskManager memory configuration failed: Sum of configured JVM Metaspace (256.000mb (268435456 bytes)) and JVM Overhead',
    ],
    [
      ['-D', 'taskmanager.memory.process.size=1.5g', '--json'],
      "MR4002 TaskManager memory configuration failed: Cannot read memory size from config option 'taskmanager.memory.process.size'.",
    ],
    [
      ['--role', 'jobmanager', '-D', 'jobmanager.memory.flink.size=128m'],
      'MR4003 JobManager memory configuration failed: The configured Total Flink Memory (128.000mb',
    ],
    [
      ['-D', 'taskmanager.memory.proces.size=1g'],
      "MR4001 Unknown configuration key 'taskmanager.memory.proces.size'. [-D taskmanager.memory.proces.size] What to do: Did you mean 'taskmanager.memory.process.size'?",
    ],
    [
      ['-D', 'heartbeat.interval=often'],
      "MR4002 Could not parse value 'often' for key 'heartbeat.interval'.",
    ],
    [['--config', 'missing.json'], 'MR4002 The configuration file missing.json cannot be read.'],
  ];
  for (const [args, start] of cases) {
    const { status, stdout, stderr } = millrace(['memory', ...args]);
    t.equal(status, 3, args.join(' '));
    t.equal(stdout, '', args.join(' '));
    t.ok(stderr.startsWith(start), stderr);
    t.notMatch(stderr, /\n {4}at /);
  }
});

t.test('a JobManager does not look at the keys of a TaskManager', async (t) => {
  const { status } = millrace([
    'memory',
    '--role=jobmanager',
    '-Dtaskmanager.memory.process.size=1m',
    '-Dtaskmanager.memory.segment-size=7',
  ]);
  t.equal(status, 0);
});

t.test('a plan too small to run a task is a warning', async (t) => {
  const { status, stdout, stderr } = millrace([
    'memory',
    '--json',
    '-D',
    'taskmanager.memory.process.size=1g',
  ]);
  t.equal(status, 0);
  t.match(JSON.parse(stdout), { taskHeap: 26843542 });
  t.match(stderr, /^warning: The task heap \(25\.600mb .* is too small to run a task/);
});

t.test('without --json it draws the split', async (t) => {
  const { status, stdout, stderr } = millrace(['memory', '-D', 'taskmanager.numberOfTaskSlots=2']);
  t.equal(status, 0);
  t.equal(stderr, '');
  const lines: RegExp[] = [
    /^Total Process Memory +1811939328 bytes +1\.688gb +100\.0 % /m,
    /^│ {2}├─ Task Heap +402653174 bytes +384\.000mb +22\.2 % .*█/m,
    /^└─ JVM Overhead +201326592 bytes/m,
    /^Slots: 2, each with\n {2}task heap 192\.000mb, task off-heap 0 bytes, network 64\.000mb, managed 256\.000mb/m,
    /control thread +112 \+ 16/,
    /task threads +9 at most/,
    /4096 segments of 32\.000kb; 2 for each channel, 8 floating for each gate/,
    /at parallelism 36$/m,
    /-Xmx536870902 -Xms536870902 -XX:MaxDirectMemorySize=268435458 -XX:MaxMetaspaceSize=268435456/,
  ];
  for (const line of lines) t.match(stdout, line);
  t.notMatch(stdout, '\u001b', 'no colours in a pipe');
  t.match(millrace(['memory', '--role', 'jobmanager']).stdout, /^│ {2}├─ JVM Heap +1073741824 bytes/m);
});

t.test('colours are forced by FORCE_COLOR, and NO_COLOR has the last word', async (t) => {
  t.match(millrace(['memory'], { FORCE_COLOR: '1' }).stdout, '\u001b[');
  t.notMatch(millrace(['memory'], { FORCE_COLOR: '1', NO_COLOR: '1' }).stdout, '\u001b[');
});

t.test('flag wins over environment over file, and config says where a value is from', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-cli-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(
    join(folder, 'millrace.config.json'),
    JSON.stringify({
      taskmanager: { memory: { 'process.size': '2g' }, numberOfTaskSlots: 2 },
      'parallelism.default': 2,
      'state.backend': 'heap',
    }),
  );
  const environment = { MILLRACE_TASKMANAGER_MEMORY_PROCESS_SIZE: '3g', MILLRACE_PARALLELISM_DEFAULT: '3' };
  const args = ['config', '--json', '-D', 'parallelism.default=9', '-D', 'parallelism.default=4'];
  const { status, stdout, stderr } = millrace(args, environment, folder);
  t.equal(status, 0);
  t.equal(stderr, "warning: 'state.backend' is an older name of 'state.backend.type'; please use that.\n");
  t.match(JSON.parse(stdout), {
    'parallelism.default': { value: 4, origin: 'flag' },
    'taskmanager.memory.process.size': { value: '3g', origin: 'environment' },
    'taskmanager.numberOfTaskSlots': { value: '2', origin: 'file' },
    'state.backend.type': { value: 'heap', origin: 'file' },
    'heartbeat.interval': { value: 10_000, origin: 'default' },
    'execution.checkpointing.dir': { value: null, origin: 'default' },
  });
  const memory = millrace(['memory', '--json'], environment, folder);
  t.match(JSON.parse(memory.stdout), { totalProcessMemory: 3 * 1024 ** 3 });
  const table = millrace(['config', '-Dheartbeat.interval=2 s'], environment, folder).stdout;
  t.match(table, /^heartbeat\.interval +2 s +flag *$/m);
  t.match(table, /^heartbeat\.timeout +50 s +default *$/m);
});

t.test('a configuration file of another form is refused', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-cli-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const [text, what] of [
    ['[1]', /is no JSON object/],
    ['{"pipeline.name": ["a"]}', /The value of 'pipeline\.name' in .* is no text, number or boolean/],
    ['{', /cannot be read\. Why: /],
    ['{"__proto__": {"x": 1}}', /Unknown configuration key '__proto__\.x'/],
  ] as const) {
    writeFileSync(join(folder, 'other.json'), text);
    const { status, stderr } = millrace(['config', '--config', 'other.json'], {}, folder);
    t.equal(status, 3, text);
    t.match(stderr, what);
  }
});
