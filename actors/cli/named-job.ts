import { MillraceError, nearest } from '../../core/internal.js';
import { type ClusterClient, type Fields, listOf, printable } from './cluster-client.js';
import { namedText } from './named-place.js';

/** So much of an id may stand for it. */
const DIGITS_MIN = 4;
const ENDED: ReadonlySet<unknown> = new Set(['FINISHED', 'FAILED', 'CANCELED', 'SUSPENDED']);

/** A job as the cluster lists it. */
export interface ListedJob {
  readonly id: string;
  /** As a terminal may show it. */
  readonly name: string;
  readonly state: string;
  /** ms since the epoch. */
  readonly startMs: number;
  readonly ended: boolean;
  /** All that the cluster says of it. */
  readonly fields: Fields;
}

/** Rejects as {@link ClusterClient}. */
export async function listedJobs(client: ClusterClient): Promise<readonly ListedJob[]> {
  const { jobs } = await client.ask('GET', '/jobs/overview');
  return listOf(jobs).map((fields) => ({
    id: String(fields.jid),
    name: printable(String(fields.name)),
    state: String(fields.state),
    startMs: Number(fields['start-time']),
    ended: ENDED.has(fields.state),
    fields,
  }));
}

/**
 * The one job that a person means, by its id, the beginning of it, or its name; of several of a name the one that has
 * not ended. `others`: words that they may have meant instead. Rejects with MR7001 if that may be several, MR7002 if
 * the job is not known or has ended.
 */
export async function namedJob(
  client: ClusterClient,
  written: string,
  others: readonly string[] = [],
): Promise<ListedJob> {
  const word = namedText('job', written);
  const jobs = await listedJobs(client);
  const digits = word.toLowerCase();
  const isStart = digits.length >= DIGITS_MIN && /^[\da-f]+$/.test(digits);
  const meant = jobs.filter(({ id, name }) => name === word || (isStart && id.startsWith(digits)));
  const open = meant.filter(({ ended }) => !ended);
  const [job = meant[0]] = open;
  if (job === undefined) {
    const candidates = jobs.filter(({ ended }) => !ended).flatMap(({ id, name }) => [name, id]);
    throw unknown(client.target, word, nearest(word, [...others, ...candidates]));
  }
  if (open.length > 1) throw ambiguous(word, open);
  if (job.ended) {
    throw new MillraceError('MR7002', `Job ${job.id} (${job.name}) has ended: it is ${job.state}.`, {
      hint: 'millrace list shows those that run.',
    });
  }
  return job;
}

function unknown(target: string, word: string, guess: string | undefined): MillraceError {
  return new MillraceError('MR7002', `The cluster at ${target} has no job '${word}'.`, {
    hint: `${guess === undefined ? '' : `Did you mean ${guess}? `}millrace list -a shows what it has.`,
  });
}

function ambiguous(word: string, jobs: readonly ListedJob[]): MillraceError {
  return new MillraceError('MR7001', `'${word}' may be ${jobs.length} jobs.`, {
    why: jobs.map(({ id, name }) => `${id} (${name})`).join(', '),
    hint: 'Name one by more digits of its id.',
  });
}
