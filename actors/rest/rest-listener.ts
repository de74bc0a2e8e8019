import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { MillraceError } from '../../core/internal.js';

export interface RestListenerSettings {
  readonly bindAddress: string;
  /** Tried in turn. */
  readonly ports: readonly number[];
  /** Where all of them are taken, a free one is as good. */
  readonly anyPort: boolean;
}

/** Who speaks HTTP on the connections of a listener. */
export interface RestSpeaker {
  /** From now on every connection comes to it without being handed on. */
  listenOn(server: Server): Promise<void>;
  /** One that came before. */
  accept(connection: Socket): void;
  close(): Promise<void>;
}

/**
 * A port that is listened on, and nothing more until somebody connects: what speaks HTTP, with all that it can tell,
 * is loaded then. Most jobs are never asked.
 *
 * Invariants: a connection is read by the speaker alone; once the speaker listens, it owns the port and closes it.
 */
export class RestListener {
  readonly #server: Server;
  readonly #load: () => Promise<RestSpeaker>;
  readonly #onFailure: (error: unknown) => void;
  /** Paused, until there is a speaker. */
  #waiting: Socket[] = [];
  #speaker: Promise<RestSpeaker | undefined> | undefined;
  readonly address: string;
  readonly port: number;

  private constructor(server: Server, load: () => Promise<RestSpeaker>, onFailure: (error: unknown) => void) {
    this.#server = server;
    this.#load = load;
    this.#onFailure = onFailure;
    const { address, port } = server.address() as AddressInfo;
    this.address = address;
    this.port = port;
    server.on('connection', (connection) => this.#onConnection(connection));
  }

  /**
   * `load` is called once, when somebody connects for the first time; where it fails, `onFailure` is told and who has
   * connected is sent away.
   *
   * @throws MillraceError MR4006 where no port can be had
   */
  static async listen(
    settings: RestListenerSettings,
    load: () => Promise<RestSpeaker>,
    onFailure: (error: unknown) => void,
  ): Promise<RestListener> {
    // As node:http makes them: a client may end its side first.
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
    let taken: NodeJS.ErrnoException | undefined;
    for (const port of [...settings.ports, ...(settings.anyPort ? [0] : [])]) {
      taken = await bind(server, port, settings.bindAddress);
      if (taken === undefined) return new RestListener(server, load, onFailure);
      if (taken.code !== 'EADDRINUSE' && taken.code !== 'EACCES') break;
    }
    throw cannotBind(settings, taken);
  }

  /** What is under way is answered first. */
  async close(): Promise<void> {
    const speaker = await this.#speaker;
    await speaker?.close();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #onConnection(connection: Socket): void {
    this.#waiting.push(connection);
    this.#speaker ??= this.#begin().catch((error: unknown) => {
      this.#onFailure(error);
      for (const waiting of this.#takeWaiting()) waiting.destroy();
      this.#speaker = undefined;
      return undefined;
    });
  }

  async #begin(): Promise<RestSpeaker> {
    const speaker = await this.#load();
    await speaker.listenOn(this.#server);
    for (const waiting of this.#takeWaiting()) speaker.accept(waiting);
    return speaker;
  }

  #takeWaiting(): Socket[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}

/** Undefined when it listens. */
function bind(server: Server, port: number, address: string): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      server.off('listening', listening);
      resolve(error);
    };
    const listening = (): void => {
      server.off('error', failed);
      resolve(undefined);
    };
    server.once('error', failed);
    server.once('listening', listening);
    server.listen(port, address);
  });
}

function cannotBind({ bindAddress, ports }: RestListenerSettings, cause: Error | undefined): MillraceError {
  const [first] = ports;
  const named = ports.length === 1 ? `port ${first}` : `any of the ports ${first} to ${ports.at(-1)}`;
  return new MillraceError('MR4006', `The REST server cannot listen on ${named} of ${bindAddress}.`, {
    ...(cause === undefined ? {} : { why: cause.message, cause }),
    hint: 'Set rest.port or rest.bind-port to others, or leave them unset for any that is free.',
  });
}
