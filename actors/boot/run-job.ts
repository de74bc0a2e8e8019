import {
  fromWireError,
  jobNameOf,
  OPTION_ORIGINS,
  type OptionLayer,
  type RawValue,
  type ResolvedOptions,
} from '../../core/internal.js';
import type { OnSignal, RunJob } from '../cli/run-command.js';
import { LocalCluster } from './local-cluster.js';
import type { LocalJob } from './local-job.js';
import { leaveWithParent } from './supervised-child.js';

const STATUS_EVERY_MS = 500;

/** Application mode: a cluster that lives with its one job. */
export const runJob: RunJob = async (request, listener) => {
  if (request.fixedJobId !== undefined) leaveWithParent();
  const cluster = await LocalCluster.startWith(layersOf(request.configuration), {
    kind: 'application',
    defaultClusterId:
      request.jobId ?? request.configuration.values['pipeline.name'] ?? jobNameOf(request.url),
    onStandBy: listener.onStandBy,
    servesRest: request.configuration.values['rest.enabled'],
  });
  try {
    const { restUrl } = cluster;
    const { url, params, jobId, start, fromSavepoint, allowNonRestoredState, fixedJobId } = request;
    const options = {
      ...(jobId === undefined ? {} : { jobId }),
      start,
      ...(fromSavepoint === undefined ? {} : { fromSavepoint }),
      allowNonRestoredState,
    };
    const answer = await cluster.submitModule(url, params, options, fixedJobId);
    if (answer.type === 'refused') throw fromWireError(answer.error);
    if (answer.type === 'already-finished') return answer;
    const job = cluster.jobOf(answer);
    listener.onStarted(
      { job, restUrl },
      { stop: () => cluster.close(), stopWithSavepoint: () => job.stop() },
    );
    const result = await watched(job, listener.onStatus);
    return { type: 'finished', result };
  } finally {
    await cluster.close();
  }
};

/** Signals of the process, until the returned function is called. */
export const onSignal: OnSignal = (handler) => {
  const names = ['SIGINT', 'SIGTERM'] as const;
  for (const name of names) process.on(name, handler);
  return () => {
    for (const name of names) process.off(name, handler);
  };
};

async function watched(job: LocalJob, onStatus: Parameters<RunJob>[1]['onStatus']) {
  const timer = setInterval(() => {
    job.status().then(
      (status) => {
        if (status !== undefined) onStatus(status);
      },
      // The cluster is gone; `result` tells why.
      () => clearInterval(timer),
    );
  }, STATUS_EVERY_MS);
  try {
    return await job.result();
  } finally {
    clearInterval(timer);
  }
}

/** Resolved options as layers again, so that the job's own values can be put between them. */
export function layersOf(options: ResolvedOptions): OptionLayer[] {
  return OPTION_ORIGINS.toReversed().map((origin) => {
    const values: Record<string, RawValue> = {};
    for (const [key, value] of Object.entries(options.configured)) {
      if (value !== undefined && options.origins[key as keyof typeof options.origins] === origin)
        values[key] = value;
    }
    return { origin, values };
  });
}
