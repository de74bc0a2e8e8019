import {
  badBytes,
  endsEarly,
  mismatch,
  noVariant,
  placeOf,
  primitiveCodec,
  type RecordCodec,
  readCount,
  readVarint,
  type TypeDescriptor,
  type TypeNode,
  validateType,
  writeVarint,
} from '../core/internal.js';
import type { BlockableCodec, BlockCodec } from './block-codec.js';
import { type CodecSource, codecSource } from './codec-source.js';
import { asciiText, putString, stringRoom, takeString } from './string-bytes.js';

/**
 * The one file that turns text into code. The text is made from a validated type by codec-source.ts and
 * holds numbers, fixed words and JSON strings only; nothing from a record or a user's text gets into it in
 * any other form.
 */

/**
 * A codec made for one type, byte for byte the same as the interpreted one; its records can also travel in
 * blocks.
 *
 * @param dynamic carries undeclared parts
 * @throws MillraceError MR2001 if the type is not valid
 * @throws EvalError where the process forbids code from strings
 */
export function compiledCodec<T>(type: TypeDescriptor<T>, dynamic: RecordCodec<unknown>): BlockableCodec<T> {
  validateType(type);
  return new CompiledCodec(type, dynamic);
}

/** One class for all, so that who calls many codecs sees one shape. */
class CompiledCodec<T> implements BlockableCodec<T> {
  readonly encode: RecordCodec<T>['encode'];
  readonly decode: RecordCodec<T>['decode'];
  readonly #type: TypeDescriptor<T>;
  readonly #dynamic: RecordCodec<unknown>;

  constructor(type: TypeDescriptor<T>, dynamic: RecordCodec<unknown>) {
    this.#type = type;
    this.#dynamic = dynamic;
    const functions = compile<RecordCodec<T>>(type, dynamic, codecSource(type));
    this.encode = functions.encode;
    this.decode = functions.decode;
  }

  blockCodec(): BlockCodec<T> | undefined {
    return holdsStrings(this.#type) ? new CompiledBlockCodec(this.#type, this.#dynamic) : undefined;
  }
}

class CompiledBlockCodec<T> implements BlockCodec<T> {
  readonly encodeRow: BlockCodec<T>['encodeRow'];
  readonly decodeRow: BlockCodec<T>['decodeRow'];

  constructor(type: TypeDescriptor<T>, dynamic: RecordCodec<unknown>) {
    const functions = compile<{ encode: BlockCodec<T>['encodeRow']; decode: BlockCodec<T>['decodeRow'] }>(
      type,
      dynamic,
      codecSource(type, true),
    );
    this.encodeRow = functions.encode;
    this.decodeRow = functions.decode;
  }
}

function holdsStrings(type: TypeNode): boolean {
  switch (type.kind) {
    case 'string':
      return true;
    case 'optional':
    case 'array':
      return holdsStrings(type.element);
    case 'map':
      return holdsStrings(type.key) || holdsStrings(type.value);
    case 'object':
      return type.fields.some((field) => holdsStrings(field.type));
    case 'union':
      return type.variants.some((variant) => holdsStrings(variant.type));
    default:
      return false;
  }
}

/** Runs the text, with what it may call. */
function compile<F>(type: TypeNode, dynamic: RecordCodec<unknown>, source: CodecSource): F {
  const support = {
    refuse(check: number, value: unknown): never {
      const place = source.checks[check];
      throw mismatch(placeOf(place?.path ?? ''), place?.type ?? type, value);
    },
    noVariant(check: number, name: unknown): never {
      const place = source.checks[check];
      if (place?.type.kind !== 'union') throw mismatch('The value', type, name);
      throw noVariant(place.type, place.path, name);
    },
    badBytes(position: number, why: string): never {
      throw badBytes(position, why);
    },
    endsEarly(position: number): never {
      throw endsEarly(position);
    },
    putString,
    stringRoom,
    takeString,
    asciiText: textReader(),
    writeVarint,
    readVarint,
    readCount,
    parts: source.parts.map((part) =>
      part.type.kind === 'bigint' || part.type.kind === 'bytes'
        ? primitiveCodec(part.type.kind, part.place)
        : dynamic,
    ),
  };
  const make = new Function('h', source.text) as (h: typeof support) => F;
  return make(support);
}

/** Up to this length one call of fromCharCode with all codes is 15 to 40 ns faster than a native slice. */
const UNROLLED_MAX = 24;

type TextReader = (bytes: Uint8Array, p: number, length: number) => string;

let madeTextReader: TextReader | undefined;

/** `asciiText`, with a case of its own for each short length. */
function textReader(): TextReader {
  if (madeTextReader !== undefined) return madeTextReader;
  const cases: string[] = ["case 0: return '';"];
  for (let length = 1; length <= UNROLLED_MAX; length++) {
    const codes = Array.from({ length }, (_, i) => `b[p + ${i}]`);
    cases.push(`case ${length}: return c(${codes.join(', ')});`);
  }
  const text = `return function (b, p, n) { switch (n) { ${cases.join('\n')} default: return slice(b, p, n); } };`;
  const make = new Function('c', 'slice', text) as (
    c: typeof String.fromCharCode,
    slice: TextReader,
  ) => TextReader;
  madeTextReader = make(String.fromCharCode, asciiText);
  return madeTextReader;
}
