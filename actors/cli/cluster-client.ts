import {
  ERROR_TABLE,
  type ErrorCode,
  isMillraceError,
  MillraceError,
  type ResolvedOptions,
} from '../../core/internal.js';

/** What an answer takes at most; what takes longer is triggered and asked about. */
const ANSWER_MS = 30_000;
/** Between two looks at something that was triggered: Flink's way, less its longest pause. */
const FIRST_LOOK_MS = 10;
const LOOK_EVERY_MS = 500;
const STATUS_UNAUTHORIZED = 401;
/** A process that stands by sends to the leader; the lead may pass on meanwhile. */
const STATUS_LEADER_ELSEWHERE = 307;
const REDIRECTS_MAX = 3;

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

const ADDRESS = /^(?:[\w.-]+|\[[\da-f:]+\]):\d{1,5}$/i;

export type Fields = Readonly<Record<string, unknown>>;

/** What is triggered, and where its end is asked for. */
export interface Operation {
  /** Path of the request that triggers it. */
  readonly path: string;
  readonly body: Fields;
  /** Path below which the outcome stands under the trigger's id; undefined: `path`. */
  readonly outcomes?: string;
  /** What is said if it fails. */
  readonly failure: { readonly code: ErrorCode; readonly what: string };
}

/**
 * The REST interface of a cluster, as the commands ask it: Flink's paths, JSON both ways, the token of the
 * configuration. Where a process that stands by names the leader, that one is asked from then on.
 *
 * Invariant: the token goes to no other host than the one that was named.
 *
 * Rejections: MR7004 if no cluster answers, MR7005 with what it says.
 */
export class ClusterClient {
  #target: string;
  readonly #token: string | undefined;
  readonly #signal: AbortSignal | undefined;

  /**
   * @param target `host:port`; undefined: `rest.address` and `rest.port` of the configuration
   * @param signal ends what is asked, and the waiting between
   * @throws MillraceError MR7001 for a target that is none
   */
  constructor(target: string | undefined, { values }: ResolvedOptions, signal?: AbortSignal) {
    this.#target = checkedTarget(target ?? `${values['rest.address'] ?? '127.0.0.1'}:${values['rest.port']}`);
    this.#token = values['rest.token'];
    this.#signal = signal;
  }

  /** `host:port` of who is asked. */
  get target(): string {
    return this.#target;
  }

  async ask(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: Fields): Promise<Fields> {
    for (let redirects = 0; ; redirects++) {
      const { response, answer } = await this.#exchange(method, path, body);
      if (response.status === STATUS_LEADER_ELSEWHERE && redirects < REDIRECTS_MAX) {
        this.#turnTo(response, answer);
        continue;
      }
      if (!response.ok) throw this.#refused(response, answer);
      if (answer === undefined) throw this.#unreachable(new Error('What answers there sends no JSON'));
      return answer;
    }
  }

  async #exchange(method: string, path: string, body: Fields | undefined) {
    let response: Response;
    let answer: Fields | undefined;
    try {
      response = await fetch(`http://${this.target}/v1${path}`, {
        method,
        headers: {
          ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        signal: AbortSignal.any([AbortSignal.timeout(ANSWER_MS), ...(this.#signal ? [this.#signal] : [])]),
        redirect: 'manual',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      answer = fieldsOf(await response.text());
    } catch (error) {
      throw this.#unreachable(error);
    }
    return { response, answer };
  }

  /** @throws MillraceError MR7005 if it would take the token to another host, or is no address */
  #turnTo(response: Response, answer: Fields | undefined): void {
    const location = response.headers.get('location') ?? '';
    const url = URL.canParse(location) ? new URL(location) : undefined;
    const target = url?.protocol === 'http:' ? `${url.hostname}:${url.port || '80'}` : '';
    if (!ADDRESS.test(target)) throw this.#refused(response, answer);
    if (this.#token !== undefined && !isSameHost(target, this.#target))
      throw this.#refused(response, answer, `Ask the leader: -m ${target}.`);
    this.#target = target;
  }

  /** Triggers it; resolves to the id under which its outcome is asked for. */
  async trigger({ path, body }: Operation): Promise<string> {
    const { 'request-id': id } = await this.ask('POST', path, body);
    if (typeof id === 'string') return id;
    throw this.#unreachable(new Error('Its answer names no operation'));
  }

  /**
   * Waits for the end of what was triggered, however long that takes; resolves to its outcome. Rejects as
   * the operation says, and with what the cluster says, if it failed.
   *
   * @param onLook called after each look that found it under way
   */
  async outcome(
    { path, outcomes = path, failure }: Operation,
    id: string,
    onLook: () => Promise<void> = async () => {},
  ): Promise<Fields> {
    for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(LOOK_EVERY_MS, pauseMs * 2)) {
      const { status, operation } = await this.ask('GET', `${outcomes}/${id}`);
      if (isFields(status) && status.id === 'COMPLETED') {
        const ended = isFields(operation) ? operation : {};
        const cause = ended['failure-cause'] ?? ended.failureCause;
        if (isFields(cause)) throw failed(failure, cause);
        return ended;
      }
      await onLook();
      await this.pause(pauseMs);
    }
  }

  /** Nobody waits for answers any more. */
  get ended(): boolean {
    return this.#signal?.aborted === true;
  }

  /** Resolves after that time, or when nobody waits any more. */
  pause(ms: number): Promise<void> {
    const signal = this.#signal;
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const over = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', over);
        resolve();
      };
      const timer = setTimeout(over, ms);
      signal?.addEventListener('abort', over);
    });
  }

  #unreachable(error: unknown): MillraceError {
    return new MillraceError('MR7004', `No cluster answers at ${this.target}.`, {
      why: reasonOf(error),
      hint: 'Start one with millrace cluster start or millrace run, which print their address; name it with -m host:port.',
    });
  }

