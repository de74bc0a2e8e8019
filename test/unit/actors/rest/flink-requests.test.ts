import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { MillraceError, toWireError } from '../../../../core/internal.js';
import type { RecordedRequest } from '../../../rest/recording-proxy.js';
import { packageRoot } from '../../../tidy/source-tree.js';
import { ask, openRestWorld } from './rest-world.js';
import { JOB_ID } from './sample-cluster.js';

/** By what was typed; see test/rest/flink-client.sh. */
const RECORDED = JSON.parse(
  readFileSync(join(packageRoot(), 'test', 'golden', 'rest', 'flink-2.2-requests.json'), 'utf8'),
) as Readonly<Record<string, readonly RecordedRequest[]>>;

const DONE: Readonly<Record<string, RegExp>> = {
  savepoint: /^savepoint undefined undefined$/,
  'savepoint-into': /^savepoint \S+\/savepoints\/others undefined$/,
  'savepoint-detached': /^savepoint undefined undefined$/,
  checkpoint: /^checkpoint CONFIGURED$/,
  'checkpoint-full': /^checkpoint FULL$/,
  dispose: /^dispose \S+\/savepoints\/savepoint-disposed$/,
  'dispose-again': /^dispose /,
  stop: /^savepoint \S+\/savepoints suspend$/,
  'stop-drain': /^savepoint undefined drain$/,
  'cancel-with-savepoint': /^savepoint undefined suspend$/,
  cancel: /^cancel /,
};

for (const [name, requests] of Object.entries(RECORDED)) {
  t.test(`what Flink's client sends is answered: ${name}`, async (t) => {
    const { server, done, defects } = await openRestWorld({ roots: ['savepoints'] });
    t.teardown(() => server.close());
    let triggerId = '';
    let answer: Record<string, unknown> = {};
    for (const { method, path, headers, body, status } of requests) {
      const sent = { ...headers, 'content-length': String(Buffer.byteLength(body)) };
      const { status: answered, text } = await ask(
        server,
        path.replace('JOB', JOB_ID).replace('TRIGGER', triggerId),
        { method, headers: sent, body },
      );
      t.equal(answered, status, `${method} ${path}: ${text}`);
      answer = JSON.parse(text);
      if (typeof answer['request-id'] === 'string') triggerId = answer['request-id'];
    }
    if (requests.length > 1) t.match(answer, { status: { id: 'COMPLETED' } }, 'what is polled for ends');
    t.match(done.join('\n'), DONE[name] ?? /^$/);
    t.same(defects, []);
  });
}

t.test('a trigger id that comes again starts nothing again', async (t) => {
  const { server, done } = await openRestWorld();
  t.teardown(() => server.close());
  const request = RECORDED.stop?.[0];
  const body = JSON.stringify({ drain: false, triggerId: 'a'.repeat(32) });
  const send = () =>
    ask(server, `/v1/jobs/${JOB_ID}/stop`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
  t.ok(request);
  t.same(JSON.parse((await send()).text), JSON.parse((await send()).text));
  t.equal(done.length, 1);
});

t.test(
  'a failed operation carries its reason as text, and as the Java object that the client reads',
  async (t) => {
    const error = new MillraceError('MR3007', 'The savepoint failed \u0000 \u20ac \ud83d\ude00.', {
      cause: new MillraceError('MR3003', 'The disk is full.'),
    });
    const { server } = await openRestWorld({
      cluster: { savepoint: async () => ({ type: 'failed', error: toWireError(error) }) },
    });
    t.teardown(() => server.close());
    const headers = { 'content-type': 'application/json' };
    const triggered = await ask(server, `/jobs/${JOB_ID}/savepoints`, {
      method: 'POST',
      headers,
      body: '{}',
    });
    const { 'request-id': id } = JSON.parse(triggered.text);
    const { operation } = JSON.parse((await ask(server, `/jobs/${JOB_ID}/savepoints/${id}`)).text);
    const cause = operation['failure-cause'];
    t.match(cause['stack-trace'], /MR3007 The savepoint failed .*\nCaused by: MR3003 The disk is full/s);
    const bytes = Buffer.from(cause['serialized-throwable'], 'base64');
    t.equal(bytes.readUInt32BE(0), 0xaced0005, 'the magic and version of a stream of Java objects');
    t.ok(bytes.includes('org.apache.flink.util.SerializedThrowable'));
    // Zero is two bytes, and what lies beyond 16 bits is two units of three bytes each.
    t.ok(bytes.includes(Buffer.from('c08020e282ac20eda0bdedb880', 'hex')));
  },
);
