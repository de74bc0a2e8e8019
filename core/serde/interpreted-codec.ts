import { MillraceError } from '../base/millrace-error.js';
import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import { primitiveCodec } from './primitive-codecs.js';
import type { RecordCodec } from './record-codec.js';
import { presenceBytes } from './record-layout.js';
import type {
  FieldNode,
  MapNode,
  ObjectNode,
  TypeDescriptor,
  TypeNode,
  UnionNode,
} from './type-descriptor.js';
import { mismatch, showValue } from './type-mismatch.js';
import { leastBytes, validateType } from './type-validation.js';
import { badBytes, need, readCount, readVarint, writeVarint } from './varint.js';

/**
 * A codec that walks the type, value by value: what every other codec has to agree with, byte by byte, and
 * what runs where code must not be generated. The layout is in record-layout.ts.
 *
 * @param dynamic carries undeclared parts; a type that has none needs none
 * @throws MillraceError MR2001 if the type is not valid
 */
export function interpretedCodec<T>(type: TypeDescriptor<T>, dynamic?: RecordCodec<unknown>): RecordCodec<T> {
  validateType(type);
  return codecOf(type, '', dynamic) as RecordCodec<T>;
}

type Dynamic = RecordCodec<unknown> | undefined;

function codecOf(type: TypeNode, path: string, dynamic: Dynamic): RecordCodec<unknown> {
  switch (type.kind) {
    case 'optional':
      return new OptionalCodec(codecOf(type.element, path, dynamic));
    case 'array':
      return new ArrayCodec(type, path, dynamic);
    case 'map':
      return new MapCodec(type, path, dynamic);
    case 'object':
      return new ObjectCodec(type, path, dynamic);
    case 'union':
      return new UnionCodec(type, path, dynamic);
    case 'dynamic':
      if (dynamic !== undefined) return dynamic;
      throw new MillraceError('MR2001', `${placeOf(path)} is undeclared, and nothing here can carry it.`);
    default:
      return primitiveCodec(type.kind, placeOf(path));
  }
}

/** How errors of every codec name a field: `Field 'order.lines[].price'`. */
export function placeOf(path: string): string {
  return path === '' ? 'The value' : `Field '${path}'`;
}

