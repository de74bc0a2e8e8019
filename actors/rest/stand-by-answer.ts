import type { LeaderView } from '../cluster/session-gateway.js';
import { failure, type RestAnswer } from './rest-message.js';

/** What a process tells of itself, whoever leads: the text for scrapers, who would count the leader twice. */
const OWN_PATHS = new Set(['/metrics', '/v1/metrics']);

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * What a process answers that stands by: that the leader is elsewhere, or that there is none at present. Undefined: it
 * tells that of itself.
 *
 * @param target of the request, which begins with a slash
 */
export function standByAnswer(leader: LeaderView | undefined, target: string): RestAnswer | undefined {
  const [path = ''] = target.split('?', 1);
  if (OWN_PATHS.has(path)) return undefined;
  if (leader === undefined)
    return failure(503, 'This process stands by, and none of its cluster leads at present. Ask again.');
  const { holder, isOnThisHost, restUrl } = leader;
  const who = `process ${holder.pid} on ${holder.host} leads`;
  const origin = restUrl === undefined ? undefined : originOf(restUrl);
  if (origin === undefined)
    return failure(503, `This process stands by: ${who}, and has not said where it serves REST. Ask again.`);
  if (!isOnThisHost && LOOPBACK.has(origin.hostname)) {
    return failure(503, `This process stands by: ${who}, and serves REST on that machine alone, ${restUrl}.`);
  }
  return {
    ...failure(307, `This process stands by: ${who}, ${origin.origin}.`),
    location: `${origin.origin}${target}`,
  };
}

/** Undefined for what no leader writes. */
function originOf(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'http:' ? url : undefined;
}
