import {
  definitionOf,
  formatDuration,
  isOptionKey,
  type JobFailure,
  MillraceError,
} from '../../core/internal.js';
import { ok } from './rest-message.js';
import type { Route } from './rest-router.js';
import { jobOf, type RestServices } from './rest-services.js';

/** What the dashboard shows beyond Flink's interface. */
export function millraceRoutes(services: RestServices): readonly Route[] {
  const { cluster } = services;
  return [
    {
      method: 'GET',
      pattern: '/jobs/:jobid/millrace/explain',
      handle: async (request) => {
        const { jobId } = await jobOf(services, request);
        const explanation = await cluster.explain(jobId);
        if (explanation === undefined) throw new MillraceError('MR7002', `Job ${jobId} does not run.`);
        return ok(explanation);
      },
    },
    {
      method: 'GET',
      pattern: '/jobs/:jobid/millrace/configuration',
      handle: async (request) => {
        const { jobId } = await jobOf(services, request);
        const { options = {} } = (await cluster.jobConfiguration(jobId)) ?? {};
        return ok({
          options: Object.entries(options).flatMap(([key, { value, origin }]) =>
            value === undefined ? [] : [{ key, value: textOf(key, value), origin }],
          ),
        });
      },
    },
    {
      method: 'GET',
      pattern: '/jobs/:jobid/millrace/restarts',
      handle: async (request) => {
        const { jobId } = await jobOf(services, request);
        return ok({ restarts: (await cluster.failures(jobId)).toReversed().map(restartOf) });
      },
    },
  ];
}

/** What followed on a failure, for which Flink's history of exceptions has no fields. */
function restartOf(failure: JobFailure): Readonly<Record<string, unknown>> {
  const { attempt, failedMs, taskName, restartedTasks, restoredCheckpointId, recoveryMs } = failure;
  return {
    attempt,
    timestamp: failedMs,
    taskName: taskName ?? null,
    restartedTasks,
    restoredCheckpointId: restoredCheckpointId ?? null,
    recoveryMs: recoveryMs ?? null,
  };
}

/** As a person would write it: durations with a unit. */
function textOf(key: string, value: string | number | boolean): string {
  const isDuration = isOptionKey(key) && definitionOf(key).type.kind === 'duration';
  return isDuration && typeof value === 'number' ? formatDuration(value) : String(value);
}
