import { inspect } from 'node:util';
import t, { type Test } from 'tap';
import { Prng, type Timers } from '../../../core/internal.js';
import { S3Failure, toS3Failure } from '../../../storage/object-store/s3-failure.js';
import { S3Retries } from '../../../storage/object-store/s3-retries.js';
import { bytes, read, stream } from '../../object-store-contract.js';
import type { S3Fault } from '../../s3/s3-fault-plan.js';
import { S3Server, type S3ServerOptions } from '../../s3/s3-server.js';
import { s3StoreAt, TEST_CREDENTIALS } from '../../s3/s3-store.js';

const MIB = 1024 * 1024;

async function serve(t: Test, options: S3ServerOptions = {}): Promise<S3Server> {
  const server = await S3Server.start(options);
  t.teardown(() => server.close());
  return server;
}

/** Meets the first requests of an operation, one after another; undefined lets one pass. */
function meets(operation: string, ...faults: (S3Fault | undefined)[]) {
  return {
    faultOf: (request: { operation: string }) =>
      request.operation === operation ? faults.shift() : undefined,
  };
}

function pattern(length: number): Uint8Array {
  const content = new Uint8Array(length);
  for (let i = 0; i < length; i++) content[i] = (i * 31) ^ (i >> 12);
  return content;
}

t.test('a large object goes in parts, several at once, and comes in pieces', async (t) => {
  const server = await serve(t);
  const store = s3StoreAt(server.endpoint);
  const content = pattern(23 * MIB + 17);
  const chunks = Array.from({ length: 184 }, (_, i) => content.subarray(i * 131072, (i + 1) * 131072));
  t.equal(await store.put('data/big', stream(...chunks, content.subarray(184 * 131072))), content.length);
  const parts = server.requests.filter((request) => request === 'UploadPart data/big');
  t.equal(parts.length, 5);
  t.ok((await read(store, 'data/big')).equals(content));
  const range = { offset: 7 * MIB - 1, length: 9 * MIB };
  t.ok(
    (await read(store, 'data/big', range)).equals(
      content.subarray(range.offset, range.offset + range.length),
    ),
  );
  await t.rejects(store.put('data/big', stream(content)), { code: 'MR3001', why: 'a key is written once' });
  t.equal(server.bucket.uploads.size, 0, 'nothing is left of the upload that came too late');
});

t.test('no more parts are under way than may be', async (t) => {
  const server = await serve(t);
  let underWay = 0;
  let most = 0;
  const store = s3StoreAt(server.endpoint, { limits: { partsAtOnce: 2 } });
  async function* content() {
    for (let i = 0; i < 16; i++) {
      const sent = server.requests.filter((request) => request.startsWith('UploadPart')).length;
      const taken = Math.floor((i * 2) / 5);
      underWay = taken - sent;
      most = Math.max(most, underWay);
      yield pattern(2 * MIB);
    }
  }
  t.equal(await store.put('data/big', content()), 32 * MIB);
  t.ok(most <= 3, `${most} parts were taken and not sent`);
});

t.test('a stream that fails in the middle leaves no upload', async (t) => {
  const server = await serve(t);
  async function* failing() {
    yield pattern(11 * MIB);
    throw new Error('no more');
  }
  await t.rejects(s3StoreAt(server.endpoint).put('data/big', failing()), { message: 'no more' });
  t.equal(server.bucket.uploads.size, 0);
  t.equal(server.bucket.objects.size, 0);
});

t.test('[scenario 4] a creation whose answer is lost is found to be ours', async (t) => {
  for (const fault of [{ kind: 'answer-lost' }, { kind: 'no-answer' }] as const) {
    const server = await serve(t, { faults: meets('PutObject', fault) });
    const store = s3StoreAt(server.endpoint, { limits: { tryTimeoutMs: 300 } });
    t.equal(await store.createIfAbsent('log/1', bytes(1, 2)), true, fault.kind);
    t.equal(await store.createIfAbsent('log/1', bytes(1, 2)), false, 'and it was created once');
  }
});

t.test('a creation that was lost, and which another has made meanwhile, is not ours', async (t) => {
  const server = await serve(t, { faults: meets('PutObject', { kind: 'reset' }) });
  const store = s3StoreAt(server.endpoint);
  const creation = store.createIfAbsent('log/1', bytes(1));
  server.bucket.put('log/1', Buffer.from([2]));
  t.equal(await creation, false);
});

t.test('an upload whose completion is not answered is found to be complete', async (t) => {
  const server = await serve(t, { faults: meets('CompleteMultipartUpload', { kind: 'answer-lost' }) });
  t.equal(await s3StoreAt(server.endpoint).put('data/big', stream(pattern(6 * MIB))), 6 * MIB);
  t.equal(server.bucket.objects.get('data/big')?.bytes.length, 6 * MIB);
});

t.test('what comes or goes damaged in passing is asked for again', async (t) => {
  const server = await serve(t);
  const store = s3StoreAt(server.endpoint);
  server.faults = meets('PutObject', { kind: 'bit-flip', position: 5 }, { kind: 'error', status: 503 });
  t.equal(await store.put('data/a', stream(pattern(1000))), 1000);
  server.faults = meets(
    'GetObject',
    { kind: 'truncated' },
    { kind: 'error', status: 500 },
    { kind: 'truncated' },
  );
  t.ok((await read(store, 'data/a')).equals(pattern(1000)));
});

