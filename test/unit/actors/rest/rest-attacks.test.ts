import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { answersTo, ask, exchange, openRestWorld, post, unread } from './rest-world.js';
import { JOB_ID } from './sample-cluster.js';

const CANCEL = `/jobs/${JOB_ID}?mode=cancel`;

t.test('only hosts of the list are answered for', async (t) => {
  const { server } = await openRestWorld();
  t.teardown(() => server.close());
  const own = [`127.0.0.1:${server.port}`, 'localhost:9999', 'LOCALHOST', '[::1]:80', 'localhost.'];
  for (const host of own) t.equal((await ask(server, '/overview', { headers: { host } })).status, 200, host);
  const foreign = [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example:8081',
    'evil.example:80',
    '0.0.0.0',
    '[::2]',
    'x@localhost',
  ];
  for (const host of foreign)
    t.equal((await ask(server, '/overview', { headers: { host } })).status, 403, host);
});

t.test('a request without a Host, with two, or for another server is none', async (t) => {
  const { server } = await openRestWorld();
  t.teardown(() => server.close());
  const end = 'Connection: close\r\n\r\n';
  for (const lines of [
    `GET /overview HTTP/1.1\r\n${end}`,
    `GET /overview HTTP/1.0\r\n${end}`,
    `GET /overview HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n${end}`,
    `GET http://evil.example/overview HTTP/1.1\r\nHost: localhost\r\n${end}`,
  ]) {
    t.match(await exchange(server, lines), /^HTTP\/1\.1 400 /, lines);
  }
});

t.test('pages of others change nothing and read nothing', async (t) => {
  const { server, done } = await openRestWorld();
  t.teardown(() => server.close());
  const host = `127.0.0.1:${server.port}`;
  for (const headers of [
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: `http://${host}.evil.example` },
    { origin: 'http://127.0.0.1:1' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]) {
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const path = method === 'GET' ? '/overview' : method === 'PATCH' ? CANCEL : '/cluster';
      const { status, headers: answered } = await ask(server, path, { method, headers });
      t.equal(status, 403, `${method} ${JSON.stringify(headers)}`);
      t.equal(answered['access-control-allow-origin'], undefined);
    }
  }
  t.same(done, []);
  const own = { origin: `http://${host}`, 'sec-fetch-site': 'same-origin' };
  t.equal((await ask(server, CANCEL, { method: 'PATCH', headers: own })).status, 202);
});

t.test('a form of another site is no JSON, and a preflight gets no leave', async (t) => {
  const { server, done } = await openRestWorld();
  t.teardown(() => server.close());
  const path = `/jobs/${JOB_ID}/stop`;
  for (const type of [
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
    'text/plain; application/json',
    'application/jsonx',
  ]) {
    const { status } = await ask(server, path, {
      method: 'POST',
      headers: { 'content-type': type },
      body: '{}',
    });
    t.equal(status, 415, type);
  }
  t.equal((await ask(server, path, { method: 'POST' })).status, 415, 'none');
  const preflight = await ask(server, path, { method: 'OPTIONS' });
  t.equal(preflight.status, 405);
  t.notOk(Object.keys(preflight.headers).some((name) => name.startsWith('access-control')));
  t.equal((await ask(server, CANCEL, { method: 'GET' })).status, 200, 'GET changes nothing');
  t.same(done, []);
});

t.test('with a token, every request but that of a page carries it', async (t) => {
  const token = 'a-token-of-this-test';
  const { server, done } = await openRestWorld({ token });
  t.teardown(() => server.close());
  const bearing = (authorization: string) => ask(server, '/overview', { headers: { authorization } });
  for (const wrong of [
    '',
    'Bearer',
    'Bearer a-token-of-this-tes',
    `Bearer ${token}x`,
    `Basic ${token}`,
    token,
  ]) {
    const { status, headers } = await bearing(wrong);
    t.equal(status, 401, wrong);
    t.equal(headers['www-authenticate'], 'Bearer');
  }
  t.equal((await ask(server, `/overview?token=${token}`)).status, 401, 'not by the query');
  t.equal((await ask(server, CANCEL, { method: 'PATCH' })).status, 401);
  t.same(done, []);
  t.equal((await bearing(`Bearer ${token}`)).status, 200);
  t.equal((await ask(server, '/')).status, 200, 'the page holds nothing of the cluster');
  t.equal((await ask(server, '/', { headers: { host: 'evil.example' } })).status, 403);
});

