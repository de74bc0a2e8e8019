import { randomBytes } from 'node:crypto';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { isSecretName, MillraceError, type ResolvedOptions } from '../../core/internal.js';
import { dashboardPages } from '../rest/dashboard-pages.js';
import { OperationStore } from '../rest/operation-store.js';
import type { RestCluster } from '../rest/rest-cluster.js';
import { REST_LIMITS, RestServer } from '../rest/rest-server.js';
import type { RestProcess } from '../rest/rest-services.js';
import { restRouter } from '../rest/routes.js';
import { SavepointRoots } from '../rest/savepoint-roots.js';
import { packageFolder, packageVersion } from './package-version.js';
import { SYSTEM_CLOCK } from './system-clock.js';

/** How long a cluster that ends waits for a client to ask what came of a savepoint; clients ask every two seconds. */
const LAST_ANSWERS_MS = 5000;

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i;
const ANY_ADDRESS = new Set(['0.0.0.0', '::', '::0']);

/** REST of this process, listening. Loaded when it is asked for: with it comes HTTP. */
export class RestEndpoint {
  readonly #server: RestServer;
  readonly #operations: OperationStore;
  /** Where a client of this machine reaches it. */
  readonly url: string;

  private constructor(server: RestServer, operations: OperationStore) {
    this.#server = server;
    this.#operations = operations;
    const host = ANY_ADDRESS.has(server.address) ? '127.0.0.1' : server.address;
    this.url = `http://${host.includes(':') ? `[${host}]` : host}:${server.port}`;
  }

  /** @throws MillraceError MR4006 where it may not listen, or cannot; MR4002 */
  static async start(cluster: RestCluster, options: ResolvedOptions): Promise<RestEndpoint> {
    const { values, origins } = options;
    const bindAddress = values['rest.bind-address'];
    const token = values['rest.token'];
    if (token === undefined && !LOOPBACK.test(bindAddress)) throw tokenNeeded(bindAddress);
    if (token !== undefined && !/^[\x21-\x7e]{8,}$/.test(token)) throw weakToken();
    const bindPort = values['rest.bind-port'];
    const operations = new OperationStore({
      clock: SYSTEM_CLOCK,
      newId: () => randomBytes(16).toString('hex'),
      keepMs: values['rest.async.store-duration'],
    });
    const services = {
      cluster,
      clock: SYSTEM_CLOCK,
      operations,
      roots: new SavepointRoots(rootsOf(options)),
      process: processOf(options),
    };
    const server = await RestServer.listen(
      {
        bindAddress,
        ports: bindPort === undefined ? [values['rest.port']] : portsOf(bindPort),
        anyPort: bindPort === undefined && origins['rest.port'] === 'default',
        policy: { hosts: hostsOf(bindAddress, values['rest.address']), token },
        limits: REST_LIMITS,
      },
      restRouter(services, reportDefect),
      dashboardPages(join(packageFolder(), 'dist', 'dashboard')),
    );
    return new RestEndpoint(server, operations);
  }

  /** Whoever waits for a savepoint still learns what came of it, if they ask soon. */
  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LAST_ANSWERS_MS);
    });
    await Promise.race([this.#operations.allRead(), late]);
    clearTimeout(timer);
    await this.#server.close();
  }
}

function reportDefect(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`REST: ${text}\n`);
}

function rootsOf({ values }: ResolvedOptions): string[] {
  const { 'execution.checkpointing.savepoint-dir': savepoints, 'execution.checkpointing.dir': checkpoints } =
    values;
  return [savepoints, checkpoints].filter((root) => root !== undefined);
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

function processOf({ values, configured }: ResolvedOptions): RestProcess {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return {
    version: packageVersion(),
    refreshIntervalMs: values['web.refresh-interval'],
    timezoneName: timeZone,
    timezoneOffsetMs: -new Date().getTimezoneOffset() * 60_000,
    configuration: Object.entries(configured).map(([key, value]) => ({
      key,
      value: isSecretName(key) ? '******' : String(value),
    })),
    runtime: { version: `Node.js ${process.version}`, arch: process.arch, options: process.execArgv },
    shutDown: undefined,
  };
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
