import { request } from 'node:http';
import { connect } from 'node:net';
import { OperationStore } from '../../../../actors/rest/operation-store.js';
import type { RestCluster } from '../../../../actors/rest/rest-cluster.js';
import { RestListener } from '../../../../actors/rest/rest-listener.js';
import type { RestAnswer } from '../../../../actors/rest/rest-message.js';
import { REST_LIMITS, type RestLimits, RestServer } from '../../../../actors/rest/rest-server.js';
import { restRouter } from '../../../../actors/rest/routes.js';
import { SavepointRoots } from '../../../../actors/rest/savepoint-roots.js';
import type { Clock } from '../../../../core/internal.js';
import { sampleCluster } from './sample-cluster.js';

export interface RestWorld {
  readonly server: RestListener;
  readonly operations: OperationStore;
  /** What was not expected. */
  readonly defects: unknown[];
  /** Calls of the cluster that change something. */
  readonly done: string[];
  readonly clock: Clock & { nowMs: number };
}

export interface RestWorldOptions {
  readonly cluster?: Partial<RestCluster>;
  readonly token?: string;
  readonly limits?: Partial<RestLimits>;
  readonly roots?: readonly string[];
  readonly flameGraphs?: boolean;
  readonly elsewhere?: (target: string) => RestAnswer | undefined;
}

/** A server on loopback in front of a cluster that is data. */
export async function openRestWorld(options: RestWorldOptions = {}): Promise<RestWorld> {
  const clock = { nowMs: 1_000_000, wallMs: () => clock.nowMs, monotonicMs: () => clock.nowMs };
  const defects: unknown[] = [];
  const done: string[] = [];
  let ids = 0;
  const operations = new OperationStore({
    clock,
    newId: () => (++ids).toString(16).padStart(32, '0'),
    keepMs: 300_000,
  });
  const router = restRouter(
    {
      cluster: { ...sampleCluster(done), ...options.cluster },
      clock,
      operations,
      roots: new SavepointRoots(options.roots ?? []),
      process: {
        version: '0.0.0',
        refreshIntervalMs: 3000,
        flameGraphs: {
          enabled: options.flameGraphs ?? true,
          refreshMs: 60_000,
          cleanupMs: 600_000,
          samples: 10,
          delayMs: 1,
          depth: 100,
        },
        timezoneName: 'UTC',
        timezoneOffsetMs: 0,
        configuration: [{ key: 'rest.port', value: '8081' }],
        runtime: { version: 'Node.js', arch: 'x64', options: [] },
        shutDown: () => void done.push('shutDown'),
      },
    },
    (error) => defects.push(error),
  );
  const settings = {
    policy: { hosts: new Set(['localhost', '127.0.0.1', '::1']), token: options.token },
    limits: { ...REST_LIMITS, ...options.limits },
    elsewhere: async (target: string) => options.elsewhere?.(target),
  };
  const server = await RestListener.listen(
    { bindAddress: '127.0.0.1', ports: [], anyPort: true },
    async () => new RestServer(settings, router, (path) => (path === '/' ? PAGE : undefined)),
    (error) => defects.push(error),
  );
  return { server, operations, defects, done, clock };
}

const PAGE = { type: 'text/html', content: Buffer.from('<!doctype html>'), cache: 'no-cache' };

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** By the bare client, which sends any header that it is told to. */
export function ask({ port }: RestListener, path: string, asking: Asking = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = asking;
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** With a JSON body. */
export function post(server: RestListener, path: string, body: unknown, method = 'POST'): Promise<Answer> {
  return ask(server, path, {
    method,
    headers: { 'content-type': 'application/json; charset=UTF-8' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

/** Bytes as they are; resolves to all that came back when the server has closed the connection. */
export function exchange({ port }: RestListener, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setEncoding('utf8');
    socket.on('data', (piece: string) => {
      text += piece;
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

/** All that came back on a connection that sends these bytes, and no more. */
export function answersTo({ port }: RestListener, bytes: string | Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => {
      text += piece;
    });
    // A connection that was reset says no more than one that was closed.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve(text));
  });
}

/** Sends, reads nothing, and resolves when the server has had enough of that. */
export function unread({ port }: RestListener, bytes: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.pause();
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve());
    // A connection that was reset says so to who writes.
    const timer = setInterval(() => socket.write('x'), 50);
    socket.on('close', () => clearInterval(timer));
  });
}
