import { type Duration, durationMs } from '../base/duration.js';
import { isMillraceError, MillraceError } from '../base/millrace-error.js';
import { nearest } from '../base/nearest.js';
import { parseProperties } from './properties-text.js';

export type JobParameterValue = string | number | boolean;

/** Parameters of a job: an object, or the words of a command line (`['--input', 'x', '--n=3', '--flag']`). */
export type JobParameterInput = Readonly<Record<string, JobParameterValue | undefined>> | readonly string[];

/**
 * The parameters of a job, as its graph is built. Every thread builds with the same ones. Names are written
 * without dashes.
 *
 * @example
 * ```ts
 * defineJob(import.meta.url, (env, params) => {
 *   const input = params.require('input'); // --input flights.jsonl
 *   const bound = params.getDuration('bound', '29 h'); // --bound 6h
 *   const limit = params.getInt('limit', 0);
 * });
 * ```
 */
export class JobParameters {
  readonly #values: ReadonlyMap<string, string>;
  readonly #asked: Set<string>;

  /** @throws MillraceError MR1008 if the words of a command line are no options */
  constructor(input: JobParameterInput = {}) {
    this.#values = isWords(input) ? fromWords(input) : fromRecord(input);
    this.#asked = new Set();
  }

  /**
   * The parameters of a text in the form of Java's `.properties` files.
   *
   * @example `JobParameters.fromProperties('input = flights.jsonl\nbound = 29 h').mergeWith(params)`
   */
  static fromProperties(text: string): JobParameters {
    return new JobParameters(Object.fromEntries(parseProperties(text)));
  }

  /** These parameters and the others, which win where both have one. All of them count as asked for. */
  mergeWith(others: JobParameters | JobParameterInput): JobParameters {
    const more = others instanceof JobParameters ? others : new JobParameters(others);
    return new JobParameters({ ...this.all(), ...more.all() });
  }

  /** Whether the parameter was given, with whatever value. */
  has(name: string): boolean {
    this.#asked.add(name);
    return this.#values.has(name);
  }

  /** @throws MillraceError MR1007 if the parameter was not given */
  require(name: string): string {
    const value = this.get(name);
    if (value !== undefined) return value;
    const near = nearest(name, this.#values.keys());
    throw new MillraceError('MR1007', `The job needs the parameter '${name}'.`, {
      hint:
        near === undefined
          ? `Add --${name} VALUE after the job file, or { ${name}: ... } to the parameters.`
          : `'${near}' was given; was '${name}' meant?`,
    });
  }

  get(name: string): string | undefined;
  get(name: string, otherwise: string): string;
  get(name: string, otherwise?: string): string | undefined {
    this.#asked.add(name);
    return this.#values.get(name) ?? otherwise;
  }

  /** @throws MillraceError MR1007 if it is missing and has no default, MR1008 if it is no safe integer */
  getInt(name: string, otherwise?: number): number {
    const number = this.getNumber(name, otherwise);
    if (Number.isSafeInteger(number)) return number;
    throw wrongForm(name, this.require(name), 'a whole number');
  }

  /** @throws MillraceError MR1007 if it is missing and has no default, MR1008 if it is no finite number */
  getNumber(name: string, otherwise?: number): number {
    if (otherwise !== undefined && !this.has(name)) return otherwise;
    const text = this.require(name);
    const number = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isFinite(number)) return number;
    throw wrongForm(name, text, 'a number');
  }

  /**
   * `--flag` alone is true.
   *
   * @throws MillraceError MR1007 if it is missing and has no default, MR1008 if it is not `true` or `false`
   */
  getBoolean(name: string, otherwise?: boolean): boolean {
    if (otherwise !== undefined && !this.has(name)) return otherwise;
    const text = this.require(name);
    if (text === 'true' || text === 'false') return text === 'true';
    throw wrongForm(name, text, 'true or false');
  }

  /**
   * Milliseconds of `'500 ms'`, `'2s'`, `'1 h'`, ...
   *
   * @throws MillraceError MR1007 if it is missing and has no default, MR1008 if it is no duration
   */
  getDuration(name: string, otherwise?: Duration): number {
    if (otherwise !== undefined && !this.has(name)) return durationMs(otherwise);
    const text = this.require(name);
    try {
      return durationMs(text);
    } catch (error) {
      if (isMillraceError(error)) throw wrongForm(name, text, "a duration such as '500 ms', '2 s' or '1 h'");
      throw error;
    }
  }

  /** All parameters by name, as text: what another thread needs to build the same graph. */
  all(): Readonly<Record<string, string>> {
    for (const name of this.#values.keys()) this.#asked.add(name);
    return Object.fromEntries(this.#values);
  }

  /** The names of parameters that were given and never asked for: most likely mistyped. */
  unused(): string[] {
    return [...this.#values.keys()].filter((name) => !this.#asked.has(name)).sort();
  }
}

function isWords(input: JobParameterInput): input is readonly string[] {
  return Array.isArray(input);
}

function fromRecord(input: Readonly<Record<string, JobParameterValue | undefined>>): Map<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined) continue;
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw new MillraceError('MR1008', `The parameter '${name}' is neither text nor number nor boolean.`, {
        hint: 'Parameters cross threads as text; pass the name of what the job shall load.',
      });
    }
    values.set(name, String(value));
  }
  return values;
}

function fromWords(words: readonly string[]): Map<string, string> {
  const values = new Map<string, string>();
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    const match = /^--([^=\s]+)(?:=(.*))?$/s.exec(word);
    if (match?.[1] === undefined) {
      throw new MillraceError('MR1008', `The job argument '${word}' is no option.`, {
        hint: 'Job arguments are written --name value, --name=value or --flag.',
      });
    }
    const next = words[i + 1];
    if (match[2] !== undefined) {
      values.set(match[1], match[2]);
    } else if (next === undefined || next.startsWith('--')) {
      values.set(match[1], 'true');
    } else {
      values.set(match[1], next);
      i++;
    }
  }
  return values;
}

function wrongForm(name: string, value: string, expected: string): MillraceError {
  return new MillraceError('MR1008', `The parameter '${name}' is '${value}', which is not ${expected}.`, {
    hint: `Write --${name} with ${expected}.`,
  });
}
