/** Where in the dashboard a person is: what follows `#` in the address. */
export type Route =
  | { readonly page: 'overview' | 'jobs' | 'task-managers' | 'configuration' | 'logs' | 'unknown' }
  | { readonly page: 'job'; readonly jobId: string; readonly tab: JobTab }
  | { readonly page: 'vertex'; readonly jobId: string; readonly vertexId: string };

export const JOB_TABS = [
  'graph',
  'event-time',
  'checkpoints',
  'exceptions',
  'metrics',
  'configuration',
] as const;
export type JobTab = (typeof JOB_TABS)[number];

const TOP_PAGES = ['jobs', 'task-managers', 'configuration', 'logs'] as const;

export function routeOf(hash: string): Route {
  const path = hash.replace(/^#?\/?/, '').split('?')[0] ?? '';
  const [page = '', jobId = '', tab = '', vertexId = ''] = path.split('/').map(decoded);
  if (page === '') return { page: 'overview' };
  if (page === 'jobs' && tab === 'vertices' && vertexId !== '') return { page: 'vertex', jobId, vertexId };
  if (page === 'jobs' && jobId !== '') {
    const known = JOB_TABS.find((candidate) => candidate === tab);
    if (known !== undefined || tab === '') return { page: 'job', jobId, tab: known ?? 'graph' };
    return { page: 'unknown' };
  }
  return { page: TOP_PAGES.find((candidate) => candidate === page) ?? 'unknown' };
}

export function jobLink(jobId: string, tab: JobTab = 'graph'): string {
  return `#/jobs/${encodeURIComponent(jobId)}/${tab}`;
}

export function vertexLink(jobId: string, vertexId: string): string {
  return `#/jobs/${encodeURIComponent(jobId)}/vertices/${encodeURIComponent(vertexId)}`;
}

/** A part that is no encoding of anything stands for itself. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
