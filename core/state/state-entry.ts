import { ByteReader } from '../serde/byte-reader.js';
import { decodeKey } from '../serde/key-decoding.js';
import type { CodecFactory, RecordCodec } from '../serde/record-codec.js';
import { readTime, TIME_BYTES } from '../serde/time-layout.js';
import type { TypeNode } from '../serde/type-descriptor.js';
import { TypeText } from '../serde/type-text.js';
import { need } from '../serde/varint.js';
import type { StateKind } from './state-descriptor.js';
import { TIMED_BYTES } from './timed-codec.js';

/** Tables of this name hold the state that a descriptor of the rest of the name stands for. */
export const STATE_TABLE_PREFIX = 'state:';

/** What a checkpoint says of a state, `map<string,int32> with ttl per window` for example, taken apart. */
export interface StateTableType {
  readonly kind: StateKind;
  /** Of a map state. */
  readonly keyType: TypeNode | undefined;
  /** Of a value, an element or an accumulator. */
  readonly valueType: TypeNode;
  /** How a map is laid out, where that is not a row for each entry of a key: `in slices of 40 ms`. */
  readonly layout: string;
  readonly ttl: boolean;
  readonly perWindow: boolean;
}

/** One row of a state as a person reads it. */
export interface StateEntry {
  readonly key: unknown;
  readonly window?: { readonly start: number; readonly end: number };
  /** Of a list. */
  readonly index?: number;
  /** Of a map. */
  readonly mapKey?: unknown;
  readonly value: unknown;
  /** When it was written, wall time in ms, where it ends. */
  readonly writtenMs?: number;
}

const KINDS: readonly StateKind[] = ['value', 'list', 'map', 'reducing', 'aggregating'];

/** @throws MillraceError MR2003 if the text is that of no state */
export function stateTableType(text: string): StateTableType {
  const input = new TypeText(text);
  const kind = KINDS.find((candidate) => input.take(`${candidate}<`));
  if (kind === undefined) input.expect('value<');
  const first = input.type();
  if (kind === 'map') input.expect(',');
  const second = kind === 'map' ? input.type() : undefined;
  input.expect('>');
  const layout = /^(?: in slices of [0-9]+ ms)?/.exec(input.rest)?.[0] ?? '';
  input.expect(layout);
  const ttl = input.take(' with ttl');
  const perWindow = input.take(' per window');
  if (input.rest !== '') input.expect(' per window');
  return {
    kind: kind ?? 'value',
    keyType: second === undefined ? undefined : first,
    valueType: second ?? first,
    layout: layout.trim(),
    ttl,
    perWindow,
  };
}

/** Takes the rows of one state apart; the layout is that of state-row.ts. */
export class StateEntryDecoder {
  readonly #type: StateTableType;
  readonly #values: RecordCodec<unknown>;
  readonly #row = new ByteReader();
  readonly #value = new ByteReader();

  constructor(type: StateTableType, codecs: CodecFactory) {
    this.#type = type;
    this.#values = codecs.codecFor<unknown>(type.valueType);
  }

  /**
   * Undefined for the row that holds no value but the length of a list.
   *
   * @throws MillraceError MR2003 for other bytes
   */
  decode(row: Uint8Array, value: Uint8Array): StateEntry | undefined {
    const { kind, perWindow, ttl } = this.#type;
    pointAt(this.#row, row);
    pointAt(this.#value, value);
    const key = decodeKey(this.#row);
    const window = perWindow ? this.#window() : undefined;
    const place = { key, ...(window && { window }) };
    if (kind === 'list') {
      if (this.#row.position === row.length) return undefined;
      need(this.#row, 4);
      const index = this.#row.view.getUint32(this.#row.position);
      return { ...place, index, ...this.#timed(ttl) };
    }
    if (kind === 'map') return { ...place, mapKey: decodeKey(this.#row), ...this.#timed(ttl) };
    return { ...place, ...this.#timed(ttl) };
  }

  #window(): { readonly start: number; readonly end: number } {
    need(this.#row, 2 * TIME_BYTES);
    const at = this.#row.position;
    this.#row.position += 2 * TIME_BYTES;
    return { start: readTime(this.#row.bytes, at), end: readTime(this.#row.bytes, at + TIME_BYTES) };
  }

  #timed(ttl: boolean): Pick<StateEntry, 'value' | 'writtenMs'> {
    const input = this.#value;
    if (!ttl) return { value: this.#values.decode(input) };
    need(input, TIMED_BYTES);
    const writtenMs = input.view.getFloat64(input.position);
    input.position += TIMED_BYTES;
    return { value: this.#values.decode(input), writtenMs };
  }
}

function pointAt(reader: ByteReader, bytes: Uint8Array): void {
  reader.pointAt(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length);
}
