import { MillraceError, type ResolvedOptions } from '../../core/internal.js';
import type { RunCluster, StopClusters } from '../cli/cluster-command.js';
import type { RecoveredJob } from '../cluster/session-gateway.js';
import { notedProcesses, noteProcess } from './cluster-processes.js';
import { LocalCluster } from './local-cluster.js';
import { layersOf } from './run-job.js';

/** Between two looks at whether a process that was told to stop is gone. */
const LOOK_EVERY_MS = 50;

/** Session mode: a control plane that lives without a job. */
export const runCluster: RunCluster = async (configuration, listener) => {
  const clusterId = clusterIdOf(configuration);
  const forget = await noteProcess(configuration, clusterId);
  try {
    let shutDown = (): void => {};
    let recovered: readonly RecoveredJob[] = [];
    const cluster = await LocalCluster.startWith(layersOf(configuration), {
      kind: 'session',
      defaultClusterId: clusterId,
      onStandBy: listener.onStandBy,
      onShutDown: () => shutDown(),
      servesRest: configuration.values['rest.enabled'],
      onRecovered: (jobs) => {
        recovered = jobs;
      },
    });
    try {
      const { restUrl } = cluster;
      await new Promise<void>((resolve, reject) => {
        cluster.lost().catch(reject);
        const stop = async () => {
          const stopped = await cluster.stopAll();
          resolve();
          return stopped;
        };
        shutDown = () => listener.onShutDown(stop());
        listener.onStarted({ clusterId, restUrl, recovered, stop });
      });
    } finally {
      await cluster.close();
    }
  } finally {
    await forget();
  }
};

export const stopClusters: StopClusters = async (configuration) => {
  const found = await notedProcesses(configuration, clusterIdOf(configuration));
  for (const { pid } of found) process.kill(pid, 'SIGTERM');
  for (const noted of found) {
    while (noted.lives()) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return found.map(({ pid }) => pid);
};

function clusterIdOf({ values }: ResolvedOptions): string {
  const clusterId = values['high-availability.cluster-id'] ?? 'default';
  if (/^[\w.-]{1,100}$/.test(clusterId)) return clusterId;
  throw new MillraceError('MR4002', `'${clusterId}' cannot name a cluster.`, {
    where: { at: 'high-availability.cluster-id' },
    hint: 'Use letters, digits, dots, dashes and underscores.',
  });
}
