import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Prng } from '../../core/base/prng.js';
import { evenFaults, NO_S3_FAULTS, RandomS3Faults, type S3Request } from '../s3/s3-fault-plan.js';
import { S3Server } from '../s3/s3-server.js';
import { TEST_CREDENTIALS } from '../s3/s3-store.js';
import wideState from './jobs/wide-state.js';
import { expectedOutput, linesOf, wholeBuckets } from './keyed-timers-output.js';
import { jobPath, MillraceProcess, visibleFiles } from './millrace-process.js';

/**
 * Checkpoints on an S3 server that fails in every way, by `millrace run` as a user has it: killed in the middle of
 * requests and resumed, cut off from the server for a while, begun from the checkpoint of another.
 */
const COUNT = 3000;
const KILLS = 3;
const KEYS = 6000;
/** How long the server is not to be reached, ms; the job takes three times as long. */
const OUTAGE_MS = Number(process.env.MILLRACE_OUTAGE_MS ?? 1500);

// Of this process and of those that it starts.
Object.assign(process.env, TEST_CREDENTIALS, { AWS_EC2_METADATA_DISABLED: 'true' });

interface Place {
  readonly folder: string;
  readonly output: string;
  readonly server: S3Server;
  run(...options: string[]): MillraceProcess;
}

async function place(t: Test, rate = 1000): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-s3-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const server = await S3Server.start();
  t.teardown(() => server.close());
  const output = join(folder, 'out');
  const configuration = {
    'execution.checkpointing.dir': 's3://bucket/checkpoints',
    'execution.checkpointing.interval': '100 ms',
    'execution.checkpointing.tolerable-failed-checkpoints': '1000',
    's3.endpoint': server.endpoint,
    's3.path-style-access': 'true',
    's3.socket-timeout': '2 s',
  };
  const flags = Object.entries(configuration).flatMap(([key, value]) => ['-D', `${key}=${value}`]);
  const job = [jobPath('keyed-timers'), '--output', output, '--count', String(COUNT), '--rate', String(rate)];
  return {
    folder,
    output,
    server,
    run: (...options) => new MillraceProcess(folder, [...flags, ...options, ...job]),
  };
}

/** Every result once. */
function assertWhole(t: Test, output: string, about: string): void {
  const { counts, odd } = expectedOutput(COUNT);
  t.same(wholeBuckets(linesOf(visibleFiles(join(output, 'counts')))), counts, `${about}: every result once`);
  t.same(linesOf(visibleFiles(join(output, 'odd'))), odd, `${about}: every side output once`);
}

t.setTimeout(480_000);

t.test(
  'killed in the middle of requests that fail, each result is there once',
  { timeout: 300_000 },
  async (t) => {
    const seed = Number(process.env.MILLRACE_SEED ?? Date.now() % 2 ** 31);
    t.comment(`seed ${seed}`);
    const prng = new Prng(seed);
    const { output, server, run } = await place(t, 500);
    const plan = new RandomS3Faults(prng.fork(), evenFaults(0.02));
    const start = (): MillraceProcess =>
      run('-p', String(prng.between(1, 2)), '--resume', '-D', 's3.retry.max-num-retries=8');
    let restores = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      // So many entries of the log (the first says who leads), and then so many requests.
      let entriesLeft = kill === 0 ? 2 : prng.between(1, 2);
      let requestsLeft = prng.between(1, 15);
      const process = start();
      server.faults = {
        faultOf: (request: S3Request) => {
          if (entriesLeft <= 0 && requestsLeft-- === 0) process.kill();
          if (request.operation === 'PutObject' && request.key.includes('/log/')) entriesLeft--;
          return plan.faultOf(request);
        },
      };
      const { code, stderr } = await process.ended;
      t.ok(code === 0 || code === 'SIGKILL', `killed or through: ${code} ${stderr}`);
      if (stderr.includes(' starts from checkpoint ')) restores++;
    }
    server.faults = plan;
    const last = await start().ended;
    t.equal(last.code, 0, last.stderr);
    t.comment(`${restores} of ${KILLS} runs went on from a checkpoint; faults ${JSON.stringify(plan.drawn)}`);
    assertWhole(t, output, `seed ${seed}`);
    plan.rates = NO_S3_FAULTS;
    const again = await start().ended;
    t.match(again.stderr, /has finished before/);
    assertWhole(t, output, 'after one more resume');
    t.equal(server.bucket.uploads.size, 0, 'no upload is left unfinished');
  },
);

t.test(
  '[scenario 7] cut off from the server, the job goes on, and the next checkpoint succeeds',
  async (t) => {
    const { output, server, run } = await place(t, Math.round((COUNT * 300) / OUTAGE_MS));
    let slots = 0;
    let isOver = false;
    server.faults = {
      faultOf: ({ operation, key }) => {
        if (operation !== 'PutObject' || isOver) return undefined;
        if (key.includes('/log/')) slots++;
        // A checkpoint is complete when the files of the next are cut off.
        if (slots < 2 || !key.includes('/data/')) return undefined;
        isOver = true;
        server.pause().catch((error: unknown) => t.fail(String(error)));
        setTimeout(() => server.resume().catch((error: unknown) => t.fail(String(error))), OUTAGE_MS);
        return { kind: 'reset' };
      },
    };
    const { code, stdout, stderr } = await run('--json', '-D', 's3.retry.max-num-retries=1').ended;
    t.equal(code, 0, stderr);
    const { attempts, checkpoints } = JSON.parse(stdout);
    t.equal(attempts, 1, 'nothing restarted');
    t.comment(
      `${checkpoints.failed} checkpoints failed in ${OUTAGE_MS} ms, ${checkpoints.completed} were completed`,
    );
    t.ok(checkpoints.failed >= 1, `${checkpoints.failed} failed`);
    t.ok(checkpoints.completed >= 2, `${checkpoints.completed} completed`);
    assertWhole(t, output, 'after the outage');
  },
);

