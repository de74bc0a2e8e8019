import { once } from 'node:events';
import { Agent, get, IncomingMessage } from 'node:http';
import t from 'tap';
import { openRestWorld } from './rest-world.js';

t.test('a client that never stops asking does not keep the server from ending', async (t) => {
  let arrived = (): void => undefined;
  const asked = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let calls = 0;
  const { server } = await openRestWorld({
    cluster: {
      jobs: async () => {
        calls++;
        arrived();
        await released;
        return [];
      },
    },
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  const request = async (): Promise<IncomingMessage> => {
    const sent = get({ host: '127.0.0.1', port: server.port, path: '/jobs', agent });
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.resume();
    await once(response, 'end');
    return response;
  };
  const first = request();
  // Waits for the connection of the first.
  const second = request();
  await asked;
  const closed = server.close();
  release();
  t.equal((await first).statusCode, 200, 'what was under way is answered');
  const last = await second.catch((error: unknown) => error as NodeJS.ErrnoException);
  if (last instanceof IncomingMessage) t.equal(last.headers.connection, 'close');
  else t.match(last.code, /ECONNRE/);
  await closed;
  t.ok(calls <= 2);
});
