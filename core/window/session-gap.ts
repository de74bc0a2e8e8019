import { type Duration, durationMs } from '../base/duration.js';
import { MillraceError } from '../base/millrace-error.js';
import { checkSynchronous } from '../operator/synchronous.js';

/** How long no record may come before a session is over, as the record says. */
export type SessionWindowTimeGapExtractor<T> = (element: T) => Duration;

/** @throws MillraceError MR1001 if the gap is not positive */
function sessionGapMs(gap: Duration): number {
  const gapMs = durationMs(gap, 'gap of sessions');
  if (gapMs > 0) return gapMs;
  throw new MillraceError('MR1001', `The gap of sessions is ${gapMs} ms.`, { hint: 'It must be positive.' });
}

export function staticGap(gap: Duration): () => number {
  const gapMs = sessionGapMs(gap);
  return () => gapMs;
}

export function dynamicGap<T>(extract: SessionWindowTimeGapExtractor<T>): (element: T) => number {
  checkSynchronous(extract, 'The function given to withDynamicGap');
  return (element) => sessionGapMs(extract(element));
}
