import t from 'tap';
import { Prng } from '../../../core/internal.js';
import { elements } from '../../s3/s3-answer.js';
import { evenFaults, RandomS3Faults, type S3Fault } from '../../s3/s3-fault-plan.js';
import { S3Server } from '../../s3/s3-server.js';

/** The server of the tests, by hand: what it says is what S3's manual says. */
const server = await S3Server.start({ abilities: { pageSizeMax: 2 } });
t.teardown(() => server.close());

const SIGNED = { authorization: 'AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request' };

function ask(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
  const content = body === undefined ? {} : { body };
  return fetch(`${server.endpoint}/bucket${path}`, {
    method,
    headers: { ...SIGNED, ...headers },
    ...content,
  });
}

t.test('objects are put, read in part, found and deleted', async (t) => {
  t.equal((await ask('PUT', '/a/b%20c', '0123456789')).status, 200);
  t.equal(await (await ask('GET', '/a/b%20c')).text(), '0123456789');
  const part = await ask('GET', '/a/b%20c', undefined, { range: 'bytes=8-20' });
  t.equal(part.status, 206);
  t.equal(part.headers.get('content-range'), 'bytes 8-9/10');
  t.equal(await part.text(), '89');
  t.equal((await ask('GET', '/a/b%20c', undefined, { range: 'bytes=10-' })).status, 416);
  t.equal((await ask('HEAD', '/a/b%20c')).headers.get('content-length'), '10');
  t.equal((await ask('DELETE', '/a/b%20c')).status, 204);
  const missing = await ask('GET', '/a/b%20c');
  t.equal(missing.status, 404);
  t.same(elements(await missing.text(), 'Code'), ['NoSuchKey']);
  t.equal((await ask('HEAD', '/a/b%20c')).status, 404);
});

t.test('a conditional put creates once', async (t) => {
  const once = { 'if-none-match': '*' };
  t.equal((await ask('PUT', '/slot', 'one', once)).status, 200);
  t.equal((await ask('PUT', '/slot', 'two', once)).status, 412);
  t.equal(await (await ask('GET', '/slot')).text(), 'one');
});

t.test('lists come in pages, in order, and many objects go at once', async (t) => {
  for (const key of ['/l/c', '/l/a', '/l/d%26', '/l/b', '/m']) await ask('PUT', key, 'x');
  const keys: string[] = [];
  for (let token = ''; ; ) {
    const text = await (await ask('GET', `?list-type=2&prefix=l/${token}`)).text();
    keys.push(...elements(text, 'Key'));
    const [next] = elements(text, 'NextContinuationToken');
    if (next === undefined) break;
    token = `&continuation-token=${encodeURIComponent(next)}`;
  }
  t.same(keys, ['l/a', 'l/b', 'l/c', 'l/d&']);
  const named = keys.map((key) => `<Object><Key>${key.replace('&', '&amp;')}</Key></Object>`).join('');
  t.equal((await ask('POST', '?delete', `<Delete>${named}</Delete>`)).status, 200);
  t.same(elements(await (await ask('GET', '?list-type=2&prefix=l/')).text(), 'Key'), []);
});

t.test('an upload in parts shows its object when it is completed', async (t) => {
  const [id = ''] = elements(await (await ask('POST', '/big?uploads')).text(), 'UploadId');
  const sizes = [5 * 1024 * 1024, 3];
  const etags: string[] = [];
  for (const [i, size] of sizes.entries()) {
    const part = await ask('PUT', `/big?partNumber=${i + 1}&uploadId=${id}`, String(i).repeat(size));
    etags.push(part.headers.get('etag') ?? '');
  }
  t.equal((await ask('HEAD', '/big')).status, 404);
  const uploads = await (await ask('GET', '?uploads&prefix=big')).text();
  t.same(elements(uploads, 'UploadId'), [id]);
  const parts = etags.map((etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${etag}</ETag></Part>`);
  const whole = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
  t.equal((await ask('POST', `/big?uploadId=${id}`, whole)).status, 200);
  t.equal((await ask('HEAD', '/big')).headers.get('content-length'), String(5 * 1024 * 1024 + 3));
  t.equal((await ask('POST', `/big?uploadId=${id}`, whole)).status, 404);
});

t.test('a body that is not what was signed is refused', async (t) => {
  const refused = await ask('PUT', '/sum', 'one', { 'x-amz-content-sha256': '0'.repeat(64) });
  t.same(elements(await refused.text(), 'Code'), ['XAmzContentSHA256Mismatch']);
});

t.test('every fault does what it says', async (t) => {
  const meet = async (fault: S3Fault, method: string, path: string, body?: string) => {
    server.faults = { faultOf: () => fault };
    try {
      const answer = await ask(method, path, body);
      return { status: answer.status, text: await answer.text() };
    } catch {
      return 'broken';
    } finally {
      server.faults = undefined;
    }
  };
  t.equal(await meet({ kind: 'reset' }, 'PUT', '/f', '1'), 'broken');
  t.notOk(server.bucket.objects.has('f'));
  t.equal(await meet({ kind: 'answer-lost' }, 'PUT', '/f', '12345678'), 'broken');
  t.ok(server.bucket.objects.has('f'));
  t.equal(await meet({ kind: 'truncated' }, 'GET', '/f'), 'broken');
  t.match(await meet({ kind: 'bit-flip', position: 0 }, 'GET', '/f'), { status: 200, text: '02345678' });
  t.match(await meet({ kind: 'error', status: 503 }, 'GET', '/f'), { status: 503 });
  const stale = await meet({ kind: 'stale', changes: 1 }, 'GET', '?list-type=2&prefix=f');
  t.match(stale, { status: 200, text: '<KeyCount>0</KeyCount>' });
  await server.pause();
  t.equal(await meet({ kind: 'reset' }, 'GET', '/f'), 'broken');
  await server.resume();
  t.equal((await ask('HEAD', '/f')).status, 200);
});

t.test('one seed draws one plan', async (t) => {
  const drawn = (seed: number) => {
    const plan = new RandomS3Faults(new Prng(seed), evenFaults(0.05));
    return Array.from({ length: 200 }, (_, i) =>
      plan.faultOf({ operation: i % 2 ? 'GetObject' : 'ListObjectsV2', key: 'k' }),
    );
  };
  t.same(drawn(7), drawn(7));
  t.notSame(drawn(7), drawn(8));
  t.ok(new Set(drawn(7).map((fault) => fault?.kind)).size > 5);
});
