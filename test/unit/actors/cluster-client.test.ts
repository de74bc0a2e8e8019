import t, { type Test } from 'tap';
import { ClusterClient } from '../../../actors/cli/cluster-client.js';
import { isMillraceError, type MillraceError, resolveOptions } from '../../../core/internal.js';
import { openRestWorld, type RestWorldOptions } from './rest/rest-world.js';

/** Who asks a process that stands by is sent to the leader. */

const TOKEN = 'a-secret-of-mine';
const WITH_TOKEN = resolveOptions([{ origin: 'flag', values: { 'rest.token': TOKEN } }]);
const WITHOUT = resolveOptions([]);

async function serve(t: Test, options: RestWorldOptions): Promise<number> {
  const { server } = await openRestWorld(options);
  t.teardown(() => server.close());
  return server.port;
}

/** A process that stands by; `location` is asked for each request. */
function standBy(t: Test, location: () => string, token?: string): Promise<number> {
  return serve(t, {
    ...(token === undefined ? {} : { token }),
    elsewhere: (target) => ({
      status: 307,
      body: { errors: ['This process stands by.'] },
      location: `${location()}${target}`,
    }),
  });
}

async function refusalOf(work: Promise<unknown>): Promise<MillraceError> {
  try {
    await work;
  } catch (error) {
    if (isMillraceError(error)) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

t.test('a leader on the same host is asked instead, with the token, and from then on', async (t) => {
  const leader = await serve(t, { token: TOKEN });
  let redirects = 0;
  const port = await standBy(
    t,
    () => {
      redirects++;
      return `http://127.0.0.1:${leader}`;
    },
    TOKEN,
  );
  const client = new ClusterClient(`localhost:${port}`, WITH_TOKEN);
  t.match(await client.ask('GET', '/overview'), { 'flink-version': /^2/ });
  t.equal(client.target, `127.0.0.1:${leader}`);
  await client.ask('POST', '/jobs/x/savepoints', {}).catch(() => undefined);
  t.equal(redirects, 1);
});

t.test('the token is taken to no other host', async (t) => {
  const port = await standBy(t, () => 'http://127.0.0.2:9', TOKEN);
  const error = await refusalOf(new ClusterClient(`127.0.0.1:${port}`, WITH_TOKEN).ask('GET', '/overview'));
  t.equal(error.code, 'MR7005');
  t.match(error.hint, /-m 127\.0\.0\.2:9/);
  const open = await standBy(t, () => 'http://127.0.0.2:9');
  const unreachable = await refusalOf(
    new ClusterClient(`127.0.0.1:${open}`, WITHOUT).ask('GET', '/overview'),
  );
  t.equal(unreachable.code, 'MR7004', 'without a token it is asked');
  t.match(unreachable.message, /127\.0\.0\.2:9/);
});

t.test('a circle of redirects, or one to somewhere else than a cluster, is an end', async (t) => {
  let port = 0;
  port = await standBy(t, () => `http://127.0.0.1:${port}`);
  t.equal(
    (await refusalOf(new ClusterClient(`127.0.0.1:${port}`, WITHOUT).ask('GET', '/overview'))).code,
    'MR7005',
  );
  for (const location of ['https://127.0.0.1:1', 'file:///etc', 'javascript:alert(1)', '']) {
    const odd = await standBy(t, () => location);
    const error = await refusalOf(new ClusterClient(`127.0.0.1:${odd}`, WITHOUT).ask('GET', '/overview'));
    t.equal(error.code, 'MR7005', location);
  }
});
