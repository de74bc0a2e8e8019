import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import type { SavepointReport } from '../../actors/cli/savepoint-command.js';
import {
  type Collector,
  type KeyedStateBootstrapFunction,
  OperatorTransformation,
  SavepointReader,
  SavepointWriter,
  types,
  type ValueState,
  ValueStateDescriptor,
} from '../../actors/index.js';
import { BIN, jobPath, MillraceProcess, plainEnvironment } from './millrace-process.js';
import type { SavepointAnswers, SavepointPlan } from './savepoint-process.js';

const PROCESS = fileURLToPath(new URL('./savepoint-process.js', import.meta.url));

function folder(t: { teardown(work: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-savepoints-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function node(...words: readonly string[]): {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    encoding: 'utf8',
    env: plainEnvironment(),
  });
  return { code: status, stdout, stderr };
}

/** A cluster of its own in a process of its own, on a job that writes to `out`. */
function carryOut(
  folder: string,
  steps: SavepointPlan['steps'],
  more: Partial<SavepointPlan> = {},
): SavepointAnswers {
  const params = { output: join(folder, 'out') };
  const plan: SavepointPlan = { folder, parallelism: 2, job: 'counts', params, options: {}, steps, ...more };
  const { stdout, stderr } = node(PROCESS, JSON.stringify(plan));
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as SavepointAnswers;
}

function stopped(folder: string, more: Partial<SavepointPlan> = {}): string {
  return carryOut(folder, ['stop'], more).answers[0] ?? '';
}

/** What a reader of the output sees. */
function lines(output: string): string[] {
  if (!existsSync(output)) return [];
  return readdirSync(output)
    .filter((name) => !/^[._]/.test(name))
    .flatMap((name) => readFileSync(join(output, name), 'utf8').split('\n'))
    .filter((line) => line !== '');
}

/** Each key's records are numbered from 1, without a gap and without a double; how many there are. */
function checkedCounts(t: Test, output: string): number {
  const byKey = new Map<number, number[]>();
  for (const line of lines(output)) {
    const { key, n } = JSON.parse(line) as { key: number; n: number };
    byKey.set(key, [...(byKey.get(key) ?? []), n]);
  }
  let sum = 0;
  for (const [key, numbers] of byKey) {
    numbers.sort((a, b) => a - b);
    sum += numbers.length;
    t.strictSame(
      numbers,
      numbers.map((_, index) => index + 1),
      `key ${key} has each number once`,
    );
  }
  return sum;
}

t.test(
  '[scenario 15] a job that was stopped with a savepoint goes on from it, at any parallelism',
  async (t) => {
    const at = folder(t);
    let options = {};
    let before = 0;
    for (const parallelism of [2, 3, 1]) {
      const { answers, status } = carryOut(at, ['stop'], { parallelism, options });
      t.equal(status, 'FINISHED');
      options = { fromSavepoint: answers[0] };
      const sum = checkedCounts(t, join(at, 'out'));
      t.ok(sum > before, `${sum} results, ${before} before`);
      before = sum;
    }
  },
);

t.test('a savepoint stands on its own, wherever it lies, and the job goes on', async (t) => {
  const at = folder(t);
  const { answers } = carryOut(at, ['savepoint', 'cancel'], { savepointDir: join(at, 'elsewhere') });
  t.strictSame(answers.slice(1), ['cancelled', 'MR5007']);
  const [path = ''] = answers;
  t.match(path, /elsewhere.savepoint-[0-9a-f]{12}$/);
  rmSync(join(at, 'checkpoints'), { recursive: true });
  const moved = join(at, 'moved');
  renameSync(path, moved);
  const fork = carryOut(at, ['stop'], { options: { jobId: 'fork', fromSavepoint: moved } });
  t.ok(existsSync(join(fork.answers[0] ?? '', '_metadata')));
});

t.test('[scenario 15] a drained job ends as if its input had', async (t) => {
  const at = folder(t);
  const { answers, status } = carryOut(at, ['drain']);
  t.equal(status, 'FINISHED');
  t.ok(existsSync(join(answers[0] ?? '', '_metadata')));
  t.ok(checkedCounts(t, join(at, 'out')) > 0);
});

t.test('where no savepoint can be written, it is told why, and the job goes on', async (t) => {
  const at = folder(t);
  const params = { output: join(at, 'out'), count: 20_000, rate: 10_000 };
  const nowhere = { params, savepointDir: '/dev/null/savepoints' };
  const { answers, status } = carryOut(at, ['stop', 'savepoint', 'finish'], nowhere);
  t.match(answers, [/^MR3007 MR3/, /^MR3007/, 'finished']);
  t.equal(status, 'FINISHED');
  t.equal(checkedCounts(t, join(at, 'out')), 20_000);
});

t.test('a savepoint stays as it is, or belongs to the job that claims it', async (t) => {
  const at = folder(t);
  const params = { output: join(at, 'out'), count: 30_000, rate: 10_000 };
  const fromSavepoint = stopped(at, { params });
  const copy = { ...params, output: join(at, 'copy') };
  const options = { fromSavepoint, jobId: 'copy' };
  t.equal(carryOut(at, ['finish'], { params: copy, options }).status, 'FINISHED');
  t.ok(existsSync(join(fromSavepoint, '_metadata')), 'any number of jobs may begin from it');
  const claimed = { fromSavepoint, claimMode: 'CLAIM' } as const;
  t.equal(carryOut(at, ['savepoint', 'finish'], { params, options: claimed }).status, 'FINISHED');
  t.notOk(existsSync(join(fromSavepoint, '_metadata')), 'it went with the job');
  t.equal(checkedCounts(t, params.output), 30_000);
});

t.test('SIGTERM stops with a savepoint where there is a folder for it', async (t) => {
  const at = folder(t);
  const output = join(at, 'out');
  mkdirSync(output);
  const options = [
    'execution.checkpointing.savepoint-dir=savepoints',
    'execution.checkpointing.interval=200ms',
  ];
  const job = [...options.flatMap((option) => ['-D', option]), jobPath('running-counts'), '--output', 'out'];
  let from: string[] = [];
  let before = 0;
  for (let start = 1; start <= 2; start++) {
    const run = new MillraceProcess(at, [...from, ...job]);
    await run.until(output, async () => lines(output).length > before);
    run.kill('SIGTERM');
    const { code, stderr } = await run.ended;
    t.equal(code, 0);
    if (from.length > 0) t.match(stderr, /^The state of \/.* was copied: .* may be deleted\.$/m);
    const path = /^Savepoint completed\. Path: (.*)$/m.exec(stderr)?.[1] ?? '';
    t.ok(existsSync(join(path, '_metadata')), stderr);
    from = ['-s', path];
    before = checkedCounts(t, output);
  }
  const resumed = await new MillraceProcess(at, ['--resume', ...job]).ended;
  t.equal(resumed.code, 0);
  t.match(resumed.stderr, `was stopped with a savepoint; go on from there with -s ${from[1]}`);
  t.equal(checkedCounts(t, output), before, 'nothing is done twice');
});

t.test('a savepoint answers what is asked of it, and goes when it is told to', async (t) => {
  const at = folder(t);
  const path = stopped(at);
  const before = new Map<number, number>();
  for (const line of lines(join(at, 'out'))) {
    const { key, n } = JSON.parse(line) as { key: number; n: number };
    before.set(key, Math.max(before.get(key) ?? 0, n));
  }
  const report = JSON.parse(node(BIN, 'savepoint', 'inspect', '--json', path).stdout) as SavepointReport;
  t.match(report, { path, kind: 'savepoint', job: 'running-counts' });
  const state = { state: 'reduced', type: 'value<{key:int32,n:int32}>', entries: 7 };
  t.match(
    report.operators.find(({ uid }) => uid === 'counts'),
    { parallelism: 2, maxParallelism: 128, keyed: [state] },
  );
  t.match(
    node(BIN, 'savepoint', 'inspect', path).stdout,
    /^counts {2}\(parallelism 2 .*\n {2}\S+ +value<.* 7 entries/m,
  );
  const read = node(BIN, 'savepoint', 'read', path, '--uid', 'counts', '--state', 'reduced');
  const entries = read.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { key: number; value: { n: number } });
  t.strictSame(
    new Map(entries.map(({ key, value }) => [key, value.n])),
    before,
    'the state is what came out last',
  );
  t.match(node(BIN, 'savepoint', 'read', path, '--uid', 'counts', '--state', 'x'), {
    code: 2,
    stderr: /^MR7001 /,
  });
  t.match(node(BIN, 'savepoint', 'diff', path, jobPath('running-counts'), '--output', 'out'), {
    code: 0,
    stdout: /^= counts {2}goes on from its state$/m,
  });
  const other = node(BIN, 'savepoint', 'diff', path, jobPath('doubled'));
  t.equal(other.code, 4);
  t.match(other.stdout, /^- counts {2}has state and no operator/m);
  t.equal(node(BIN, 'savepoint', 'dispose', path).code, 0);
  t.notOk(existsSync(path));
  t.match(node(BIN, 'savepoint', 'inspect', path), { code: 4, stderr: /^MR3008 / });
});

t.test('state that no operator takes is refused, or left out and named', async (t) => {
  const at = folder(t);
  const fromSavepoint = stopped(at);
  const other: Partial<SavepointPlan> = { job: 'doubled', params: {} };
  t.strictSame(carryOut(at, ['finish'], { ...other, options: { fromSavepoint } }).answers, ['MR2101']);
  const allowed = { fromSavepoint, allowNonRestoredState: true };
  const { answers, warnings } = carryOut(at, ['finish'], { ...other, options: allowed });
  t.strictSame(answers, ['finished']);
  t.match(warnings.join(), /The state of 'counts' is left out: the job has no such operator\./);
});

t.test(
  'a job whose state types were changed goes on from its savepoint, or is told why it cannot',
  async (t) => {
    const at = folder(t);
    const output = join(at, 'out');
    mkdirSync(output);
    const options = [
      'execution.checkpointing.savepoint-dir=savepoints',
      'execution.checkpointing.interval=200ms',
    ];
    const words = [
      ...options.flatMap((option) => ['-D', option]),
      jobPath('changed-types'),
      '--output',
      'out',
    ];
    let from: string[] = [];
    let before = 0;
    let path = '';
    for (const [version, parallelism] of [
      ['first', 2],
      ['second', 3],
    ] as const) {
      const run = new MillraceProcess(at, [...from, '-p', `${parallelism}`, ...words, '--version', version]);
      await run.until(output, async () => lines(output).length > before);
      run.kill('SIGTERM');
      const { code, stderr } = await run.ended;
      t.equal(code, 0, stderr);
      path = /^Savepoint completed\. Path: (.*)$/m.exec(stderr)?.[1] ?? '';
      const diffOf = (other: string) =>
        node(BIN, 'savepoint', 'diff', path, jobPath('changed-types'), '--output', 'out', '--version', other);
      if (version === 'first') {
        const diff = diffOf('second');
        t.equal(diff.code, 0, diff.stderr);
        t.match(
          diff.stdout,
          /^~ visits {2}state 'visits' is migrated from value<\{user:int32,count:int32,mark:string\}> to value<.*>$/m,
        );
      }
      t.match(node(BIN, 'savepoint', 'inspect', path).stdout, /^visits {2}\(.*, keys<int32>\)$/m);
      const wrong = diffOf('wrong');
      t.equal(wrong.code, 4);
      t.match(
        wrong.stdout,
        /^! visits: MR2103 The state 'visits', field 'count', is stored as \w+, and declared as string\./m,
      );
      from = ['-s', path];
      before = checkedCounts(t, output);
    }
    const later = lines(output).map((line) => JSON.parse(line) as { key: number; n: number; since?: number });
    const migrated = later.filter(({ since }) => since !== undefined);
    t.ok(migrated.length > 0);
    t.ok(migrated.every(({ since }) => since === 77));

    const { code, stderr } = await new MillraceProcess(at, [...from, ...words, '--version', 'wrong']).ended;
    t.equal(code, 4, stderr);
    t.match(
      stderr,
      /MR2103 The state 'visits', field 'count', is stored as float64, and declared as string\./,
    );
    t.match(stderr, /uid visits/);
    t.match(stderr, /another name/);
  },
);

/** The counts of running-counts, as its reduce keeps them. */
const REDUCED = types.object({ key: types.int32, n: types.int32 });

function countsAdding(more: number): KeyedStateBootstrapFunction<number, { key: number; n: number }> {
  let reduced: ValueState<{ key: number; n: number }>;
  return {
    open(ctx) {
      reduced = ctx.getState(new ValueStateDescriptor('reduced', REDUCED));
    },
    processElement: ({ key, n }) => reduced.update({ key, n: n + more }),
  };
}

function readCounts(reader: SavepointReader): AsyncIterable<{ key: number; n: number }> {
  let reduced: ValueState<{ key: number; n: number }>;
  return reader.readKeyedState('counts', {
    open(ctx) {
      reduced = ctx.getState(new ValueStateDescriptor('reduced', REDUCED));
    },
    readKey: (_key: number, _ctx, out: Collector<{ key: number; n: number }>) => {
      const value = reduced.value();
      if (value !== undefined) out.collect(value);
    },
  });
}

t.test('a job begins from state that was made without one, and from what was made of its own', async (t) => {
  const at = folder(t);
  const first = Array.from({ length: 7 }, (_, key) => ({ key, n: 1000 }));
  await SavepointWriter.newSavepoint(128)
    .withOperator(
      'counts',
      OperatorTransformation.bootstrapWith(first)
        .keyBy(({ key }) => key)
        .transform(countsAdding(0)),
    )
    .write(join(at, 'first'));
  const path = stopped(at, { parallelism: 3, options: { fromSavepoint: join(at, 'first') } });
  const numbers = lines(join(at, 'out')).map((line) => (JSON.parse(line) as { n: number }).n);
  t.equal(Math.min(...numbers), 1001, 'it goes on from there');
  const reader = await SavepointReader.read(path);
  let sum = 0;
  for await (const { n } of readCounts(reader)) sum += n;
  t.equal(sum, 7000 + numbers.length);
  const writer = await SavepointWriter.fromExistingSavepoint(path);
  const more = OperatorTransformation.bootstrapWith(readCounts(reader))
    .keyBy('key')
    .transform(countsAdding(1_000_000));
  await writer.removeOperator('counts').withOperator('counts', more).write(join(at, 'second'));
  const params = { output: join(at, 'again') };
  stopped(at, { parallelism: 2, params, options: { fromSavepoint: join(at, 'second'), start: 'fresh' } });
  const again = lines(params.output).map((line) => (JSON.parse(line) as { n: number }).n);
  t.ok(Math.min(...again) > 1_001_000, 'and its sources from where they were');
});
