import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brief, type RecordedExchange } from './recorded-exchange.js';

/**
 * Answers as a server of others once did: one request after another, as they were recorded.
 *
 * Invariant: a request that differs from the one recorded at its place is answered with 400 and is kept in
 * `differences`, as is everything that follows.
 */
export class ReplayServer {
  readonly differences: string[] = [];
  readonly #exchanges: readonly RecordedExchange[];
  readonly #server: Server;
  #next = 0;

  private constructor(exchanges: readonly RecordedExchange[]) {
    this.#exchanges = exchanges;
    this.#server = createServer(async (incoming, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const request = `${incoming.method} ${incoming.url}`;
      const answer = this.#answerTo(request, incoming.headers, brief(Buffer.concat(chunks)));
      if (answer === undefined) {
        response.writeHead(400, { 'content-length': '0' }).end();
        return;
      }
      const body = Buffer.from(answer.answer, 'base64');
      response
        .writeHead(answer.status, { 'content-length': String(body.length), ...answer.answerHeaders })
        .end(body);
    });
  }

  static async start(exchanges: readonly RecordedExchange[]): Promise<ReplayServer> {
    const server = new ReplayServer(exchanges);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many exchanges are still to come. */
  get left(): number {
    return this.#exchanges.length - this.#next;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answerTo(
    request: string,
    headers: Readonly<Record<string, unknown>>,
    body: string,
  ): RecordedExchange | undefined {
    const expected = this.#exchanges[this.#next++];
    const found: string[] = [];
    if (expected?.request !== request) found.push(`${request} instead of ${expected?.request}`);
    if (expected !== undefined && expected.body !== body)
      found.push(`${request}: ${body} instead of ${expected.body}`);
    for (const [name, value] of Object.entries(expected?.headers ?? {})) {
      if (headers[name] !== value) found.push(`${request}: ${name} is ${headers[name]} instead of ${value}`);
    }
    this.differences.push(...found);
    return this.differences.length === 0 ? expected : undefined;
  }
}
