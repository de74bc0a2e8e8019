import t from 'tap';
import { parseOptionValue } from '../../../core/job/option-value.js';
import {
  definitionOf,
  describeOptions,
  environmentName,
  OPTION_KEYS,
  optionNames,
} from '../../../core/job/options.js';
import { environmentLayer, type RawValue, resolveOptions } from '../../../core/job/resolve-options.js';
import { refused } from '../../refused.js';

const flags = (values: Record<string, RawValue>) => resolveOptions([{ origin: 'flag', values }]);

t.test('every default of the table is valid and has the type it says', async (t) => {
  for (const key of OPTION_KEYS) {
    const definition = definitionOf(key);
    if (definition.default === undefined) continue;
    const value = parseOptionValue(key, definition, definition.default, []);
    if (definition.judgedBy === 'memory') t.type(value, 'string', key);
    else if (definition.type.kind === 'boolean') t.type(value, 'boolean', key);
    else if (['enum', 'string'].includes(definition.type.kind)) t.type(value, 'string', key);
    else t.type(value, 'number', key);
  }
});

t.test('no name stands for two options, in the table or in the environment', async (t) => {
  const names = optionNames();
  t.equal(new Set(names).size, names.length);
  t.equal(new Set(OPTION_KEYS.map(environmentName)).size, OPTION_KEYS.length);
});

t.test('every option has one line for people', async (t) => {
  for (const { key, type, description } of describeOptions()) {
    t.ok(type.length > 0, key);
    t.match(description, /^[^\n]{5,130}$/, key);
  }
});

t.test('defaults are those of Flink 2.2', async (t) => {
  const { values, origins, configured, warnings } = resolveOptions([]);
  t.match(values, {
    'execution.checkpointing.mode': 'EXACTLY_ONCE',
    'execution.checkpointing.timeout': 600_000,
    'execution.checkpointing.min-pause': 0,
    'execution.checkpointing.max-concurrent-checkpoints': 1,
    'execution.checkpointing.tolerable-failed-checkpoints': 0,
    'execution.checkpointing.data-inline-threshold': 20_480,
    'restart-strategy.fixed-delay.attempts': 1,
    'restart-strategy.fixed-delay.delay': 1000,
    'restart-strategy.failure-rate.max-failures-per-interval': 1,
    'restart-strategy.failure-rate.failure-rate-interval': 60_000,
    'restart-strategy.failure-rate.delay': 1000,
    'restart-strategy.exponential-delay.initial-backoff': 1000,
    'restart-strategy.exponential-delay.max-backoff': 60_000,
    'restart-strategy.exponential-delay.backoff-multiplier': 1.5,
    'restart-strategy.exponential-delay.reset-backoff-threshold': 3_600_000,
    'restart-strategy.exponential-delay.jitter-factor': 0.1,
    'restart-strategy.exponential-delay.attempts-before-reset-backoff': 2_147_483_647,
    'heartbeat.interval': 10_000,
    'heartbeat.timeout': 50_000,
    'task.cancellation.interval': 30_000,
    'task.cancellation.timeout': 180_000,
    'parallelism.default': 1,
    'pipeline.max-parallelism': -1,
    'pipeline.auto-watermark-interval': 200,
    'execution.buffer-timeout.interval': 100,
    'taskmanager.network.memory.buffers-per-channel': 2,
    'taskmanager.memory.segment-size': '32kb',
  });
  t.equal(values['execution.checkpointing.interval'], undefined);
  t.equal(values['restart-strategy.type'], undefined);
  t.ok(Object.values(origins).every((origin) => origin === 'default'));
  t.same(configured, {});
  t.same(warnings, []);
});

t.test('flag wins over environment over file over default, in whatever order they come', async (t) => {
  const layer = (origin: 'flag' | 'environment' | 'file' | 'default', parallelism: number) => ({
    origin,
    values: { 'parallelism.default': parallelism },
  });
  const all = [layer('default', 1), layer('flag', 4), layer('file', 2), layer('environment', 3)];
  for (const [count, expected] of [
    [4, 4],
    [3, 3],
    [2, 2],
    [1, 1],
  ] as const) {
    const layers = all.filter((candidate) => candidate.values['parallelism.default'] <= count);
    const resolved = resolveOptions(layers);
    t.equal(resolved.values['parallelism.default'], expected);
    t.equal(resolved.origins['parallelism.default'], ['default', 'file', 'environment', 'flag'][count - 1]);
  }
});

