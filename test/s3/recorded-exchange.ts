import { createHash } from 'node:crypto';
import type { S3Exchange } from './s3-proxy.js';

/** What was recorded of a server: which it was, and what it answered to what, in order. */
export interface S3Recording {
  readonly server: string;
  readonly bucket: string;
  readonly exchanges: readonly RecordedExchange[];
}

/** An exchange as it is kept: of a body beyond a few bytes only its length and digest. */
export interface RecordedExchange {
  readonly request: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly status: number;
  readonly answerHeaders: Readonly<Record<string, string>>;
  /** Base64. */
  readonly answer: string;
}

/** Headers that mean something to either side. None of them holds what a request was signed with. */
const REQUEST_HEADERS = ['if-none-match', 'range', 'content-length', 'x-amz-content-sha256'];
const ANSWER_HEADERS = ['content-type', 'content-range', 'content-length', 'etag'];
const BODY_BYTES_MAX = 2_000;

export function recorded(exchange: S3Exchange): RecordedExchange {
  return {
    request: `${exchange.method} ${exchange.url}`,
    headers: some(exchange.requestHeaders, REQUEST_HEADERS),
    body: brief(exchange.requestBody),
    status: exchange.status,
    answerHeaders: some(exchange.answerHeaders, ANSWER_HEADERS),
    answer: exchange.answerBody.toString('base64'),
  };
}

export function brief(body: Buffer): string {
  if (body.length <= BODY_BYTES_MAX) return body.toString('latin1');
  return `${body.length} bytes, sha256 ${createHash('sha256').update(body).digest('hex')}`;
}

function some(headers: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])),
  );
}
