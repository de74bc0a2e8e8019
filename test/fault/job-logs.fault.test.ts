import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCluster } from 'millrace';
import t from 'tap';
import talking from './jobs/talking.js';
import { jobPath, MillraceProcess } from './millrace-process.js';

const CANARY = 'c4n4ry-0f-7he-m1ne';

function folder(t: { teardown(work: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-logs-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly job: string;
  readonly vertex?: string;
  readonly subtask?: number;
  readonly attempt?: number;
}

function linesOf(path: string): Line[] {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Line);
}

t.test('what happened, what functions say and what they print is in the logs of the job', async (t) => {
  const at = folder(t);
  const run = await new MillraceProcess(at, [jobPath('talking'), '--db-password', CANARY]).ended;
  t.equal(run.code, 0);
  t.match(run.stdout, /^three of them$/m, 'printed lines come out as before');
  t.notMatch(run.stderr, /"msg"/, 'lines go to the terminal only where that is asked for');

  const logs = join(at, '.millrace', 'talking', 'logs');
  const said = linesOf(join(logs, 'taskmanager.log'));
  const place = { job: 'talking', vertex: 'talking -> Sink: nowhere', subtask: 0 };
  t.match(said, [{ msg: 'opened', level: 30, attempt: 1, operator: 'talking', password: '***', ...place }]);
  t.ok(said.some(({ msg, attempt }) => msg === 'opened' && attempt === 2));
  t.ok(said.some(({ msg }) => msg === 'three of them'));
  t.notOk(said.some(({ msg }) => msg === 'not to be seen'));

  const happened = linesOf(join(logs, 'jobmanager.log')).map(({ msg }) => msg);
  t.ok(happened.includes('The job goes from CREATED to RUNNING.'));
  t.ok(happened.some((msg) => msg.startsWith('Attempt 1 has failed in talking: MR5001')));
  t.ok(happened.some((msg) => /^Checkpoint \d+ is complete\.$/.test(msg)));
  t.ok(happened.includes('The job goes from RUNNING to FINISHED.'));

  for (const name of readdirSync(logs)) t.notMatch(readFileSync(join(logs, name), 'utf8'), CANARY, name);
});

t.test('what a job throws is shown without its secrets', async (t) => {
  const cluster = await LocalCluster.start({
    checkpointing: { interval: '1 s', dir: folder(t) },
    rest: { port: 0 },
  });
  t.teardown(() => cluster.close());
  const job = await cluster.submit(talking, { 'db-password': CANARY });
  await job.result();
  for (const path of ['exceptions', 'config', 'execution-result', 'jobmanager/config']) {
    const text = await (await fetch(`${cluster.restUrl}/jobs/${job.jobId}/${path}`)).text();
    t.notMatch(text, CANARY, path);
    if (path === 'exceptions') t.match(text, /no five, says \*\*\*/);
  }
});

t.test('with a level the lines go to standard error too, and to a folder of its own', async (t) => {
  const at = folder(t);
  const args = ['--log-level', 'debug', '-D', `env.log.dir=${join(at, 'elsewhere')}`];
  const run = await new MillraceProcess(at, [...args, jobPath('talking'), '--db-password', CANARY]).ended;
  t.equal(run.code, 0);
  t.match(run.stderr, /"msg":"not to be seen"/);
  t.match(run.stderr, /"msg":"The job goes from RUNNING to FINISHED\."/);
  t.match(readdirSync(join(at, 'elsewhere', 'talking')).sort(), ['jobmanager.log', 'taskmanager.log']);
  t.notMatch(
    run.stderr
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .join('\n'),
    CANARY,
  );
});
