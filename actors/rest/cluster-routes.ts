import { ok } from './rest-message.js';
import type { Route } from './rest-router.js';
import { jobOf, type RestServices } from './rest-services.js';

/** The release of Flink whose interface this is. */
const FLINK_VERSION = '2.2.0';

/** `/overview`, `/config`, and the process that serves. */
export function clusterRoutes(services: RestServices): readonly Route[] {
  const { cluster, process } = services;
  const environment = () => ok({ jvm: process.runtime, classpath: [] });
  return [
    { method: 'GET', pattern: '/overview', handle: () => overview(services) },
    { method: 'GET', pattern: '/config', handle: async () => ok(dashboardConfig(services)) },
    { method: 'GET', pattern: '/jobmanager/config', handle: async () => ok(process.configuration) },
    { method: 'GET', pattern: '/jobmanager/environment', handle: async () => environment() },
    {
      method: 'GET',
      pattern: '/jobs/:jobid/jobmanager/config',
      handle: async (request) => {
        const { jobId } = await jobOf(services, request);
        const options = (await cluster.jobConfiguration(jobId))?.options ?? {};
        return ok(
          Object.entries(options).flatMap(([key, { value, origin }]) =>
            origin === 'default' || value === undefined ? [] : [{ key, value: String(value) }],
          ),
        );
      },
    },
    {
      method: 'GET',
      pattern: '/jobs/:jobid/jobmanager/environment',
      handle: async (request) => {
        await jobOf(services, request);
        return environment();
      },
    },
    ...shutDownRoute(services),
  ];
}

/** Only a cluster that takes jobs can be shut down; one that lives with its job ends with it. */
function shutDownRoute({ process: { shutDown } }: RestServices): readonly Route[] {
  if (shutDown === undefined) return [];
  return [
    {
      method: 'DELETE',
      pattern: '/cluster',
      handle: async () => {
        shutDown();
        return ok({});
      },
    },
  ];
}

async function overview({ cluster, process }: RestServices) {
  const [jobs, taskManagers] = await Promise.all([cluster.jobs(), cluster.taskManagers()]);
  const sum = (of: (manager: (typeof taskManagers)[number]) => number): number =>
    taskManagers.reduce((total, manager) => total + of(manager), 0);
  const ended = (status: string): number => jobs.filter((job) => job.status === status).length;
  return ok({
    taskmanagers: taskManagers.length,
    'slots-total': sum(({ slots }) => slots),
    'slots-available': sum(({ freeSlots }) => freeSlots),
    'jobs-running': jobs.length - ended('FINISHED') - ended('CANCELED') - ended('FAILED'),
    'jobs-finished': ended('FINISHED'),
    'jobs-cancelled': ended('CANCELED'),
    'jobs-failed': ended('FAILED'),
    'flink-version': FLINK_VERSION,
    'flink-commit': revision(process.version),
  });
}

function dashboardConfig({ process }: RestServices) {
  return {
    'refresh-interval': process.refreshIntervalMs,
    'timezone-name': process.timezoneName,
    'timezone-offset': process.timezoneOffsetMs,
    'flink-version': FLINK_VERSION,
    'flink-revision': revision(process.version),
    features: { 'web-submit': false, 'web-cancel': true, 'web-rescale': true, 'web-history': false },
  };
}

function revision(version: string): string {
  return `millrace-${version}`;
}
