import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Server as Listener, Socket } from 'node:net';
import { MillraceError, withoutUserInfo } from '../../core/internal.js';
import { parseJsonBody } from './json-body.js';
import { type GuardPolicy, refusal } from './request-guard.js';
import type { RestSpeaker } from './rest-listener.js';
import { failure, type RestAnswer } from './rest-message.js';
import type { RestRouter } from './rest-router.js';

export interface RestServerSettings {
  readonly policy: GuardPolicy;
  readonly limits: RestLimits;
  /** What is answered instead of anything else, because another process leads; undefined: this one does. */
  readonly elsewhere: (target: string) => Promise<RestAnswer | undefined>;
}

export interface RestLimits {
  readonly bodyBytes: number;
  /** All headers have come by then. */
  readonly headersMs: number;
  /** The whole request has. */
  readonly requestMs: number;
  /** A connection over which nothing goes for so long has ended: a client that does not read its answers. */
  readonly silenceMs: number;
  readonly connections: number;
}

export const REST_LIMITS: RestLimits = {
  bodyBytes: 1024 * 1024,
  headersMs: 10_000,
  requestMs: 30_000,
  silenceMs: 60_000,
  connections: 256,
};

/** A file of the dashboard. */
export interface RestPage {
  readonly type: string;
  readonly content: Uint8Array;
  /** Value of Cache-Control. */
  readonly cache: string;
}

/** The page of a path, if there is one: a fixed set, so that no request is made a path of this machine. */
export type RestPages = (path: string) => RestPage | undefined;

const HEADER_BYTES_MAX = 16 * 1024;
const KEEP_ALIVE_MS = 5000;
/** Requests of one connection that have come and are not answered; clients of ours send one after the other. */
const PIPELINED_MAX = 16;

/** What every answer says of itself: not to be guessed, framed, kept, nor read by pages of others. */
const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Content-Security-Policy': "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
};

/**
 * HTTP around a router. It runs on the main thread of the process, whose only other work is to wait for the job.
 *
 * Invariants: nothing of a request reaches a handler before the guard has let it in; an answer is written once; of a
 * connection the next request is looked at when the answer before it has left, so that no client has answers pile up.
 */
export class RestServer implements RestSpeaker {
  readonly #server: Server;
  readonly #exchanges: RestExchanges;

  constructor(settings: RestServerSettings, router: RestRouter, pages: RestPages) {
    const { limits } = settings;
    this.#exchanges = new RestExchanges(settings, router, pages);
    this.#server = createServer({
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: Math.min(1000, limits.headersMs),
      keepAliveTimeout: KEEP_ALIVE_MS,
    });
    this.#server.maxConnections = limits.connections;
    this.#server.timeout = limits.silenceMs;
    // Those above a number would be left out without a word, the guard's too; their bytes are limited.
    this.#server.maxHeadersCount = 0;
    this.#server.on('request', (request, response) => this.#exchanges.serve(request, response));
  }

  listenOn(listener: Listener): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(listener, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  accept(connection: Socket): void {
    this.#server.emit('connection', connection);
    connection.resume();
  }

  /** Answers what is under way, and nothing more. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#exchanges.endConnections();
    this.#server.closeIdleConnections();
    await closed;
  }
}

/** Of one connection. */
interface OpenRequests {
  count: number;
  /** Settles when the newest of them has been answered. */
  last: Promise<void>;
}

class RestExchanges {
  readonly #settings: RestServerSettings;
  readonly #router: RestRouter;
  readonly #pages: RestPages;
  readonly #connections = new WeakMap<Socket, OpenRequests>();
  #ending = false;

  constructor(settings: RestServerSettings, router: RestRouter, pages: RestPages) {
    this.#settings = settings;
    this.#router = router;
    this.#pages = pages;
  }

  /** Each connection ends with its next answer: a client that asks again and again would hold it open for ever. */
  endConnections(): void {
    this.#ending = true;
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const open = this.#connections.get(socket) ?? { count: 0, last: Promise.resolve() };
    this.#connections.set(socket, open);
    if (open.count === PIPELINED_MAX) {
      socket.destroy();
      return;
    }
    open.count++;
    open.last = open.last.then(async () => {
      await this.#serveNow(request, response);
      open.count--;
    });
  }

  /** Resolves when the answer has left, or nobody waits for it; never rejects. */
  async #serveNow(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.socket.destroyed) return;
    if (this.#ending) response.shouldKeepAlive = false;
    const left = new Promise<void>((resolve) => response.once('close', resolve));
    try {
      await this.#answer(request, response);
    } catch (error) {
      // The client went away in the middle; nobody is left to tell.
      response.destroy(error instanceof Error ? error : undefined);
    }
    await left;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: target = '', headers, rawHeaders } = request;
    const { policy } = this.#settings;
    const [path = '', query = ''] = target.split('?', 2);
    const page = method === 'GET' ? this.#pages(path) : undefined;
    const refused = refusal({ method, target, headers, rawHeaders, open: page !== undefined }, policy);
    if (refused !== undefined) {
      response.shouldKeepAlive = false;
      sendJson(response, refused);
      return;
    }
    const elsewhere = await this.#settings.elsewhere(target);
    if (elsewhere !== undefined) {
      // Its body, if it has one, is not read here.
      response.shouldKeepAlive = false;
      sendJson(response, elsewhere);
      return;
    }
    if (page !== undefined) {
      response.setHeader('Cache-Control', page.cache);
      send(response, 200, page.type, page.content);
      return;
    }
    let tooLong = false;
    const answer = await this.#router.answer(method, path, new URLSearchParams(query), async () => {
      const text = await bodyOf(request, this.#settings.limits.bodyBytes);
      tooLong = text === undefined;
      if (text === undefined) throw new MillraceError('MR7003', 'The body of the request is too long.');
      return parseJsonBody(text);
    });
    if (tooLong) response.shouldKeepAlive = false;
    sendJson(response, tooLong ? failure(413, 'The body of the request is too long.') : answer);
  }
}

/**
 * Undefined for one that is longer.
 *
 * @throws MillraceError MR7003 if it does not come to its end
 */
async function bodyOf(request: IncomingMessage, bytesMax: number): Promise<string | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) return undefined;
  const pieces: Buffer[] = [];
  let bytes = 0;
  // Not by iterating, which would close the connection before it was answered.
  return new Promise((resolve, reject) => {
    request.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes <= bytesMax) pieces.push(piece);
      else resolve(undefined);
    });
    request.once('end', () => resolve(Buffer.concat(pieces).toString('utf8')));
    // The client has gone, or sends what is no HTTP: nobody is left to answer, and nothing is wrong here.
    const onBroken = (cause?: Error): void =>
      reject(new MillraceError('MR7003', 'The request broke off in its body.', { cause }));
    request.once('error', onBroken);
    request.once('close', () => onBroken());
  });
}

function sendJson(response: ServerResponse, { status, body, type, location }: RestAnswer): void {
  if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  if (location !== undefined) response.setHeader('Location', location);
  response.setHeader('Cache-Control', 'no-store');
  const text = withoutUserInfo(type === undefined ? JSON.stringify(body) : String(body));
  send(response, status, type ?? 'application/json; charset=UTF-8', text);
}

function send(response: ServerResponse, status: number, type: string, content: string | Uint8Array): void {
  for (const [name, value] of Object.entries(SAFE_HEADERS)) response.setHeader(name, value);
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': typeof content === 'string' ? Buffer.byteLength(content) : content.byteLength,
  });
  response.end(content);
}
