import { randomBytes } from 'node:crypto';
import type { Server, Socket } from 'node:net';
import { join } from 'node:path';
import { isSecretName, type ResolvedOptions } from '../../core/internal.js';
import { dashboardPages } from '../rest/dashboard-pages.js';
import type { FlameGraphSettings } from '../rest/flame-graphs.js';
import { OperationStore } from '../rest/operation-store.js';
import type { RestCluster } from '../rest/rest-cluster.js';
import type { RestSpeaker } from '../rest/rest-listener.js';
import { REST_LIMITS, RestServer, type RestServerSettings } from '../rest/rest-server.js';
import type { RestProcess } from '../rest/rest-services.js';
import { restRouter } from '../rest/routes.js';
import { SavepointRoots } from '../rest/savepoint-roots.js';
import { withDeadline } from './deadline.js';
import { packageFolder, packageVersion } from './package-version.js';
import { SYSTEM_CLOCK } from './system-clock.js';

/** How long a cluster that ends waits for a client to ask what came of a savepoint; clients ask every two seconds. */
const LAST_ANSWERS_MS = 5000;

/** All that answers on the port of a cluster: Flink's interface, and the dashboard. */
export class RestService implements RestSpeaker {
  readonly #server: RestServer;
  readonly #operations: OperationStore;

  /** `report` is told of defects of its own, whatever was asked of it. */
  constructor(
    cluster: RestCluster,
    options: ResolvedOptions,
    access: Omit<RestServerSettings, 'limits'>,
    report: (error: unknown) => void,
  ) {
    this.#operations = new OperationStore({
      clock: SYSTEM_CLOCK,
      newId: () => randomBytes(16).toString('hex'),
      keepMs: options.values['rest.async.store-duration'],
    });
    const services = {
      cluster,
      clock: SYSTEM_CLOCK,
      operations: this.#operations,
      roots: new SavepointRoots(rootsOf(options)),
      process: { ...processOf(options), shutDown: cluster.shutDown },
    };
    const pages = dashboardPages(join(packageFolder(), 'dist', 'dashboard'));
    this.#server = new RestServer({ ...access, limits: REST_LIMITS }, restRouter(services, report), pages);
  }

  listenOn(listener: Server): Promise<void> {
    return this.#server.listenOn(listener);
  }

  accept(connection: Socket): void {
    this.#server.accept(connection);
  }

  /** Whoever waits for a savepoint still learns what came of it, if they ask soon. */
  async close(): Promise<void> {
    await withDeadline(LAST_ANSWERS_MS, (deadline) => Promise.race([this.#operations.allRead(), deadline]));
    await this.#server.close();
  }
}

function rootsOf({ values }: ResolvedOptions): string[] {
  const { 'execution.checkpointing.savepoint-dir': savepoints, 'execution.checkpointing.dir': checkpoints } =
    values;
  return [savepoints, checkpoints].filter((root) => root !== undefined);
}

function processOf({ values, configured }: ResolvedOptions): Omit<RestProcess, 'shutDown'> {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return {
    version: packageVersion(),
    refreshIntervalMs: values['web.refresh-interval'],
    flameGraphs: flameGraphSettings(values),
    timezoneName: timeZone,
    timezoneOffsetMs: -new Date().getTimezoneOffset() * 60_000,
    configuration: Object.entries(configured).map(([key, value]) => ({
      key,
      value: isSecretName(key) ? '******' : String(value),
    })),
    runtime: { version: `Node.js ${process.version}`, arch: process.arch, options: process.execArgv },
  };
}

function flameGraphSettings(values: ResolvedOptions['values']): FlameGraphSettings {
  return {
    enabled: values['rest.flamegraph.enabled'],
    refreshMs: values['rest.flamegraph.refresh-interval'],
    cleanupMs: values['rest.flamegraph.cleanup-interval'],
    samples: values['rest.flamegraph.num-samples'],
    delayMs: values['rest.flamegraph.delay-between-samples'],
    depth: values['rest.flamegraph.stack-depth'],
  };
}
