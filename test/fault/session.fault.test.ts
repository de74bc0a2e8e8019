import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { Prng } from '../../core/base/prng.js';
import { until } from './looks.js';
import { jobPath, MillraceProcess } from './millrace-process.js';
import { committed, expected, linesOf, readings } from './sensor-readings.js';

/** A cluster that takes jobs by their names: `cluster start`, `run -m`, `cluster stop`, and who stands by for it. */
t.setTimeout(240_000);

const RECORDS = 30_000;
const SEED = Number(process.env.MILLRACE_SEED ?? Date.now() % 2 ** 31);

function world(t: Test) {
  t.comment(`seed ${SEED}`);
  const folder = mkdtempSync(join(tmpdir(), 'millrace-session-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const input = readings(new Prng(SEED), RECORDS);
  writeFileSync(join(folder, 'in.jsonl'), linesOf(input));
  mkdirSync(join(folder, 'out'));
  const own = {
    'rest.port': '0',
    'env.pid.dir': join(folder, 'pids'),
    'web.submit.jobs-dir': dirname(jobPath('sensor-minutes')),
    'execution.checkpointing.interval': '100 ms',
  };
  const start = (configuration: Readonly<Record<string, string>> = {}): MillraceProcess => {
    const flags = Object.entries({ ...own, ...configuration }).flatMap(([key, value]) => [
      '-D',
      `${key}=${value}`,
    ]);
    const cluster = new MillraceProcess(folder, ['start', ...flags], 'cluster');
    t.teardown(() => cluster.kill());
    return cluster;
  };
  const submit = (target: string, options: readonly string[], rate: number): MillraceProcess => {
    const job = ['sensor-minutes.js', '--input', 'in.jsonl', '--output', 'out', '--rate', `${rate}`];
    return new MillraceProcess(folder, ['-m', target, ...options, ...job]);
  };
  const stop = (): MillraceProcess =>
    new MillraceProcess(folder, ['stop', '-D', `env.pid.dir=${own['env.pid.dir']}`], 'cluster');
  return {
    folder,
    start,
    submit,
    stop,
    committed: () => committed(join(folder, 'out')),
    expected: () => expected(input),
  };
}

/** `host:port` of the REST interface. */
async function addressOf(cluster: MillraceProcess): Promise<string> {
  const [line] = await cluster.said(/^REST interface: http:\/\/(\S+)$/);
  return line?.[1] ?? '';
}

t.test('a job is submitted by the name of its file, and its end is waited for', async (t) => {
  const { start, submit, stop, committed, expected } = world(t);
  const cluster = start();
  const address = await addressOf(cluster);
  const { code, stdout, stderr } = await submit(address, ['-p', '2'], 1_000_000).ended;
  t.equal(code, 0, stderr);
  t.match(stdout, /^[0-9a-f]{32}\n$/);
  t.match(stderr, /The job is FINISHED/);
  t.same(committed(), expected());
  const refused = await submit(address, ['-D', 'execution.checkpointing.dir=/tmp/x'], 1).ended;
  t.equal(refused.code, 2, refused.stderr);
  t.match(refused.stderr, /MR7005 .*cannot set 'execution\.checkpointing\.dir'/);
  const stopped = await stop().ended;
  t.equal(stopped.code, 0);
  t.match(stopped.stderr, /The cluster in process \d+ has stopped/);
  t.equal((await cluster.ended).code, 143);
  const nobody = await submit(address, ['-d'], 1).ended;
  t.equal(nobody.code, 2);
  t.match(nobody.stderr, /^MR7004 No cluster answers/);
});

t.test('who stands by takes the jobs of a killed leader over, each result once', async (t) => {
  const { folder, start, submit, committed, expected } = world(t);
  const configuration = {
    'high-availability.type': 'filesystem',
    'high-availability.storageDir': join(folder, 'ha'),
  };
  const leader = start(configuration);
  const address = await addressOf(leader);
  const standBy = start(configuration);
  const [standing] = await standBy.said(
    /^Standing by: process (\d+) on \S+ leads, http:\/\/(\S+)\. http:\/\/(\S+) sends clients there\.$/,
  );
  t.same(standing?.slice(1, 3), [`${leader.pid}`, address], 'the leader is named, with its address');
  await assertSendsTo(t, standing?.[3] ?? '', address);
  // It must last until it is taken over, however busy the machine is.
  const { code, stdout, stderr } = await submit(address, ['-d'], 1000).ended;
  t.equal(code, 0, stderr);
  const jobId = stdout.trim();
  const rescaled = await new MillraceProcess(folder, ['-m', address, jobId, '-p', '2'], 'rescale').ended;
  t.equal(rescaled.code, 0, rescaled.stderr);
  await leader.until(join(folder, 'out'), async () => committed().length > 0);
  const json = { 'content-type': 'application/json' };
  const another = { method: 'POST', headers: json, body: '{}' };
  t.equal((await fetch(`http://${address}/millrace/taskmanagers`, another)).status, 200);
  leader.kill();
  const [recovered] = await standBy.said(/^Job sensor-minutes \(([0-9a-f]{32})\) starts from .*$/);
  t.equal(recovered?.[1], jobId, 'clients know it by the same id');
  const next = await addressOf(standBy);
  t.equal(next, standing?.[3], 'it stays where it was');
  const requirements = await fetch(`http://${next}/jobs/${jobId}/resource-requirements`);
  const bounds = Object.values((await requirements.json()) as Readonly<Record<string, unknown>>);
  t.match(bounds[0], { parallelism: { upperBound: 2 } }, 'the rescale goes with it');
  const managers = await (await fetch(`http://${next}/taskmanagers`)).json();
  t.match(managers, { taskmanagers: { length: 2 } }, 'there are as many TaskManagers as there were');
  const checkpoints = await (await fetch(`http://${next}/jobs/${jobId}/checkpoints`)).json();
  t.match(checkpoints, { latest: { restored: { external_path: /\/sensor-minutes\/log\/\d+$/ } } });
  await ended(next, jobId);
  t.same(committed(), expected());
  standBy.kill('SIGTERM');
  await standBy.ended;
  const third = start(configuration);
  await third.said(/has started in process/);
  await addressOf(third);
  t.same(committed(), expected(), 'what has ended is not run again');
});

t.test('a client may end the cluster', async (t) => {
  const { start } = world(t);
  const cluster = start();
  const answer = await fetch(`http://${await addressOf(cluster)}/v1/cluster`, { method: 'DELETE' });
  t.equal(answer.status, 200);
  t.same(await answer.json(), {});
  t.equal((await cluster.ended).code, 0);
});

/** One that stands by answers with where the leader is, and the command line goes there. */
async function assertSendsTo(t: Test, standBy: string, leader: string): Promise<void> {
  const answer = await fetch(`http://${standBy}/v1/jobs/overview?x=1`, { redirect: 'manual' });
  t.equal(answer.status, 307);
  t.equal(answer.headers.get('location'), `http://${leader}/v1/jobs/overview?x=1`);
  t.match(await (await fetch(`http://${standBy}/metrics`)).text(), /^# /, 'its own');
  const listed = await new MillraceProcess(tmpdir(), ['-m', standBy], 'list').ended;
  t.equal(listed.code, 0, listed.stderr);
}

t.test('told to stop, a cluster ends its jobs with savepoints', async (t) => {
  const { folder, start, submit } = world(t);
  const cluster = start({ 'execution.checkpointing.savepoint-dir': join(folder, 'savepoints') });
  const address = await addressOf(cluster);
  await submit(address, ['-d'], 5000).ended;
  // Once there is output, every task runs.
  await cluster.until(join(folder, 'out'), async () => readdirSync(join(folder, 'out')).length > 0);
  cluster.kill('SIGTERM');
  const { code, stderr } = await cluster.ended;
  t.equal(code, 143);
  t.match(stderr, /^Job sensor-minutes: Savepoint completed\. Path: .*savepoints\/savepoint-/m);
});

/** Resolves when the job of the cluster at that address has finished; rejects if it ends otherwise. */
function ended(address: string, jobId: string): Promise<void> {
  return until(async () => {
    const response = await fetch(`http://${address}/jobs/${jobId}`);
    const { state } = (await response.json()) as { state?: string };
    if (state === 'FAILED' || state === 'CANCELED') throw new Error(`The job is ${state}.`);
    return state === 'FINISHED';
  });
}
