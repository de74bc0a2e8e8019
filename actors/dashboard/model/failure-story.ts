import { agoText, plural } from './figures.js';
import type { Finding } from './finding.js';
import type { JobDetail, RootException } from './flink-json.js';
import { jobLink } from './route.js';

/** A failure this long ago is history while the job runs. */
const RECENT_MS = 10 * 60_000;

/** The first line of a stack: what was thrown, without where. */
export function headline({
  stacktrace,
  exceptionName,
}: Pick<RootException, 'stacktrace' | 'exceptionName'>): string {
  const line =
    stacktrace
      .split('\n')
      .find((text) => text.trim() !== '')
      ?.trim() ?? '';
  return line === '' ? exceptionName : line;
}

/** Why the job failed, or what it has restarted from. `failures`: newest first. */
export function failureFinding(
  job: JobDetail,
  failures: readonly RootException[],
  nowMs: number,
): Finding | undefined {
  const [last] = failures;
  if (last === undefined) return undefined;
  const over = job.state === 'FAILED' || job.state === 'FAILING' || job.state === 'RESTARTING';
  if (!over && nowMs - last.timestamp > RECENT_MS) return undefined;
  const where = last.taskName === undefined || last.taskName === null ? '' : ` in ${last.taskName}`;
  return {
    severity: over ? 'bad' : 'warning',
    title: over ? `The job is ${job.state}` : `Restarted after a failure ${agoText(last.timestamp, nowMs)}`,
    text: `${headline(last)}${where}. ${plural(failures.length, 'failure')} so far.`,
    link: jobLink(job.jid, 'exceptions'),
    linkText: 'Exceptions',
  };
}
