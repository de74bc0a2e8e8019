import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as a client sent it, and how it was answered. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly status: number;
}

/** Stands between a client and a server, and notes what the client sends. */
export class RecordingProxy {
  readonly requests: RecordedRequest[] = [];
  readonly #server: Server;
  readonly #target: URL;

  constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((incoming, outgoing) => {
      this.#pass(incoming, outgoing).catch((error: unknown) => outgoing.destroy(error as Error));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = incoming;
    const body = await textOf(incoming);
    const { hostname, port } = this.#target;
    const passed = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request({ hostname, port, method, path, headers, agent: false }, resolve);
      sent.on('error', reject);
      sent.end(body);
    });
    const answer = await textOf(passed);
    const status = passed.statusCode ?? 0;
    this.requests.push({ method, path, headers: plain(headers), body, status });
    outgoing.writeHead(status, { 'Content-Type': passed.headers['content-type'], Connection: 'close' });
    outgoing.end(answer);
  }
}

async function textOf(message: IncomingMessage): Promise<string> {
  let text = '';
  message.setEncoding('utf8');
  for await (const piece of message) text += String(piece);
  return text;
}

function plain(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