t.test('bodies are limited', async (t) => {
  const { server, done } = await openRestWorld({ limits: { bodyBytes: 1000 } });
  t.teardown(() => server.close());
  const path = `/jobs/${JOB_ID}/savepoints`;
  t.equal((await post(server, path, { triggerId: 'x'.repeat(2000) })).status, 413);
  // Without a length, so that only counting tells.
  const chunk = `3e8\r\n${' '.repeat(1000)}\r\n`;
  const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
  t.match(await exchange(server, `${head}${chunk}${chunk}0\r\n\r\n`), /^HTTP\/1\.1 413 /);
  t.same(done, []);
});

t.test('a client that goes in the middle of a body is no defect', async (t) => {
  const { server, defects, done } = await openRestWorld();
  t.teardown(() => server.close());
  const path = `/jobs/${JOB_ID}/savepoints`;
  for (const [line, how] of [
    ['GET /overview', 'Transfer-Encoding: chunked'],
    [`POST ${path}`, 'Content-Type: application/json\r\nContent-Length: 100'],
  ])
    await answersTo(server, `${line} HTTP/1.1\r\nHost: localhost\r\n${how}\r\n\r\n{`);
  t.equal((await ask(server, '/overview')).status, 200);
  t.same([defects, done], [[], []]);
});

t.test('headers that come slowly, or are too many, end the connection', async (t) => {
  const { server } = await openRestWorld({ limits: { headersMs: 200, requestMs: 300 } });
  t.teardown(() => server.close());
  t.match(await exchange(server, 'GET /overview HTTP/1.1\r\nHost: localhost\r\n'), /^HTTP\/1\.1 408 /);
  const slowBody = `POST /jobs/${JOB_ID}/stop HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{`;
  t.match(await exchange(server, slowBody), /^(?:HTTP\/1\.1 408 |$)/);
  const long = `GET /overview HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`;
  t.match(await exchange(server, long), /^HTTP\/1\.1 431 /);
  t.equal((await ask(server, '/overview')).status, 200, 'others are served');
});

t.test('keys that name prototypes are refused, and change none', async (t) => {
  const { server, done } = await openRestWorld();
  t.teardown(() => server.close());
  for (const body of [
    '{"__proto__": {"drain": true}}',
    '{"constructor": {"prototype": {"drain": true}}}',
    '{"formatType": [{"__proto__": 1}]}',
    '{"\\u005f_proto__": 1}',
    `${'['.repeat(100)}${']'.repeat(100)}`,
    '{"drain": tru',
    '[]',
    '"stop"',
  ]) {
    t.equal((await post(server, `/jobs/${JOB_ID}/stop`, body)).status, 400, body);
  }
  t.equal(
    (await post(server, `/jobs/${JOB_ID}/resource-requirements`, '{"__proto__": {"parallelism": {}}}', 'PUT'))
      .status,
    400,
  );
  t.same(done, []);
  t.equal(({} as Record<string, unknown>).drain, undefined);
});

t.test('paths lead nowhere but to routes', async (t) => {
  const { server } = await openRestWorld();
  t.teardown(() => server.close());
  for (const path of [
    '/../../etc/passwd',
    '/jobmanager/logs/..%2f..%2fetc%2fpasswd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/v1/v1/jobs',
    '/constructor',
    '/jobs/__proto__',
    '/jobs/%00',
    '/%',
    `/jobs/${JOB_ID}/yarn-cancel`,
  ]) {
    const { status, text } = await ask(server, path);
    t.ok(status === 404 || status === 400, `${path} ${status}`);
    t.notMatch(text, /root:/);
  }
});

