import { definitionOf, formatDuration, isOptionKey, MillraceError } from '../../core/internal.js';
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
  ];
}

/** As a person would write it: durations with a unit. */
function textOf(key: string, value: string | number | boolean): string {
  const isDuration = isOptionKey(key) && definitionOf(key).type.kind === 'duration';
  return isDuration && typeof value === 'number' ? formatDuration(value) : String(value);
}
