import { hostname, networkInterfaces } from 'node:os';
import { isMillraceError, MillraceError, type ResolvedOptions } from '../../core/internal.js';
import type { GuardPolicy } from '../rest/request-guard.js';
import type { RestCluster } from '../rest/rest-cluster.js';
import { RestListener } from '../rest/rest-listener.js';
import type { RestServerSettings } from '../rest/rest-server.js';
import { reportFailure } from './unexpected-failure.js';

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i;
const ANY_ADDRESS = new Set(['0.0.0.0', '::', '::0']);

/** REST of this process, listening. What answers is loaded when somebody connects: with it comes HTTP. */
export class RestEndpoint {
  readonly #listener: RestListener;
  /** Where a client of this machine reaches it. */
  readonly url: string;
  /** Where others do. */
  readonly publicUrl: string;

  private constructor(listener: RestListener, restAddress: string | undefined) {
    this.#listener = listener;
    const { address, port } = listener;
    const isAny = ANY_ADDRESS.has(address);
    this.url = urlOf(isAny ? '127.0.0.1' : address, port);
    this.publicUrl = urlOf(restAddress ?? (isAny ? hostname() : address), port);
  }

  /**
   * `elsewhere`: what is answered while another process leads; it is asked for each request. `takesAnyPort`: where no
   * port is configured and the usual one is taken.
   *
   * @throws MillraceError MR4006 where it may not listen, or cannot; MR4002
   */
  static async start(
    cluster: RestCluster,
    options: ResolvedOptions,
    elsewhere: RestServerSettings['elsewhere'],
    takesAnyPort = true,
  ): Promise<RestEndpoint> {
    const { values, origins } = options;
    const bindAddress = values['rest.bind-address'];
    const token = values['rest.token'];
    if (token === undefined && !LOOPBACK.test(bindAddress)) throw tokenNeeded(bindAddress);
    if (token !== undefined && !/^[\x21-\x7e]{8,}$/.test(token)) throw weakToken();
    const bindPort = values['rest.bind-port'];
    const onFailure = (error: unknown): void => reportFailure('REST', error);
    const policy: GuardPolicy = { hosts: hostsOf(bindAddress, values['rest.address']), token };
    const listener = await RestListener.listen(
      {
        bindAddress,
        ports: bindPort === undefined ? [values['rest.port']] : portsOf(bindPort),
        anyPort: takesAnyPort && bindPort === undefined && origins['rest.port'] === 'default',
      },
      async () => {
        const { RestService } = await import('./rest-service.js');
        return new RestService(cluster, options, { policy, elsewhere }, onFailure);
      },
      onFailure,
    );
    return new RestEndpoint(listener, values['rest.address']);
  }

  /** Whoever waits for a savepoint still learns what came of it, if they ask soon. */
  close(): Promise<void> {
    return this.#listener.close();
  }
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Another process has the port that one was to be had. */
export function isPortTaken(error: unknown): boolean {
  const cause = isMillraceError(error) && error.code === 'MR4006' ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
}

/** Names under which the server can be looked up without that being an attack. */
function hostsOf(bindAddress: string, address: string | undefined): ReadonlySet<string> {
  const hosts = ['localhost', '127.0.0.1', '::1', bindAddress];
  if (address !== undefined) hosts.push(address);
  if (ANY_ADDRESS.has(bindAddress)) {
    hosts.push(hostname());
    for (const addresses of Object.values(networkInterfaces())) {
      for (const { address } of addresses ?? []) hosts.push(address);
    }
  }
  return new Set(hosts.map((host) => host.toLowerCase()));
}

/** `8081`, `8081-8090`, or several of these with commas between. @throws MillraceError MR4002 */
export function portsOf(text: string): number[] {
  return text.split(',').flatMap((part) => {
    const [, first, last] = /^\s*(\d{1,5})(?:\s*-\s*(\d{1,5}))?\s*$/.exec(part) ?? [];
    const from = Number(first);
    const to = last === undefined ? from : Number(last);
    if (first === undefined || to < from || to > 65_535) {
      throw new MillraceError('MR4002', `'${text}' is no port or range of ports.`, {
        where: { at: 'rest.bind-port' },
        hint: 'Write 8081, 8081-8090, or a list of such.',
      });
    }
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

function tokenNeeded(bindAddress: string): MillraceError {
  return new MillraceError('MR4006', `The REST server does not listen on ${bindAddress} without a token.`, {
    why: 'Whoever reaches it could cancel jobs and read what they hold.',
    hint: 'Set rest.token to a secret (by MILLRACE_REST_TOKEN, so that no list of processes shows it), or rest.bind-address to 127.0.0.1.',
  });
}

function weakToken(): MillraceError {
  return new MillraceError('MR4006', 'The value of rest.token is no secret.', {
    why: 'It is shorter than 8 characters, or has some that a header cannot carry.',
    hint: 'Take letters and digits, 32 of them for example.',
  });
}