/** The path of a field below `path`. */
export function pathTo(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

class OptionalCodec implements RecordCodec<unknown> {
  readonly #element: RecordCodec<unknown>;

  constructor(element: RecordCodec<unknown>) {
    this.#element = element;
  }

  encode(value: unknown, out: ByteWriter): void {
    const present = value !== undefined && value !== null;
    out.reserve(1);
    out.bytes[out.position++] = present ? 1 : 0;
    if (present) this.#element.encode(value, out);
  }

  decode(input: ByteReader): unknown {
    need(input, 1);
    const byte = input.bytes[input.position++] ?? 0;
    if (byte > 1) throw badBytes(input.position - 1, 'presence is 00 or 01');
    return byte === 1 ? this.#element.decode(input) : undefined;
  }
}

class ArrayCodec implements RecordCodec<unknown> {
  readonly #type: TypeNode;
  readonly #place: string;
  readonly #element: RecordCodec<unknown>;
  readonly #elementLeast: number;

  constructor(type: TypeNode & { kind: 'array' }, path: string, dynamic: Dynamic) {
    this.#type = type;
    this.#place = placeOf(path);
    this.#element = codecOf(type.element, `${path}[]`, dynamic);
    this.#elementLeast = leastBytes(type.element);
  }

  encode(value: unknown, out: ByteWriter): void {
    if (!Array.isArray(value)) throw mismatch(this.#place, this.#type, value);
    writeVarint(value.length, out);
    for (let i = 0; i < value.length; i++) this.#element.encode(value[i], out);
  }

  decode(input: ByteReader): unknown[] {
    const count = readCount(input, this.#elementLeast);
    const elements: unknown[] = [];
    for (let i = 0; i < count; i++) elements.push(this.#element.decode(input));
    return elements;
  }
}

class MapCodec implements RecordCodec<unknown> {
  readonly #type: TypeNode;
  readonly #place: string;
  readonly #key: RecordCodec<unknown>;
  readonly #value: RecordCodec<unknown>;

  constructor(type: MapNode, path: string, dynamic: Dynamic) {
    this.#type = type;
    this.#place = placeOf(path);
    this.#key = codecOf(type.key, `${path}[key]`, dynamic);
    this.#value = codecOf(type.value, `${path}[]`, dynamic);
  }

  encode(value: unknown, out: ByteWriter): void {
    if (!(value instanceof Map)) throw mismatch(this.#place, this.#type, value);
    writeVarint(value.size, out);
    for (const [key, element] of value) {
      this.#key.encode(key, out);
      this.#value.encode(element, out);
    }
  }

  decode(input: ByteReader): Map<unknown, unknown> {
    const count = readCount(input, 1);
    const map = new Map<unknown, unknown>();
    for (let i = 0; i < count; i++) {
      const key = this.#key.decode(input);
      map.set(key, this.#value.decode(input));
    }
    if (map.size !== count) throw badBytes(input.position, 'a map has a key twice');
    return map;
  }
}

interface FieldCodec {
  readonly name: string;
  readonly codec: RecordCodec<unknown>;
  /** Its bit among the presence bits; -1: always there. */
  readonly presenceBit: number;
}

class ObjectCodec implements RecordCodec<unknown> {
  readonly #type: ObjectNode;
  readonly #place: string;
  readonly #fields: readonly FieldCodec[];
  readonly #presenceBytes: number;

  constructor(type: ObjectNode, path: string, dynamic: Dynamic) {
    this.#type = type;
    this.#place = placeOf(path);
    let optional = 0;
    this.#fields = type.fields.map((field: FieldNode) => {
      const isOptional = field.type.kind === 'optional';
      const carried = field.type.kind === 'optional' ? field.type.element : field.type;
      const codec = codecOf(carried, pathTo(path, field.name), dynamic);
      return { name: field.name, codec, presenceBit: isOptional ? optional++ : -1 };
    });
    this.#presenceBytes = presenceBytes(optional);
  }

  encode(value: unknown, out: ByteWriter): void {
    if (typeof value !== 'object' || value === null) throw mismatch(this.#place, this.#type, value);
    this.encodeFields(value as Readonly<Record<string, unknown>>, out);
  }

  encodeFields(value: Readonly<Record<string, unknown>>, out: ByteWriter): void {
    this.#writePresence(value, out);
    for (const field of this.#fields) {
      const element = value[field.name];
      if (field.presenceBit >= 0 && (element === undefined || element === null)) continue;
      field.codec.encode(element, out);
    }
  }

  #writePresence(value: Readonly<Record<string, unknown>>, out: ByteWriter): void {
    out.reserve(this.#presenceBytes);
    out.bytes.fill(0, out.position, out.position + this.#presenceBytes);
    for (const field of this.#fields) {
      const element = value[field.name];
      if (field.presenceBit < 0 || element === undefined || element === null) continue;
      const at = out.position + (field.presenceBit >>> 3);
      out.bytes[at] = (out.bytes[at] ?? 0) | (1 << (field.presenceBit & 7));
    }
    out.position += this.#presenceBytes;
  }

  decode(input: ByteReader): Record<string, unknown> {
    return this.decodeFields(input, {});
  }

  decodeFields(input: ByteReader, into: Record<string, unknown>): Record<string, unknown> {
    need(input, this.#presenceBytes);
    const presence = input.position;
    const bytes = input.bytes;
    input.position += this.#presenceBytes;
    for (const field of this.#fields) {
      const bit = field.presenceBit;
      const present = bit < 0 || (((bytes[presence + (bit >>> 3)] ?? 0) >>> (bit & 7)) & 1) === 1;
      into[field.name] = present ? field.codec.decode(input) : undefined;
    }
    return into;
  }
}

class UnionCodec implements RecordCodec<unknown> {
  readonly #type: UnionNode;
  readonly #path: string;
  readonly #variants: readonly ObjectCodec[];

  constructor(type: UnionNode, path: string, dynamic: Dynamic) {
    this.#type = type;
    this.#path = path;
    this.#variants = type.variants.map((variant) => new ObjectCodec(variant.type, path, dynamic));
  }

  encode(value: unknown, out: ByteWriter): void {
    if (typeof value !== 'object' || value === null) throw mismatch(placeOf(this.#path), this.#type, value);
    const fields = value as Readonly<Record<string, unknown>>;
    const name = fields[this.#type.tag];
    const index = this.#type.variants.findIndex((variant) => variant.name === name);
    const codec = this.#variants[index];
    if (codec === undefined) throw noVariant(this.#type, this.#path, name);
    writeVarint(index, out);
    codec.encodeFields(fields, out);
  }

  decode(input: ByteReader): unknown {
    const at = input.position;
    const index = readVarint(input);
    const variant = this.#type.variants[index];
    const codec = this.#variants[index];
    if (variant === undefined || codec === undefined) throw badBytes(at, `there is no variant ${index}`);
    return codec.decodeFields(input, { [this.#type.tag]: variant.name });
  }
}

/** The error for a value whose tag names no variant of the union. */
export function noVariant(type: UnionNode, path: string, name: unknown): MillraceError {
  return new MillraceError(
    'MR2002',
    `${placeOf(pathTo(path, type.tag))} is ${showValue(name)}, which names no variant.`,
    { hint: `It may be ${type.variants.map((variant) => `'${variant.name}'`).join(', ')}.` },
  );
}
