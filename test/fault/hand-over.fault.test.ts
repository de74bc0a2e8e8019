import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { Prng } from '../../core/base/prng.js';
import { S3Server } from '../s3/s3-server.js';
import { TEST_CREDENTIALS } from '../s3/s3-store.js';
import { assertHandOvers, TIMES } from './hand-overs.js';
import { jobPath, MillraceProcess } from './millrace-process.js';
import { linesOf, readings } from './sensor-readings.js';

/**
 * The lead of a job under load goes from process to process, in files and on S3: no record is lost or doubled.
 * `MILLRACE_HAND_OVERS` says how often.
 */
const COUNT = Number(process.env.MILLRACE_HAND_OVERS ?? 2);
const SEED = Number(process.env.MILLRACE_SEED ?? Date.now() % 2 ** 31);

Object.assign(process.env, TEST_CREDENTIALS, { AWS_EC2_METADATA_DISABLED: 'true' });
t.setTimeout(120_000 + COUNT * 60_000);

t.test(`[scenario 16] in files, ${COUNT} times`, { timeout: 60_000 + COUNT * 30_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-ha-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  await assertHandOvers(t, {
    configuration: {
      'execution.checkpointing.dir': join(folder, 'checkpoints'),
      'high-availability.type': 'filesystem',
      'high-availability.storageDir': join(folder, 'ha'),
    },
    count: COUNT,
    seed: SEED,
  });
});

t.test(`[scenario 16] on S3, ${COUNT} times`, { timeout: 60_000 + COUNT * 30_000 }, async (t) => {
  const server = await S3Server.start();
  t.teardown(() => server.close());
  await assertHandOvers(t, {
    configuration: {
      'execution.checkpointing.dir': 's3://bucket/checkpoints',
      'high-availability.type': 's3',
      'high-availability.storageDir': 's3://bucket/ha',
      's3.endpoint': server.endpoint,
      's3.path-style-access': 'true',
    },
    count: COUNT,
    seed: SEED,
  });
});

t.test('who loses the lead with the storage tells so, and ends', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-ha-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'in.jsonl'), linesOf(readings(new Prng(SEED), 50_000)));
  const storage = join(folder, 'storage');
  const configuration = {
    ...TIMES,
    'execution.checkpointing.dir': storage,
    'high-availability.type': 'filesystem',
    'high-availability.storageDir': storage,
  };
  const leader = new MillraceProcess(folder, [
    ...Object.entries(configuration).flatMap(([key, value]) => ['-D', `${key}=${value}`]),
    ...[jobPath('sensor-minutes'), '--input', 'in.jsonl', '--output', 'out', '--rate', '1000'],
  ]);
  t.teardown(() => leader.kill());
  await leader.started;
  // Nothing can be given back there either.
  renameSync(storage, join(folder, 'gone'));
  writeFileSync(storage, '');
  const { code, stderr } = await leader.ended;
  t.equal(code, 6, stderr);
  t.match(stderr, /^MR8003 /m);
});
