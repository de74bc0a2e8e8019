import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { failure, type RestAnswer } from './rest-message.js';

/** Who may ask. */
export interface GuardPolicy {
  /** Names and addresses that the server answers for, in lower case, without port. */
  readonly hosts: ReadonlySet<string>;
  /** Undefined: none is asked for, which only a loopback address allows. */
  readonly token: string | undefined;
}

/** What of a request is judged before anything of it is believed. */
export interface GuardedRequest {
  readonly method: string;
  /** As it was sent. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, doubled ones included. */
  readonly rawHeaders: readonly string[];
  /** Answered without the token: it holds nothing of the cluster. */
  readonly open: boolean;
}

/** Both go to the server with every request of a page that another site has shown. */
const SAME_SITE = new Set(['same-origin', 'none']);

/**
 * Why a request is refused; undefined lets it in. A page of another site can make a browser on this machine send
 * requests here: it is told by the Host under which the browser looked us up, by Origin, and by Sec-Fetch-Site;
 * and its forms cannot send JSON.
 */
export function refusal(request: GuardedRequest, policy: GuardPolicy): RestAnswer | undefined {
  const { headers } = request;
  if (!request.target.startsWith('/')) return failure(400, 'The target of a request is a path here.');
  const host = hostOf(request);
  if (host === undefined) return failure(400, 'A request has one Host header.');
  if (!policy.hosts.has(nameOf(host))) {
    return failure(403, 'This server does not answer for that host; rest.address names further ones.');
  }
  if (headers.origin !== undefined && !isOwnOrigin(headers.origin, host)) {
    return failure(403, 'Requests of other origins are refused.');
  }
  const site = headers['sec-fetch-site'];
  if (site !== undefined && !SAME_SITE.has(String(site))) {
    return failure(403, 'Requests that other sites cause are refused.');
  }
  if (policy.token !== undefined && !request.open && !bears(headers.authorization, policy.token)) {
    return failure(401, 'This server asks for its token, rest.token, as Authorization: Bearer.');
  }
  return wrongContent(request);
}

/** The Host header as it was sent; undefined where there is none, or more than one. */
function hostOf({ rawHeaders }: GuardedRequest): string | undefined {
  let host: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== 'host') continue;
    if (host !== undefined) return undefined;
    host = rawHeaders[i + 1]?.toLowerCase();
  }
  return host;
}

/** Without the port, and an IPv6 address without its brackets. */
function nameOf(host: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(host)?.[1];
  return bracketed ?? host.replace(/:\d*$/, '').replace(/\.$/, '');
}

function isOwnOrigin(origin: string, host: string): boolean {
  const written = origin.toLowerCase();
  return written === `http://${host}` || written === `https://${host}`;
}

/** Takes as long for any wrong token: what is compared has one length. */
function bears(authorization: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** A form can POST without being asked for leave first, but not JSON; whatever else has a body says JSON as well. */
function wrongContent({ method, headers }: GuardedRequest): RestAnswer | undefined {
  if (method === 'GET') return undefined;
  const type = headers['content-type'];
  if (type === undefined && method !== 'POST' && !hasBody(headers)) return undefined;
  if (/^application\/json\s*(?:;|$)/i.test(type ?? '')) return undefined;
  return failure(415, `A ${method} needs Content-Type: application/json.`);
}

function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
