import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { empty, failure, type S3Answer } from './s3-answer.js';
import { S3Bucket } from './s3-bucket.js';
import type { S3Fault, S3FaultPlan } from './s3-fault-plan.js';
import { carryOut, operationOf, type S3Abilities, type S3Call } from './s3-operations.js';

export interface S3ServerOptions {
  readonly faults?: S3FaultPlan;
  readonly abilities?: Partial<S3Abilities>;
  /** Requests signed with another key id are refused. */
  readonly accessKeyId?: string;
}

const ABILITIES: S3Abilities = { conditionalCreate: 'obeyed', pageSizeMax: 1000, bulkDelete: true };

/**
 * An S3 server on loopback, for tests: the protocol over real HTTP, objects in memory, faults by a plan.
 * Buckets in the path or in the host name; `bucket` exists from the start.
 *
 * Invariant: a request that has been carried out stays so, whatever becomes of its answer.
 *
 * @example
 * ```ts
 * const server = await S3Server.start();
 * // ... endpoint: server.endpoint, bucket: 'bucket' ...
 * await server.close();
 * ```
 */
export class S3Server {
  readonly buckets = new Map<string, S3Bucket>([['bucket', new S3Bucket()]]);
  /** `<operation> <key>` of every request that came. */
  readonly requests: string[] = [];
  faults: S3FaultPlan | undefined;
  readonly #abilities: S3Abilities;
  readonly #accessKeyId: string | undefined;
  readonly #sockets = new Set<Socket>();
  #server: Server;
  #port = 0;

  private constructor(options: S3ServerOptions) {
    this.faults = options.faults;
    this.#abilities = { ...ABILITIES, ...options.abilities };
    this.#accessKeyId = options.accessKeyId;
    this.#server = this.#create();
  }

  static async start(options: S3ServerOptions = {}): Promise<S3Server> {
    const server = new S3Server(options);
    await server.resume();
    return server;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get bucket(): S3Bucket {
    const bucket = this.buckets.get('bucket');
    if (bucket === undefined) throw new Error('the bucket is gone');
    return bucket;
  }

  /** Cannot be reached until {@link resume}: connections are cut, new ones are refused. */
  async pause(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    this.#server = this.#create();
  }

  /** Listens, on the same port as before. */
  async resume(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.pause();
  }

  #create(): Server {
    const server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    return server;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { bucketName, call } = await readCall(request);
    const operation = operationOf(call) ?? '?';
    this.requests.push(`${operation} ${call.key}`);
    const fault = this.faults?.faultOf({ operation, key: call.key });
    if (fault?.kind === 'silence') return;
    if (fault?.kind === 'reset') {
      response.destroy();
      return;
    }
    const answer = this.#answer(bucketName, call, fault);
    if (fault?.kind === 'no-answer') return;
    if (fault?.kind === 'answer-lost') {
      response.destroy();
      return;
    }
    send(response, answer, call.method, fault);
  }

  #answer(bucketName: string, call: S3Call, fault: S3Fault | undefined): S3Answer {
    if (fault?.kind === 'error') return failure(fault.status === 500 ? 'InternalError' : 'SlowDown');
    const keyId = /Credential=([^/]+)\//.exec(call.headers.authorization ?? '')?.[1];
    if (keyId === undefined) return failure('AccessDenied');
    if (this.#accessKeyId !== undefined && keyId !== this.#accessKeyId) return failure('InvalidAccessKeyId');
    const bucket = this.buckets.get(bucketName);
    if (bucket === undefined) return call.method === 'HEAD' ? empty(404) : failure('NoSuchBucket');
    const damaged = fault?.kind === 'bit-flip' && call.method === 'PUT' && call.body.length > 0;
    const arrived = damaged ? { ...call, body: flipped(call.body, fault.position) } : call;
    return carryOut(bucket, arrived, this.#abilities, fault?.kind === 'stale' ? fault.changes : 0);
  }
}

async function readCall(request: IncomingMessage): Promise<{ bucketName: string; call: S3Call }> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const url = new URL(request.url ?? '/', 'http://localhost');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = String(value);
  const [path = '', ...rest] = url.pathname.slice(1).split('/').map(decodeURIComponent);
  const ofHost = /^([\w-]+)\.localhost(?::|$)/.exec(headers.host ?? '')?.[1];
  const bucketName = ofHost ?? path;
  const key = ofHost === undefined ? rest.join('/') : [path, ...rest].join('/');
  const { method = 'GET' } = request;
  return { bucketName, call: { method, key, query: url.searchParams, headers, body: Buffer.concat(chunks) } };
}

function send(response: ServerResponse, answer: S3Answer, method: string, fault: S3Fault | undefined): void {
  const { status, headers } = answer;
  const isFlipped = fault?.kind === 'bit-flip' && method === 'GET' && status < 300 && answer.body.length > 0;
  const body = isFlipped ? flipped(answer.body, fault.position) : answer.body;
  response.writeHead(status, {
    'content-length': String(body.length),
    'x-amz-request-id': 'test',
    ...headers,
  });
  if (fault?.kind === 'truncated' && body.length > 0) {
    response.write(body.subarray(0, body.length >> 1), () => response.destroy());
    return;
  }
  response.end(body);
}

function flipped(bytes: Buffer, position: number): Buffer {
  const copy = Buffer.from(bytes);
  const bit = position % (copy.length * 8);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}
