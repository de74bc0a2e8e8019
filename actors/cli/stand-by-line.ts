import type { JobHolder } from '../../core/internal.js';

/** What a person sees of a process that waits until it may lead. */
export function standByLine({ pid, host }: JobHolder): string {
  return `Standing by: process ${pid} on ${host} leads.\n`;
}
