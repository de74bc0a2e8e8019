import type { CheckpointHistory, CheckpointRecord } from '../checkpoint/checkpoint-history.js';
import type { JobFailure } from '../job/failure-history.js';
import type { LogFields } from '../ports/logger.js';
import type { WireError } from '../protocol/wire-error.js';

/** `key` alone is that of a stream. */
const SECRET_NAME = /secret|token|passw|passphrase|credential|authorization|cookie|(?<!^|current)key$/i;
/**
 * Between the scheme of an address and its host, up to the last @ as a parser of addresses has it; of JSON no string
 * is left open. No two matches can begin in one run of characters, so it takes as many steps as a text is long.
 */
const USER_INFO = /:\/\/(?:[^\s/"\\]|\\.)*@/g;

const STRUCK = '***';
const DEPTH_MAX = 5;
const ITEMS_MAX = 100;
const TEXT_MAX = 16_384;

/**
 * Makes plain data of anything that goes into a log, and strikes out what is secret: values whose name says so, what
 * stands for a user in an address, and the configured secrets wherever they occur.
 */
export class Redaction {
  readonly #secrets: readonly string[];

  /** `secrets`: their texts; those of fewer than four characters would strike out too much. */
  constructor(secrets: readonly string[] = []) {
    this.#secrets = secrets.filter((secret) => secret.length >= 4);
  }

  text(text: string): string {
    let safe = text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
    safe = withoutUserInfo(safe);
    for (const secret of this.#secrets) safe = safe.replaceAll(secret, STRUCK);
    return safe;
  }

  fields(fields: LogFields): LogFields {
    return this.#object(fields, 0);
  }

  /** Why checkpoints failed, which user code may have said. */
  checkpoints(history: CheckpointHistory): CheckpointHistory {
    const { latestFailed } = history;
    return {
      ...history,
      latestFailed: latestFailed && this.#checkpoint(latestFailed),
      history: history.history.map((record) => this.#checkpoint(record)),
    };
  }

  #checkpoint(record: CheckpointRecord): CheckpointRecord {
    const { failure } = record;
    return failure === undefined
      ? record
      : { ...record, failure: { ...failure, message: this.text(failure.message) } };
  }

  /** The texts of what a job met. */
  failure(failure: JobFailure): JobFailure {
    return {
      ...failure,
      rootCause: this.#wireError(failure.rootCause),
      concurrent: failure.concurrent.map((cause) => ({ ...cause, error: this.#wireError(cause.error) })),
    };
  }

  #wireError(error: WireError): WireError {
    const { what, why, hint, stack, cause } = error;
    const safe = (text: string | undefined): string | undefined => text && this.text(text);
    return {
      ...error,
      what: this.text(what),
      why: safe(why),
      hint: safe(hint),
      stack: safe(stack),
      cause: cause && this.#wireError(cause),
    };
  }

  #value(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.text(value);
    if (value === null || typeof value === 'boolean' || typeof value === 'number') return value;
    if (typeof value !== 'object') return value === undefined ? undefined : this.text(String(value));
    if (value instanceof Error) return this.#error(value, depth);
    if (depth >= DEPTH_MAX) return '…';
    if (Array.isArray(value)) return value.slice(0, ITEMS_MAX).map((item) => this.#value(item, depth + 1));
    if (value instanceof Map || value instanceof Set) return this.#value([...value], depth);
    if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
    if (value instanceof Date) return String(value);
    return this.#object(value as LogFields, depth + 1);
  }

  #object(object: LogFields, depth: number): LogFields {
    const safe: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(object).slice(0, ITEMS_MAX)) {
      const key = name === '__proto__' ? '"__proto__"' : name;
      safe[key] = SECRET_NAME.test(name) ? STRUCK : this.#value(value, depth);
    }
    return safe;
  }

  #error(error: Error, depth: number): LogFields {
    const { name, message, stack, cause } = error;
    const code = (error as { readonly code?: unknown }).code;
    return {
      name,
      message: this.text(message),
      ...(code === undefined ? {} : { code: this.text(String(code)) }),
      ...(stack === undefined ? {} : { stack: this.text(stack) }),
      ...(cause === undefined || depth >= DEPTH_MAX ? {} : { cause: this.#value(cause, depth + 1) }),
    };
  }
}

/** The text with what stands for a user struck out of every address in it; it may be JSON. */
export function withoutUserInfo(text: string): string {
  return text.includes('://') ? text.replace(USER_INFO, `://${STRUCK}@`) : text;
}

/** Whether what stands under that name is for nobody's eyes. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}
