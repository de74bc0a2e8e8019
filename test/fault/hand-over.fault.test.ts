import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { S3Server } from '../s3/s3-server.js';
import { TEST_CREDENTIALS } from '../s3/s3-store.js';
import { assertHandOvers } from './hand-overs.js';

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
