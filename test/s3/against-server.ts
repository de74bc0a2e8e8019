import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import t from 'tap';
import { Prng } from '../../core/base/prng.js';
import { assertHandOvers } from '../fault/hand-overs.js';
import { expectedOutput, linesOf, wholeBuckets } from '../fault/keyed-timers-output.js';
import { jobPath, MillraceProcess, visibleFiles } from '../fault/millrace-process.js';
import { objectStoreContract, read, stream } from '../object-store-contract.js';
import { exchangeScenario } from './exchange-scenario.js';
import { type RecordedExchange, recorded } from './recorded-exchange.js';
import { evenFaults, RandomS3Faults, type S3Request } from './s3-fault-plan.js';
import { S3Proxy } from './s3-proxy.js';
import { s3StoreAt, TEST_CREDENTIALS } from './s3-store.js';

/**
 * The store and whole jobs on an S3 server that is not ours, which real-server.sh starts:
 * `S3_ENDPOINT`, its name and version in `S3_SERVER`; what is exchanged goes to the file `S3_RECORDING`.
 */
const { S3_ENDPOINT: endpoint = '', S3_SERVER: server = '', S3_RECORDING: recording } = process.env;
const COUNT = 2500;
const KILLS = 2;
const HAND_OVERS = Number(process.env.MILLRACE_HAND_OVERS ?? 4);
const MIB = 1024 * 1024;

Object.assign(process.env, TEST_CREDENTIALS, { AWS_EC2_METADATA_DISABLED: 'true' });
t.setTimeout(600_000);
const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true });
for (const Bucket of ['bucket', 'jobs', 'recorded']) await client.send(new CreateBucketCommand({ Bucket }));

objectStoreContract(
  t,
  server,
  s3StoreAt(endpoint, { prefix: 'c/' }),
  s3StoreAt(endpoint, { prefix: 'c/', seed: 2 }),
);

t.test(`${server}: creates conditionally`, (_t) => s3StoreAt(endpoint).assertConditionalCreate('probe/1'));

t.test(`${server}: a large object goes in parts and comes in pieces`, async (t) => {
  const store = s3StoreAt(endpoint, { prefix: 'large/' });
  const content = Buffer.alloc(17 * MIB + 5);
  for (let at = 0; at + 4 <= content.length; at += 4) content.writeUInt32LE(at, at);
  t.equal(await store.put('data/a', stream(content)), content.length);
  t.ok((await read(store, 'data/a')).equals(content));
});

t.test(`${server}: what is asked and answered`, async (t) => {
  const exchanges: RecordedExchange[] = [];
  const proxy = await S3Proxy.start(endpoint, {
    onExchange: (exchange) => exchanges.push(recorded(exchange)),
  });
  t.teardown(() => proxy.close());
  await exchangeScenario(t, proxy.endpoint, 'recorded');
  if (recording === undefined) return;
  writeFileSync(recording, `${JSON.stringify({ server, bucket: 'recorded', exchanges }, undefined, 1)}\n`);
});

t.test(`${server}: a job is killed while requests fail, and resumed`, async (t) => {
  const seed = Number(process.env.MILLRACE_SEED ?? Date.now() % 2 ** 31);
  t.comment(`seed ${seed}`);
  const prng = new Prng(seed);
  const folder = mkdtempSync(join(tmpdir(), 'millrace-real-s3-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const proxy = await S3Proxy.start(endpoint);
  t.teardown(() => proxy.close());
  const plan = new RandomS3Faults(prng.fork(), { ...evenFaults(0.02), stale: 0, bitFlip: 0 });
  const configuration = {
    'execution.checkpointing.dir': 's3://jobs/checkpoints',
    'execution.checkpointing.interval': '100 ms',
    'execution.checkpointing.tolerable-failed-checkpoints': '1000',
    's3.endpoint': proxy.endpoint,
    's3.path-style-access': 'true',
    's3.socket-timeout': '3 s',
    's3.retry.max-num-retries': '8',
  };
  const output = join(folder, 'out');
  const start = (): MillraceProcess =>
    new MillraceProcess(folder, [
      ...Object.entries(configuration).flatMap(([key, value]) => ['-D', `${key}=${value}`]),
      ...['--resume', jobPath('keyed-timers')],
      ...['--output', output, '--count', String(COUNT), '--rate', '500'],
    ]);
  for (let kill = 0; kill < KILLS; kill++) {
    let entriesLeft = 2;
    let requestsLeft = prng.between(1, 15);
    const process = start();
    proxy.faults = {
      faultOf: (request: S3Request) => {
        if (entriesLeft <= 0 && requestsLeft-- === 0) process.kill();
        if (request.operation === 'PutObject' && request.key.includes('/log/')) entriesLeft--;
        return plan.faultOf(request);
      },
    };
    const { code, stderr } = await process.ended;
    t.ok(code === 0 || code === 'SIGKILL', `killed or through: ${code} ${stderr}`);
  }
  proxy.faults = plan;
  const last = await start().ended;
  t.equal(last.code, 0, last.stderr);
  t.comment(`${last.stderr}; faults ${JSON.stringify(plan.drawn)}`);
  const { counts, odd } = expectedOutput(COUNT);
  t.same(
    wholeBuckets(linesOf(visibleFiles(join(output, 'counts')))),
    counts,
    `seed ${seed}: every result once`,
  );
  t.same(linesOf(visibleFiles(join(output, 'odd'))), odd, `seed ${seed}: every side output once`);
});

t.test(`${server}: the lead of a job goes from process to process`, { timeout: 200_000 }, async (t) => {
  await assertHandOvers(t, {
    configuration: {
      'execution.checkpointing.dir': 's3://jobs/hand-overs',
      'high-availability.type': 's3',
      'high-availability.storageDir': 's3://jobs/ha',
      's3.endpoint': endpoint,
      's3.path-style-access': 'true',
    },
    count: HAND_OVERS,
    seed: Number(process.env.MILLRACE_SEED ?? Date.now() % 2 ** 31),
  });
});