t.test('what goes wrong inside is told to the log, not to the client', async (t) => {
  const secret = 'canary-secret in /home-of-nobody/file.js:3:9';
  const { server, defects } = await openRestWorld({
    cluster: { jobs: () => Promise.reject(new TypeError(secret)) },
  });
  t.teardown(() => server.close());
  const { status, text } = await ask(server, '/jobs');
  t.equal(status, 500);
  t.notMatch(text, /canary-secret|file\.js|TypeError|\bat /);
  t.match(JSON.parse(text), { errors: [/^MR9002 /] });
  t.match(defects, [{ message: secret }]);
});

t.test('names are data, and credentials in addresses are told to nobody', async (t) => {
  const { server } = await openRestWorld();
  t.teardown(() => server.close());
  const overview = await ask(server, '/jobs/overview');
  t.match(JSON.parse(overview.text).jobs[0].name, '<script>alert(1)</script>', 'as it is, in JSON');
  t.equal(overview.headers['content-type'], 'application/json; charset=UTF-8');
  const exceptions = await ask(server, `/jobs/${JOB_ID}/exceptions`);
  t.match(exceptions.text, /no answer of s3:\/\/\*\*\*@bucket/);
  t.notMatch(exceptions.text, /canary-secret/);
});

t.test('no text takes long to look through, however it is made', async (t) => {
  const { server, defects } = await openRestWorld();
  t.teardown(() => server.close());
  const long = 'a'.repeat(900_000);
  const began = performance.now();
  for (const body of [
    { vertices: { [long]: { lowerBound: 1, upperBound: 1 } } },
    { vertices: { [`${'a.'.repeat(450_000)}://`]: { lowerBound: 1, upperBound: 1 } } },
  ]) {
    const { status, text } = await post(server, `/jobs/${JOB_ID}/millrace/rescale`, body);
    t.equal(status, 404);
    t.ok(text.length < 10_000, 'nor does all of it come back');
  }
  for (const place of [long, `s3://${'/'.repeat(900_000)}x`, `/${'a/'.repeat(450_000)}`]) {
    const savepoint = { 'target-directory': place };
    t.equal((await post(server, `/jobs/${JOB_ID}/savepoints`, savepoint)).status, 400);
  }
  await ask(server, `/jobs/${JOB_ID}/savepoints/${'a'.repeat(15_000)}`);
  const tookMs = performance.now() - began;
  t.ok(tookMs < 10_000, `${tookMs} ms, which were half an hour`);
  t.same(defects, []);
});

t.test('requests that pile up are answered one by one, some at a time, or not at all', async (t) => {
  let [now, most, asked] = [0, 0, 0];
  const { server } = await openRestWorld({
    limits: { silenceMs: 400 },
    cluster: {
      prometheus: async () => {
        asked++;
        most = Math.max(most, ++now);
        await new Promise((resolve) => setImmediate(resolve));
        now--;
        return 'x'.repeat(200_000);
      },
    },
  });
  t.teardown(() => server.close());
  const line = 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n';
  const closing = `${line}Connection: close\r\n\r\n`;
  const few = await exchange(server, `${line}\r\n`.repeat(9) + closing);
  t.equal(few.match(/HTTP\/1\.1 200 /g)?.length, 10, 'in their order');
  t.equal(most, 1);
  t.equal(asked, 10);
  const many = await exchange(server, `${line}\r\n`.repeat(1500));
  t.ok((many.match(/HTTP\/1\.1 /g)?.length ?? 0) <= 16, 'a thousand of one connection are none');
  t.ok(asked <= 26);
  await Promise.all(Array.from({ length: 100 }, () => exchange(server, closing)));
  t.ok(most <= 16, `${most} at a time`);
  const began = performance.now();
  await unread(server, `${line}\r\n`.repeat(16));
  t.ok(performance.now() - began < 20_000, 'who does not read is not waited for');
});