t.test('a server without conditional create is refused', async (t) => {
  for (const conditionalCreate of ['refused', 'ignored'] as const) {
    const server = await serve(t, { abilities: { conditionalCreate } });
    const store = s3StoreAt(server.endpoint);
    await t.rejects(store.assertConditionalCreate('probe/1'), { code: 'MR3009' }, conditionalCreate);
  }
  const server = await serve(t, { faults: meets('PutObject', { kind: 'answer-lost' }) });
  await s3StoreAt(server.endpoint).assertConditionalCreate('probe/1');
  t.equal(server.requests.length, 2);
  await s3StoreAt(server.endpoint).assertConditionalCreate('probe/1');
  t.equal(server.requests.length, 3, 'the next time, one request answers it');
});

t.test('what is refused for good is told at once, without what it was signed with', async (t) => {
  const server = await serve(t, { accessKeyId: 'somebody-else' });
  const failures = [
    await s3StoreAt(server.endpoint)
      .createIfAbsent('log/1', bytes(1))
      .catch((error: unknown) => error),
    await s3StoreAt(server.endpoint, { bucket: 'nowhere' })
      .list('')
      .catch((error: unknown) => error),
  ];
  t.equal(server.requests.length, 2);
  t.match(failures[0], { code: 'MR3002', why: /InvalidAccessKeyId, status 403/, hint: /provider chain/ });
  for (const failure of failures) {
    const text = inspect(failure, { depth: 12, showHidden: true });
    for (const secret of Object.values(TEST_CREDENTIALS)) t.notOk(text.includes(secret));
    t.notMatch(text, /signature|authorization/i);
  }
  const other = await serve(t);
  const missing = s3StoreAt(other.endpoint, { bucket: 'nowhere' });
  await t.rejects(missing.list(''), { code: 'MR3002', why: /NoSuchBucket/, hint: /bucket/ });
});

t.test('a server that cannot be reached is given up after the last retry, and found again', async (t) => {
  const server = await serve(t);
  const store = s3StoreAt(server.endpoint, { limits: { retriesMax: 1 } });
  await server.pause();
  await t.rejects(store.createIfAbsent('log/1', bytes(1)), { code: 'MR3001', why: /ECONNREFUSED/ });
  await server.resume();
  t.equal(await store.createIfAbsent('log/1', bytes(1)), true);
});

t.test('many objects go by one request, or one by one where the server knows no such request', async (t) => {
  for (const bulkDelete of [true, false]) {
    const server = await serve(t, { abilities: { bulkDelete } });
    const store = s3StoreAt(server.endpoint, { prefix: 'p/' });
    const keys = Array.from({ length: 12 }, (_, i) => `data/${i}`);
    for (const key of keys) server.bucket.put(`p/${key}`, Buffer.from('x'));
    await store.delete([...keys, 'data/never']);
    t.equal(server.bucket.objects.size, 0);
    t.equal(
      server.requests.filter((request) => request.startsWith('DeleteObject ')).length,
      bulkDelete ? 0 : 13,
    );
  }
});

t.test('unfinished uploads of others are swept, and not those of another job', async (t) => {
  const server = await serve(t);
  server.bucket.createUpload('jobs/a/data/x');
  const spared = server.bucket.createUpload('jobs/b/data/x');
  await s3StoreAt(server.endpoint, { prefix: 'jobs/a/' }).sweepUnfinished();
  t.same([...server.bucket.uploads.keys()], [spared]);
});

t.test('a list that lags behind still knows what this process wrote and deleted', async (t) => {
  const stale = { kind: 'stale', changes: 3 } as const;
  const server = await serve(t);
  const store = s3StoreAt(server.endpoint);
  await store.createIfAbsent('log/1', bytes(1));
  await store.createIfAbsent('log/2', bytes(2));
  await store.delete(['log/1']);
  server.faults = meets('ListObjectsV2', stale);
  t.same(await store.list('log/'), ['log/2']);
  server.bucket.delete('log/2');
  t.same(await store.list('log/'), [], 'and what another has deleted is gone');
});

t.test('[scenario 7] retries wait longer and longer, by a drawn time, and not for ever', async (t) => {
  const pauses: number[] = [];
  const createTimers = (deliver: (token: number) => void): Timers<number> => ({
    arm: (delayMs, token) => {
      // The deadline of a try does not come.
      if (delayMs === 60_000) return 0;
      pauses.push(delayMs);
      queueMicrotask(() => deliver(token));
      return token;
    },
    cancel: () => {},
  });
  const retries = new S3Retries({ retriesMax: 8, tryTimeoutMs: 60_000 }, createTimers, new Prng(3));
  let tries = 0;
  await t.rejects(
    retries.run(async () => {
      tries++;
      throw new S3Failure('transient', `try ${tries}`);
    }),
    { message: 'try 9' },
  );
  t.equal(pauses.length, 8);
  for (const [i, pause] of pauses.entries()) {
    const longest = Math.min(100 * 2 ** i, 5000);
    t.ok(pause >= longest / 2 && pause <= longest, `${pause} of ${longest}`);
  }
});

t.test('what the server calls a failure decides what is done', async (t) => {
  const kindOf = (name: string, httpStatusCode?: number) =>
    toS3Failure({ name, $metadata: { httpStatusCode } }).kind;
  t.equal(kindOf('InternalError', 500), 'transient');
  t.equal(kindOf('SlowDown', 503), 'transient');
  t.equal(kindOf('ECONNRESET'), 'transient');
  t.equal(kindOf('InternalError', 200), 'transient', 'a completion may fail in its body');
  t.equal(kindOf('AccessDenied', 403), 'denied');
  t.equal(kindOf('NotImplemented', 501), 'not-implemented');
  t.equal(kindOf('InvalidArgument', 400), 'refused');
  t.equal(kindOf('constructor', 404), 'missing');
});
