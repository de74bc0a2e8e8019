import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { dashboardPages } from '../../actors/rest/dashboard-pages.js';
import { packageRoot } from '../tidy/source-tree.js';
import { JOB_ID, RecordedCluster } from './recorded-cluster.js';

/** What the server sends with every answer of the real one; a page that needs more would not work there. */
const POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";
const TRIGGER_ID = '1'.repeat(32);
const UPTIME_MS = 754_000;

/**
 * Serves the built dashboard and the recorded cluster on loopback.
 *
 * Invariant: an operation that was triggered is in progress for one poll, then completed, once.
 */
export class RecordedServer {
  readonly #server: Server;
  readonly #pages = dashboardPages(join(packageRoot(), 'dist', 'dashboard'));
  readonly #startMs = Date.now() - UPTIME_MS;
  #polls = 0;
  #state = 'RUNNING';
  /** `METHOD path body` of all that was not a GET. */
  readonly orders: string[] = [];
  /** Paths that were asked for, pages aside. */
  readonly asked: string[] = [];
  /** Every request but those for pages is refused without it. */
  token: string | undefined;
  /** Connections end without an answer. */
  broken = false;

  constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    if (this.broken) {
      response.destroy();
      return;
    }
    response.setHeader('Content-Security-Policy', POLICY);
    const page = this.#pages(url);
    if (page !== undefined) {
      response.setHeader('Cache-Control', page.cache);
      response.setHeader('Content-Type', page.type);
      response.end(page.content);
      return;
    }
    if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`) {
      sendJson(response, 401, { errors: ['A token is wanted.'] });
      return;
    }
    if (method === 'GET') this.#get(url, response);
    else this.#order(method, url, await bodyOf(request), response);
  }

  #get(url: string, response: ServerResponse): void {
    this.asked.push(url);
    if (url.endsWith(`/${TRIGGER_ID}`)) {
      this.#polls++;
      const done = this.#polls > 1;
      const operation = { location: 'savepoints/savepoint-1', checkpointId: 43 };
      sendJson(response, 200, {
        status: { id: done ? 'COMPLETED' : 'IN_PROGRESS' },
        operation: done ? operation : null,
      });
      return;
    }
    const path = decodeURIComponent(url);
    const answer = new RecordedCluster(this.#startMs, Date.now(), this.#state).answer(path);
    if (answer === undefined) sendJson(response, 404, { errors: [`Not found: ${path}`] });
    else if (typeof answer === 'string') response.end(answer);
    else sendJson(response, 200, answer);
  }

  #order(method: string, url: string, body: string, response: ServerResponse): void {
    this.orders.push(`${method} ${url} ${body}`);
    this.#polls = 0;
    if (method === 'PATCH') this.#state = 'CANCELED';
    if (url === `/jobs/${JOB_ID}/stop` && body.includes('refused')) {
      sendJson(response, 400, { errors: ['MR4002 The folder is not allowed.'] });
    } else if (method === 'POST') sendJson(response, 202, { 'request-id': TRIGGER_ID });
    else sendJson(response, method === 'PUT' ? 200 : 202, {});
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json; charset=UTF-8');
  response.end(JSON.stringify(body));
}