t.test('what frames a request is not taken two ways', async (t) => {
  const { server, done } = await openRestWorld();
  t.teardown(() => server.close());
  const head = `POST /jobs/${JOB_ID}/checkpoints HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
  const smuggled = `PATCH ${CANCEL} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  for (const [framing, rest] of [
    ['Content-Length: 5\r\nTransfer-Encoding: chunked', `0\r\n\r\n${smuggled}`],
    ['Transfer-Encoding: chunked\r\nContent-Length: 5', `0\r\n\r\n${smuggled}`],
    ['Content-Length: 2\r\nContent-Length: 90', `{}${smuggled}`],
    ['Content-Length: 2, 2', `{}${smuggled}`],
    ['Content-Length: +2', `{}${smuggled}`],
    ['Content-Length: 0x2', `{}${smuggled}`],
    ['Transfer-Encoding: xchunked', `{}${smuggled}`],
    ['Transfer-Encoding : chunked', `2\r\n{}\r\n0\r\n\r\n${smuggled}`],
    ['Transfer-Encoding:\r\n chunked', `2\r\n{}\r\n0\r\n\r\n${smuggled}`],
    ['Transfer-Encoding: chunked', `zz\r\n{}\r\n0\r\n\r\n${smuggled}`],
  ] as const) {
    const answer = await exchange(server, `${head}${framing}\r\n\r\n${rest}`);
    t.match(answer, /^HTTP\/1\.1 400 /, framing);
    t.equal(answer.match(/HTTP\/1\.1 /g)?.length, 1, `${framing}: one answer, and the end`);
  }
  t.same(done, []);
});

t.test('no header is passed over, however many there are', async (t) => {
  const { server } = await openRestWorld();
  t.teardown(() => server.close());
  const many = 'a:\r\n'.repeat(3000);
  const end = 'Connection: close\r\n\r\n';
  const foreign = `GET /overview HTTP/1.1\r\nHost: localhost\r\n${many}Origin: http://evil.example\r\n${end}`;
  t.match(await exchange(server, foreign), /^HTTP\/1\.1 403 /);
  const twice = `GET /overview HTTP/1.1\r\nHost: localhost\r\n${many}Host: evil.example\r\n${end}`;
  t.match(await exchange(server, twice), /^HTTP\/1\.1 400 /);
});

t.test('places that are no folders are refused like others', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'millrace-attacks-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  writeFileSync(join(root, 'file'), '');
  symlinkSync('circle', join(root, 'circle'));
  const { server, defects, done } = await openRestWorld({ roots: [root] });
  t.teardown(() => server.close());
  for (const place of ['file/below', 'circle/below', 'x'.repeat(300), 'x'.repeat(5000)]) {
    const body = { 'target-directory': join(root, place) };
    const { status, text } = await post(server, `/jobs/${JOB_ID}/savepoints`, body);
    t.equal(status, 400, text);
  }
  t.same(defects, []);
  t.same(done, []);
});

t.test('credentials in an address are told by no answer', async (t) => {
  const secret = 'canary-secret';
  const address = `s3://key:${secret}@bucket/x`;
  const { server } = await openRestWorld({
    cluster: {
      jobConfiguration: async () => ({
        options: { 'execution.checkpointing.dir': { value: address, origin: 'flag' } },
        parallelism: 2,
        restartStrategy: 'none',
        params: { input: address, '://': `"@${address}` },
      }),
      prometheus: async () => `x{path="${address}"} 1\n`,
      readLog: async () => `from ${address}\n`,
    },
  });
  t.teardown(() => server.close());
  for (const path of [
    `/jobs/${JOB_ID}/config`,
    `/jobs/${JOB_ID}/jobmanager/config`,
    `/jobs/${JOB_ID}/millrace/configuration`,
    '/metrics',
    '/jobmanager/log',
  ]) {
    const { status, text } = await ask(server, path);
    t.equal(status, 200, path);
    t.match(text, /s3:\/\/\*\*\*@bucket/, path);
    t.notMatch(text, secret, path);
    if (path.startsWith('/jobs')) t.ok(JSON.parse(text), 'it is JSON still');
  }
});

t.test('every answer says what browsers are to do with it', async (t) => {
  const { server } = await openRestWorld();
  t.teardown(() => server.close());
  for (const path of ['/', '/overview', '/nowhere']) {
    const { headers } = await ask(server, path);
    t.equal(headers['x-content-type-options'], 'nosniff', path);
    t.match(headers['content-security-policy'], /default-src 'self'.*frame-ancestors 'none'/, path);
    t.equal(headers['x-frame-options'], 'DENY', path);
    t.equal(headers['access-control-allow-origin'], undefined, path);
  }
  t.equal((await ask(server, '/overview')).headers['cache-control'], 'no-store');
});
