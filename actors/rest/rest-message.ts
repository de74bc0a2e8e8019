import { ERROR_TABLE, type ErrorCode, isMillraceError } from '../../core/internal.js';

/** One request, as far as it was let in. Everything in it was written by somebody else. */
export interface RestRequest {
  readonly method: string;
  /** Values of the places of the route, such as `jobid`, percent-decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Parsed JSON; undefined for none. */
  readonly body: unknown;
}

/** `body` is sent as JSON, or as the text that it is where a `type` of content is named. */
export interface RestAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly type?: string;
  /** With a status that sends the client elsewhere: where. */
  readonly location?: string;
}

/** Rejects with a MillraceError, whose code decides the status. */
export type RestHandler = (request: RestRequest) => Promise<RestAnswer>;

export function ok(body: unknown): RestAnswer {
  return { status: 200, body };
}

export function accepted(body: unknown = {}): RestAnswer {
  return { status: 202, body };
}

/** Flink's form of an error. */
export function failure(status: number, ...errors: readonly string[]): RestAnswer {
  return { status, body: { errors } };
}

/** What of an error is told to a client, characters. */
const TEXT_MAX = 4000;

const STATUS_OF: Partial<Record<ErrorCode, number>> = {
  MR1006: 409,
  MR4004: 409,
  MR4005: 409,
  MR5013: 409,
  MR4002: 400,
  MR7001: 400,
  MR7002: 404,
  MR7003: 400,
  MR7005: 403,
  MR5003: 503,
  MR8001: 409,
  MR8002: 409,
};

/** Who asks is one of too many. */
export function tooMany(): RestAnswer {
  return failure(503, 'Too many requests are being answered. Ask again.');
}

/**
 * What a client is told of an error: code, sentence and what to do; never a stack, nor what a foreign error says,
 * which may hold anything.
 */
export function failureOf(error: unknown): RestAnswer {
  if (!isMillraceError(error) || error.code === 'MR9002') {
    return failure(500, `MR9002 ${ERROR_TABLE.MR9002.title}; the log of the server tells it.`);
  }
  // It may repeat what the request says, which may be long.
  const { message } = error;
  const text = message.length > TEXT_MAX ? `${message.slice(0, TEXT_MAX)}…` : message;
  return failure(STATUS_OF[error.code] ?? 500, text);
}
