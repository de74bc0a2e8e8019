import type { JobHolder } from '../../core/internal.js';

/** How a process stands by: who leads, and where REST is served. */
export interface StandByFacts {
  readonly leader: JobHolder;
  readonly leaderUrl: string | undefined;
  readonly restUrl: string | undefined;
}

/** What a person sees of a process that waits until it may lead. */
export function standByLine({ leader: { pid, host }, leaderUrl, restUrl }: StandByFacts): string {
  const where = leaderUrl === undefined ? '' : `, ${leaderUrl}`;
  const here = restUrl === undefined ? '' : ` ${restUrl} sends clients there.`;
  return `Standing by: process ${pid} on ${host} leads${where}.${here}\n`;
}
