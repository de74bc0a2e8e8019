import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCluster } from 'millrace';
import t, { type Test } from 'tap';
import { COMMANDS } from '../../actors/boot/command-line.js';
import { Prng } from '../../core/base/prng.js';
import { runCaptured } from '../unit/actors/captured-program.js';
import counts from './jobs/running-counts.js';
import { jobPath, MillraceProcess } from './millrace-process.js';
import { committed, expected, linesOf, readings } from './sensor-readings.js';

/** What a person does with a job that runs, by the command line: in this process, and as they do it. */
t.setTimeout(240_000);

const RECORDS = 30_000;
const SEED = Number(process.env.MILLRACE_SEED ?? Date.now() % 2 ** 31);

function folderOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-client-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

t.test('a cluster in a program is asked by the same commands', async (t) => {
  const folder = folderOf(t);
  const cluster = await LocalCluster.start({
    parallelism: 1,
    checkpointing: { interval: '200 ms', dir: join(folder, 'checkpoints') },
    rest: { port: 0 },
    configuration: { 'execution.checkpointing.savepoint-dir': join(folder, 'savepoints') },
  });
  t.teardown(() => cluster.close());
  const target = new URL(cluster.restUrl ?? '').host;
  const ask = (...words: readonly string[]) => runCaptured([...words, '-m', target], COMMANDS, folder);
  const none = await ask('list');
  t.match(none, { exitCode: 0, stdout: 'No running jobs.\nNo scheduled jobs.\n' });
  const first = await cluster.submit(counts, { output: join(folder, 'out') }, { jobId: 'first' });
  const second = await cluster.submit(counts, { output: join(folder, 'out') }, { jobId: 'second' });
  t.match((await ask('list', '-r')).stdout, new RegExp(`${first.jobId} : first \\(\\w+\\)\n`));
  const rescaled = await ask('rescale', 'first', '-p', '2');
  t.equal(rescaled.exitCode, 0, rescaled.stderr);
  t.match(rescaled.stdout, /^Rescaled job \w+.*\n {2}.*: 1 -> 2\n/);
  t.equal((await first.status())?.tasks, 4);
  t.match(await ask('rescale', 'first', '-p', '2'), { stdout: /has that parallelism/ });
  const checkpoint = await ask('checkpoint', 'first', '--json');
  t.match(JSON.parse(checkpoint.stdout), { jobId: first.jobId, checkpointId: Number });
  const saved = await ask('savepoint', first.jobId.slice(0, 8));
  t.match(saved.stdout, /^Savepoint completed\. Path: .*savepoints\/savepoint-\w+\n$/);
  const path = /Path: (.*)$/m.exec(saved.stdout)?.[1] ?? '';
  t.match(await ask('savepoint', '-d', path), { exitCode: 0, stdout: /disposed/ });
  t.match(await ask('savepoint', '-d', path), { exitCode: 4, stderr: /MR7005 .* is not removed.*MR3008/s });
  const stopped = await ask('stop', '--json', 'first');
  const { location } = JSON.parse(stopped.stdout) as { location: string };
  t.equal((await first.result()).savepointPath, location);
  t.match(await ask('stop', 'first'), { exitCode: 2, stderr: /MR7002 .*has ended: it is FINISHED/ });
  t.match(await ask('cancel', 'second'), { exitCode: 0, stdout: `Cancelled job ${second.jobId}.\n` });
  await t.rejects(second.result(), { code: 'MR5007' });
  const ended = await ask('list', '--all');
  t.match(ended.stdout, /first \(FINISHED\)\n/);
  t.match(ended.stdout, /second \(CANCELED\)\n/);
});

t.test('the plan of a job is told without running it', async (t) => {
  const folder = folderOf(t);
  const args = ['-p', '3', jobPath('sensor-minutes'), '--input', 'in.jsonl', '--output', 'out'];
  const { code, stdout, stderr } = await new MillraceProcess(folder, args, 'info').ended;
  t.equal(code, 0, stderr);
  t.match(stderr, /^-+ Execution Plan -+\n-+\n$/);
  t.match(JSON.parse(stdout), {
    nodes: [
      { id: 1, pact: 'Data Source', parallelism: 3, uid: 'readings' },
      { id: 2, pact: 'Data Sink', uid: 'minutes', predecessors: [{ id: 1, ship_strategy: 'HASH' }] },
    ],
  });
  t.same(readdirSync(folder), []);
  const missing = await new MillraceProcess(folder, ['nowhere.js'], 'info').ended;
  t.match(missing, { code: 2, stdout: '', stderr: /MR7001 There is no job file nowhere\.js/ });
});

t.test(
  'a job that was rescaled and stopped from outside goes on from its savepoint, each result once',
  async (t) => {
    t.comment(`seed ${SEED}`);
    const folder = folderOf(t);
    const input = readings(new Prng(SEED), RECORDS);
    writeFileSync(join(folder, 'in.jsonl'), linesOf(input));
    const job = [jobPath('sensor-minutes'), '--input', 'in.jsonl', '--output', 'out', '--rate'];
    const flags = ['-p', '1', '-D', 'rest.port=0', '-D', 'execution.checkpointing.savepoint-dir=savepoints'];
    const run = new MillraceProcess(folder, [...flags, ...job, '2000']);
    t.teardown(() => run.kill());
    const [line] = await run.said(/^REST interface: http:\/\/(\S+)$/);
    const ask = (command: string, ...words: readonly string[]) =>
      new MillraceProcess(folder, [...words, '-m', line?.[1] ?? ''], command).ended;
    t.match((await ask('list')).stdout, /: sensor-minutes \(RUNNING\)\n/);
    for (const [command, words, outcome] of [
      ['savepoint', ['sensor-minutes', 'savepoints'], /^Savepoint completed/],
      ['rescale', ['sensor-minutes', '-p', '2'], /1 -> 2\n/],
      ['checkpoint', ['sensor-minutes', '--full'], /^Checkpoint\(FULL\) \d+ for job \w+ completed/],
    ] as const) {
      const { code, stdout, stderr } = await ask(command, ...words);
      t.equal(code, 0, stderr);
      t.match(stdout, outcome);
    }
    const stopped = await ask('stop', 'sensor-minutes', '-p', 'savepoints');
    t.equal(stopped.code, 0, stopped.stderr);
    const path = /^Savepoint completed\. Path: (.*)$/m.exec(stopped.stdout)?.[1] ?? '';
    const { code, stderr } = await run.ended;
    t.equal(code, 0, stderr);
    t.ok(stderr.includes(`Savepoint completed. Path: ${path}\n`), stderr);
    t.ok(committed(join(folder, 'out')).length < expected(input).length, 'it has not come to its end');
    t.equal((await ask('list')).code, 2, 'the cluster went with its job');
    const next = await new MillraceProcess(folder, ['--fresh', '-s', path, ...flags, ...job, '1000000'])
      .ended;
    t.equal(next.code, 0, next.stderr);
    t.same(committed(join(folder, 'out')), expected(input));
  },
);