t.test('older names are taken with a warning, and the newer name wins', async (t) => {
  const older = flags({
    'state.checkpoints.dir': '/c',
    'state.savepoints.dir': '/s',
    'taskmanager.network.memory.max': '1g',
    'restart-strategy': 'fixeddelay',
    'state.backend': 'rocksdb',
  });
  t.equal(older.values['execution.checkpointing.dir'], '/c');
  t.equal(older.values['execution.checkpointing.savepoint-dir'], '/s');
  t.equal(older.values['taskmanager.memory.network.max'], '1g');
  t.equal(older.values['restart-strategy.type'], 'fixed-delay');
  t.equal(older.values['state.backend.type'], 'lmdb');
  t.equal(older.warnings.length, 6);
  t.match(older.warnings[0], /'state\.checkpoints\.dir' is an older name of 'execution\.checkpointing\.dir'/);

  const both = flags({ 'state.backend': 'lmdb', 'state.backend.type': 'heap' });
  t.equal(both.values['state.backend.type'], 'heap');
  const turned = flags({ 'state.backend.type': 'heap', 'state.backend': 'lmdb' });
  t.equal(turned.values['state.backend.type'], 'heap');
});

t.test('an older name in a stronger layer wins over the newer in a weaker one', async (t) => {
  const resolved = resolveOptions([
    { origin: 'file', values: { 'execution.checkpointing.dir': '/file' } },
    { origin: 'flag', values: { 'state.checkpoints.dir': '/flag' } },
  ]);
  t.equal(resolved.values['execution.checkpointing.dir'], '/flag');
  t.equal(resolved.origins['execution.checkpointing.dir'], 'flag');
});

t.test("Flink's names of backends stand for ours, with a warning", async (t) => {
  for (const [theirs, ours] of [
    ['hashmap', 'heap'],
    ['rocksdb', 'lmdb'],
    ['HashMap', 'heap'],
  ] as const) {
    const resolved = flags({ 'state.backend.type': theirs });
    t.equal(resolved.values['state.backend.type'], ours);
    t.equal(resolved.warnings.length, 1);
  }
  t.same(flags({ 'restart-strategy.type': 'off' }).values['restart-strategy.type'], 'none');
  t.same(flags({ 'restart-strategy.type': 'off' }).warnings, []);
});

t.test('an unknown key names the nearest', async (t) => {
  t.match(
    refused(() => flags({ 'taskmanager.memory.proces.size': '1g' })),
    {
      code: 'MR4001',
      what: "Unknown configuration key 'taskmanager.memory.proces.size'.",
      hint: "Did you mean 'taskmanager.memory.process.size'?",
    },
  );
  t.match(
    refused(() => flags({ 'state.checkpoint.dir': '/c' })),
    { hint: "Did you mean 'state.checkpoints.dir'?" },
  );
  t.match(
    refused(() => flags({ zzz: 1 })),
    { code: 'MR4001', hint: 'millrace config lists every key.' },
  );
  for (const inherited of ['constructor', 'toString', 'hasOwnProperty']) {
    t.match(
      refused(() => flags({ [inherited]: 1 })),
      { code: 'MR4001' },
      inherited,
    );
  }
  t.match(
    refused(() => flags(Object.fromEntries([['__proto__', 1]]))),
    { code: 'MR4001' },
  );
});