t.test('a job begins from the checkpoint of another at an s3:// address', async (t) => {
  const { output, server, run } = await place(t);
  const process = run('--job-id', 'one');
  let slots = 0;
  server.faults = {
    faultOf: ({ operation, key }) => {
      if (operation === 'PutObject' && key.includes('/log/') && ++slots === 4) process.kill();
      return undefined;
    },
  };
  t.equal((await process.ended).code, 'SIGKILL');
  const before = visibleFiles(join(output, 'odd')).size;
  t.comment(`${before} files had been committed`);
  const missing = await run('--job-id', 'two', '-s', 's3://bucket/checkpoints/nothing').ended;
  t.equal(missing.code, 4, missing.stderr);
  t.match(missing.stderr, /MR3008 There is no checkpoint at s3:\/\/bucket\/checkpoints\/nothing/);
  const second = await run('--job-id', 'two', '-s', 's3://bucket/checkpoints/one').ended;
  t.equal(second.code, 0, second.stderr);
  t.match(second.stderr, /Job two starts from checkpoint/);
  assertWhole(t, output, 'by two jobs');
});

t.test(
  'state that is uploaded in parts and read in pieces brings a job through the end of its threads',
  async (t) => {
    const seed = Number(process.env.MILLRACE_SEED ?? Date.now() % 2 ** 31);
    t.comment(`seed ${seed}`);
    const { server } = await place(t);
    server.faults = new RandomS3Faults(new Prng(seed), evenFaults(0.01));
    const counts = await wideState.executeAndCollect<number>(
      { keys: KEYS, count: KEYS * 3, crash: '1:12000' },
      {
        parallelism: 1,
        checkpointing: { interval: '700 ms', dir: 's3://bucket/wide' },
        configuration: {
          'execution.checkpointing.tolerable-failed-checkpoints': 1000,
          's3.endpoint': server.endpoint,
          's3.socket-timeout': '3 s',
          's3.retry.max-num-retries': 8,
        },
      },
    );
    t.ok(
      server.requests.some((request) => request.startsWith('UploadPart ')),
      'a file went in parts',
    );
    t.same(
      [1, 2, 3].map((count) => counts.filter((each) => each === count).length),
      [KEYS, KEYS, KEYS],
    );
  },
);

t.test('tasks that begin again read what lies on this machine, and nothing of the server', async (t) => {
  for (const fromLocal of [true, false]) {
    const { server } = await place(t);
    const counts = await wideState.executeAndCollect<number>(
      { keys: KEYS, count: KEYS * 3, crash: '1:12000' },
      {
        parallelism: 2,
        checkpointing: { interval: '300 ms', dir: 's3://bucket/wide' },
        configuration: {
          'execution.state-recovery.from-local': fromLocal,
          's3.endpoint': server.endpoint,
        },
      },
    );
    t.equal(counts.filter((each) => each === 3).length, KEYS);
    const read = server.requests.filter((request) => /^GetObject .*\/data\//.test(request));
    const written = server.requests.filter((request) =>
      /^(Put|CompleteMultipart)\S+ .*\/data\//.test(request),
    );
    t.ok(written.length > 0, `${written.length} files were written`);
    if (fromLocal) t.same(read, []);
    else t.comment(`${read.length} requests without copies`);
  }
});

t.test('what cannot work is refused before it begins, and shows no credentials', async (t) => {
  const { run, server } = await place(t);
  const typo = await run('-D', 's3.endpont=http://127.0.0.1:1').ended;
  t.equal(typo.code, 3);
  t.match(typo.stderr, /MR4001 .*'s3\.endpont'.*Did you mean 's3\.endpoint'/);
  const secret = await run('-D', 's3.secret-key=hidden').ended;
  t.equal(secret.code, 3);
  t.match(secret.stderr, /MR4001 .*AWS provider chain/);
  t.notMatch(secret.stderr, /hidden/);
  const endpoint = await run('-D', 's3.endpoint=http://me:hidden@127.0.0.1:1').ended;
  t.equal(endpoint.code, 3);
  t.match(endpoint.stderr, /MR4002 .*s3\.endpoint/);
  t.notMatch(endpoint.stderr, /hidden/);
  const bucket = await run('-D', 'execution.checkpointing.dir=s3://nowhere/x').ended;
  t.equal(bucket.code, 5);
  t.match(bucket.stderr, /MR3002 .*s3:\/\/nowhere\/x.*NoSuchBucket/);
  server.buckets.clear();
  const gone = await run().ended;
  t.equal(gone.code, 5);
  for (const { stdout, stderr } of [typo, secret, endpoint, bucket, gone]) {
    for (const text of Object.values(TEST_CREDENTIALS)) t.notOk(`${stdout}${stderr}`.includes(text));
  }
});
