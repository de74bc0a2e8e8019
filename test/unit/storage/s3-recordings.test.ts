import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { exchangeScenario } from '../../s3/exchange-scenario.js';
import type { S3Recording } from '../../s3/recorded-exchange.js';
import { ReplayServer } from '../../s3/replay-server.js';
import { TEST_CREDENTIALS } from '../../s3/s3-store.js';
import { packageRoot } from '../../tidy/source-tree.js';

/**
 * What real servers answered, played again: `S3_RECORDING=FILE test/s3/real-server.sh NAME` records anew, which a
 * change of what the store asks makes necessary.
 */
const folder = join(packageRoot(), 'test', 'golden', 's3');

for (const name of readdirSync(folder)) {
  const text = readFileSync(join(folder, name), 'utf8');
  const { server, bucket, exchanges } = JSON.parse(text) as S3Recording;

  t.test(`the store understands what ${server} answers`, async (t) => {
    const replay = await ReplayServer.start(exchanges);
    t.teardown(() => replay.close());
    await exchangeScenario(t, replay.endpoint, bucket);
    t.same(replay.differences, [], 'it asks what it asked');
    t.equal(replay.left, 0);
  });

  t.test(`what was recorded of ${server} holds no credentials`, async (t) => {
    for (const secret of Object.values(TEST_CREDENTIALS)) t.notOk(text.includes(secret));
    t.notMatch(text, /authorization|signature=|x-amz-security-token/i);
  });
}