t.test('a value of the wrong form or out of range names its key', async (t) => {
  const bad: [string, RawValue, RegExp][] = [
    ['execution.checkpointing.interval', 'soon', /Could not parse value 'soon' for key/],
    ['execution.checkpointing.interval', '1 ms', /It must be at least 10\./],
    ['execution.checkpointing.mode', 'EXACTLY_TWICE', /Could not parse value/],
    ['execution.checkpointing.max-concurrent-checkpoints', '0', /at least 1/],
    ['execution.checkpointing.max-concurrent-checkpoints', '1.5', /Could not parse value/],
    ['execution.checkpointing.data-inline-threshold', '2mb', /at most 1048576/],
    ['execution.checkpointing.data-inline-threshold', '1.5kb', /Could not parse value/],
    ['execution.checkpointing.incremental', 'yes', /Could not parse value/],
    ['restart-strategy.exponential-delay.backoff-multiplier', '1', /greater than 1/],
    ['restart-strategy.exponential-delay.jitter-factor', '1.1', /at most 1/],
    ['restart-strategy.exponential-delay.jitter-factor', '0x1', /Could not parse value/],
    ['pipeline.max-parallelism', '0', /not 0/],
    ['pipeline.max-parallelism', '99999', /at most 32768/],
    ['parallelism.default', 'constructor', /Could not parse value/],
    ['state.backend.type', 'constructor', /Could not parse value/],
    ['parallelism.default', '4294967297', /Could not parse value/],
  ];
  for (const [key, value, what] of bad) {
    t.match(
      refused(() => flags({ [key]: value })),
      { code: 'MR4002', what },
      `${key}=${value}`,
    );
    t.match(
      refused(() => flags({ [key]: value })),
      { message: new RegExp(key.replaceAll('.', '\\.')) },
    );
  }
});

t.test('values are read as a person writes them', async (t) => {
  const { values } = flags({
    'execution.checkpointing.interval': '5 s',
    'execution.checkpointing.mode': 'at_least_once',
    'execution.checkpointing.incremental': 'FALSE',
    'execution.checkpointing.timeout': 90_000,
    'pipeline.operator-chaining.enabled': false,
    'execution.buffer-timeout.interval': '-1',
  });
  t.equal(values['execution.checkpointing.interval'], 5000);
  t.equal(values['execution.checkpointing.mode'], 'AT_LEAST_ONCE');
  t.equal(values['execution.checkpointing.incremental'], false);
  t.equal(values['execution.checkpointing.timeout'], 90_000);
  t.equal(values['pipeline.operator-chaining.enabled'], false);
  t.equal(values['execution.buffer-timeout.interval'], -1);
});

t.test('what the memory calculator judges is passed on as written', async (t) => {
  const resolved = flags({ 'taskmanager.memory.managed.fraction': 'abc', 'taskmanager.memory.size': '1g' });
  t.equal(resolved.values['taskmanager.memory.managed.fraction'], 'abc');
  t.same(resolved.configured, {
    'taskmanager.memory.managed.fraction': 'abc',
    'taskmanager.memory.managed.size': '1g',
  });
});

t.test('the environment names options in capitals, and a slip is warned of', async (t) => {
  t.equal(environmentName('taskmanager.numberOfTaskSlots'), 'MILLRACE_TASKMANAGER_NUMBEROFTASKSLOTS');
  const { layer, warnings } = environmentLayer({
    MILLRACE_PARALLELISM_DEFAULT: '3',
    MILLRACE_EXECUTION_CHECKPOINTING_MIN_PAUSE: '1 s',
    MILLRACE_STATE_CHECKPOINTS_DIR: '/c',
    MILLRACE_PARALELISM_DEFAULT: '4',
    MILLRACE_TASK_CANCELLATION_INTERVAL: '1 s',
    MILLRACE_SEED: '7',
    PATH: '/bin',
  });
  t.same(layer, {
    origin: 'environment',
    values: {
      'parallelism.default': '3',
      'execution.checkpointing.min-pause': '1 s',
      'state.checkpoints.dir': '/c',
      'task.cancellation.interval': '1 s',
    },
  });
  t.same(warnings, [
    'The environment variable MILLRACE_PARALELISM_DEFAULT names no option; did you mean MILLRACE_PARALLELISM_DEFAULT?',
  ]);
});

t.test('a resolved configuration can be sent to another thread and not be changed', async (t) => {
  const resolved = flags({ 'parallelism.default': 2 });
  t.same(structuredClone(resolved), resolved);
  t.ok(Object.isFrozen(resolved) && Object.isFrozen(resolved.values));
});

t.test('what Flink had once and has no more is refused with a sentence', async (t) => {
  for (const key of ['execution.state-recovery.claim-mode', 'execution.savepoint-restore-mode'])
    t.match(
      refused(() => flags({ [key]: 'legacy' })),
      { code: 'MR4002', why: /^LEGACY left it open whose/ },
    );
  t.equal(
    flags({ 'execution.savepoint-restore-mode': 'claim' }).values['execution.state-recovery.claim-mode'],
    'CLAIM',
  );
});