  #refused({ status, statusText }: Response, answer: Fields | undefined, hint?: string): MillraceError {
    const texts = Array.isArray(answer?.errors) ? answer.errors.map(String) : [statusText];
    const why = printable(texts.join('; '));
    return new MillraceError('MR7005', `The cluster at ${this.target} refused the request.`, {
      why,
      ...(hint === undefined ? {} : { hint }),
      ...(status === STATUS_UNAUTHORIZED ? { hint: 'Set MILLRACE_REST_TOKEN to its token.' } : {}),
      cause: toldBy(why),
    });
  }
}

/** Without what would move the cursor of a terminal, or hide what follows. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu, ' ');
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects of a list; none where there is no list. */
export function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

/** @throws MillraceError MR7001 */
function checkedTarget(target: string): string {
  if (ADDRESS.test(target) && Number(target.slice(target.lastIndexOf(':') + 1)) <= 65_535) return target;
  throw new MillraceError('MR7001', `'${target}' is no address of a cluster.`, {
    hint: 'Write it as host:port, for example localhost:8081.',
  });
}

/** Of two addresses; the names of this machine are one. */
function isSameHost(one: string, other: string): boolean {
  const [first = '', second = ''] = [one, other].map((target) =>
    target.slice(0, target.lastIndexOf(':')).toLowerCase(),
  );
  return first === second || (LOOPBACK.has(first) && LOOPBACK.has(second));
}

/** Undefined: it is no JSON object. */
function fieldsOf(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    // Whatever answered is none of ours.
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `Nothing came within ${ANSWER_MS / 1000} s`;
  const cause = error.cause;
  // Of several addresses of a host, each of which refused.
  const first = cause instanceof AggregateError ? cause.errors[0] : cause;
  return first instanceof Error ? first.message : error.message;
}

function failed(
  { code, what }: Operation['failure'],
  { 'stack-trace': trace, class: name }: Fields,
): MillraceError {
  const lines = String(trace ?? name ?? '').split('\n');
  // `Class: message`, of which a class of Java tells nobody here anything.
  const told = lines
    .filter((line, i) => i === 0 || line.startsWith('Caused by: '))
    .map((line) => line.replace(/^Caused by: /, '').replace(/^(?:[a-z]\w*\.)+[A-Z]\w*: /, ''));
  const [why = 'The cluster does not say', ...causes] = told.map(printable);
  const inner = causes.reduceRight<Error | undefined>((cause, text) => toldBy(text, cause), undefined);
  const cause = toldBy(why, inner);
  // It says the same of its own accord, and knows more.
  return isMillraceError(cause) && cause.code === code
    ? cause
    : new MillraceError(code, what, { why, cause });
}

/** An error as its text tells it: of ours by its code. */
function toldBy(text: string, cause?: Error): Error {
  const [, code = '', what = ''] = /^(MR\d{4}) (.*)$/.exec(text) ?? [];
  if (Object.hasOwn(ERROR_TABLE, code)) return new MillraceError(code as ErrorCode, what, { cause });
  return new Error(text, { cause });
}
