import { isMillraceError, MillraceError } from '../base/millrace-error.js';
import type { RowMigration } from '../ports/keyed-state-store.js';
import type { ByteReader } from '../serde/byte-reader.js';
import type { ByteWriter } from '../serde/byte-writer.js';
import { decodeKey } from '../serde/key-decoding.js';
import type { CodecFactory } from '../serde/record-codec.js';
import { TIME_BYTES } from '../serde/time-layout.js';
import { checkValue } from '../serde/type-default.js';
import type { TypeNode } from '../serde/type-descriptor.js';
import type { Conversion } from '../serde/type-evolution.js';
import type { StateTableType } from './state-entry.js';
import { type StateChange, stateEvolution, stateRefused } from './state-evolution.js';
import { appendTimeOfWriting, TIMED_BYTES } from './timed-codec.js';

/**
 * What is to be done with the rows of a keyed state; undefined: nothing. `wallMs`: the time at which a time to live
 * begins that there was not.
 *
 * @throws MillraceError MR2103 if the stored type cannot become the declared one
 */
export function rowMigration(
  name: string,
  stored: StateTableType,
  declared: StateTableType,
  codecs: CodecFactory,
  wallMs: () => number,
): RowMigration | undefined {
  const state = `state '${name}'`;
  const change = changeOf(state, stored, declared);
  return (
    change && new StateMigration(declared, change, partsOf(state, stored, declared, change, codecs), wallMs)
  );
}

/** Makes an item of the declared type of one of the stored type, which ends with its bytes. */
export type ItemMigration = (stored: ByteReader, out: ByteWriter) => void;

/**
 * What is to be done with the items of an operator state: elements, or keys with their values. Undefined: nothing.
 *
 * @throws MillraceError MR2103 if the stored type cannot become the declared one
 */
export function itemMigration(
  name: string,
  stored: StateTableType,
  declared: StateTableType,
  codecs: CodecFactory,
): ItemMigration | undefined {
  const state = `operator state '${name}'`;
  const change = changeOf(state, stored, declared);
  if (change === undefined) return undefined;
  const { keys, values } = partsOf(state, stored, declared, change, codecs);
  return (item, out) => {
    if (declared.kind === 'map') {
      const start = item.position;
      const key = decodeKey(item);
      const length = item.position - start;
      item.position = start;
      keys?.(key);
      copy(item, length, out);
    }
    if (values === undefined) copy(item, item.limit - item.position, out);
    else values(item, out);
  };
}

function changeOf(state: string, stored: StateTableType, declared: StateTableType): StateChange | undefined {
  const evolution = stateEvolution(stored, declared);
  if (evolution.kind === 'refuse') throw stateRefused(state, evolution);
  return evolution.kind === 'as-is' ? undefined : evolution.change;
}

/** What is done with the parts of a row; undefined: they stay. */
interface PartMigrations {
  /** Throws MR2103 for a key that is not of the declared type. */
  readonly keys: ((key: unknown) => void) | undefined;
  readonly values: ItemMigration | undefined;
}

function partsOf(
  state: string,
  stored: StateTableType,
  declared: StateTableType,
  { convert, checksKeys }: StateChange,
  codecs: CodecFactory,
): PartMigrations {
  const { keyType } = declared;
  return {
    keys:
      checksKeys && keyType !== undefined
        ? (key) => ofDeclaredType(`A key of the ${state}`, () => checkValue(keyType, key))
        : undefined,
    values:
      convert &&
      valueMigration(`A value of the ${state}`, stored.valueType, declared.valueType, convert, codecs),
  };
}

/** `what`: for messages. */
function valueMigration(
  what: string,
  stored: TypeNode,
  declared: TypeNode,
  convert: Conversion,
  codecs: CodecFactory,
): ItemMigration {
  const before = codecs.codecFor<unknown>(stored);
  const after = codecs.codecFor<unknown>(declared);
  return (value, out) => {
    const converted = convert(before.decode(value));
    ofDeclaredType(what, () => after.encode(converted, out));
  };
}

/** What was undeclared shows only now whether it is what is declared. */
function ofDeclaredType(what: string, use: () => void): void {
  try {
    use();
  } catch (error) {
    if (!isMillraceError(error) || error.code !== 'MR2002') throw error;
    throw new MillraceError('MR2103', `${what} does not have the type that is declared now.`, {
      why: error.what,
      hint: 'Declare what is stored, or give the state another name, and it begins empty.',
      cause: error,
    });
  }
}

/** The rows of one keyed state; their layout is that of state-row.ts. */
class StateMigration implements RowMigration {
  readonly #declared: StateTableType;
  readonly #ttl: StateChange['ttl'];
  readonly #parts: PartMigrations;
  readonly #wallMs: () => number;

  constructor(declared: StateTableType, { ttl }: StateChange, parts: PartMigrations, wallMs: () => number) {
    this.#declared = declared;
    this.#ttl = ttl;
    this.#parts = parts;
    this.#wallMs = wallMs;
  }

  migrate(key: ByteReader, value: ByteReader, out: ByteWriter): void {
    const { kind, ttl } = this.#declared;
    const { keys, values } = this.#parts;
    if (keys !== undefined) {
      this.#passKey(key);
      keys(decodeKey(key));
    }
    if (this.#ttl === 'begins') appendTimeOfWriting(this.#wallMs(), out);
    else if (this.#ttl === 'ends') value.position += TIMED_BYTES;
    else if (ttl) copy(value, TIMED_BYTES, out);
    if (values === undefined || (kind === 'list' && this.#isLength(key))) {
      copy(value, value.limit - value.position, out);
    } else {
      values(value, out);
    }
  }

  /** The row of a list that says how long it is has nothing after key and window. */
  #isLength(key: ByteReader): boolean {
    this.#passKey(key);
    return key.position === key.limit;
  }

  #passKey(key: ByteReader): void {
    decodeKey(key);
    if (this.#declared.perWindow) key.position += 2 * TIME_BYTES;
  }
}

function copy(value: ByteReader, count: number, out: ByteWriter): void {
  out.reserve(count);
  out.bytes.set(value.bytes.subarray(value.position, value.position + count), out.position);
  out.position += count;
  value.position += count;
}
