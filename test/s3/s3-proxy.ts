import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { failure } from './s3-answer.js';
import type { S3Fault, S3FaultPlan } from './s3-fault-plan.js';
import { operationOf } from './s3-operations.js';

/** One request and its answer, without what it was signed with. */
export interface S3Exchange {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody: Buffer;
  readonly status: number;
  readonly answerHeaders: Readonly<Record<string, string>>;
  readonly answerBody: Buffer;
}

export interface S3ProxyOptions {
  readonly faults?: S3FaultPlan;
  readonly onExchange?: (exchange: S3Exchange) => void;
}

/**
 * Stands in front of an S3 server of others: lets requests fail by a plan, and tells what passes.
 *
 * Invariant: what passes is not changed, the host's name included, since it is signed.
 */
export class S3Proxy {
  faults: S3FaultPlan | undefined;
  readonly #target: URL;
  readonly #onExchange: (exchange: S3Exchange) => void;
  readonly #server: Server;

  private constructor(target: string, options: S3ProxyOptions) {
    this.#target = new URL(target);
    this.faults = options.faults;
    this.#onExchange = options.onExchange ?? (() => {});
    this.#server = createServer((incoming, response) => {
      this.#serve(incoming, response).catch(() => response.destroy());
    });
  }

  static async start(target: string, options: S3ProxyOptions = {}): Promise<S3Proxy> {
    const proxy = new S3Proxy(target, options);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = incoming;
    const body = await bodyOf(incoming);
    const { pathname, searchParams: query } = new URL(url, 'http://localhost');
    const key = pathname.split('/').slice(2).join('/');
    const operation = operationOf({ method, key, query, headers: {}, body }) ?? '?';
    const fault = this.faults?.faultOf({ operation, key });
    if (fault?.kind === 'silence') return;
    if (fault?.kind === 'reset') {
      response.destroy();
      return;
    }
    if (fault?.kind === 'error') {
      const { status, headers, body } = failure(fault.status === 500 ? 'InternalError' : 'SlowDown');
      response.writeHead(status, { ...headers, 'content-length': String(body.length) }).end(body);
      return;
    }
    const answer = await this.#forward(incoming, body);
    const answerBody = await bodyOf(answer);
    this.#onExchange({
      method,
      url,
      requestHeaders: texts(incoming.headers),
      requestBody: body,
      status: answer.statusCode ?? 500,
      answerHeaders: texts(answer.headers),
      answerBody,
    });
    passOn(response, answer, answerBody, fault);
  }

  async #forward(incoming: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    const { hostname, port } = this.#target;
    const { method, url, headers } = incoming;
    const forwarded = request({ hostname, port, method, path: url, headers });
    forwarded.end(body);
    const [answer] = (await once(forwarded, 'response')) as [IncomingMessage];
    return answer;
  }
}

function passOn(
  response: ServerResponse,
  answer: IncomingMessage,
  body: Buffer,
  fault: S3Fault | undefined,
): void {
  if (fault?.kind === 'no-answer') return;
  if (fault?.kind === 'answer-lost') {
    response.destroy();
    return;
  }
  const { 'transfer-encoding': _, ...headers } = answer.headers;
  if (answer.headers['content-length'] === undefined) headers['content-length'] = String(body.length);
  response.writeHead(answer.statusCode ?? 500, headers);
  if (fault?.kind === 'truncated' && body.length > 0) {
    response.write(body.subarray(0, body.length >> 1), () => response.destroy());
    return;
  }
  response.end(body);
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function texts(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
