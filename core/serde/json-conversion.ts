import { decodeBase64, encodeBase64 } from '../base/base64.js';
import { parseIso8601 } from '../base/iso-8601.js';
import { MillraceError } from '../base/millrace-error.js';
import type { MapNode, ObjectNode, TypeDescriptor, TypeNode, UnionNode } from './type-descriptor.js';
import { mismatch, showValue, wantedBy } from './type-mismatch.js';

/**
 * Checks a value of `JSON.parse` and makes it what the type declares: a new value that shares nothing with
 * the input, except below `dynamic`, which is passed on as it is.
 *
 * - numbers: JSON numbers; also the texts `NaN`, `Infinity`, `-Infinity` that {@link toJson} writes
 * - timestamp: whole milliseconds, or an ISO 8601 text
 * - bigint: a whole number that is exact in JSON, or a text of digits; bytes: base64
 * - map: an object where keys are strings, else an array of pairs; optional: null is undefined
 * - object: fields that are not declared are ignored, or refused where the type is `strict`
 *
 * @throws MillraceError MR2002 naming the field by its path, for example `order.lines[3].price`
 */
export function fromJson<T>(type: TypeDescriptor<T>, value: unknown): T {
  // The path is kept as a stack of names, so that only a refused value pays for its text.
  return convert(type, value, [], 0) as T;
}

/** The opposite of {@link fromJson}: a value that `JSON.stringify` writes. Timestamps become numbers. */
export function toJson<T>(type: TypeDescriptor<T>, value: T): unknown {
  return express(type, value, [], 0);
}

type Path = (string | number)[];

function convert(type: TypeNode, value: unknown, path: Path, depth: number): unknown {
  switch (type.kind) {
    case 'string':
      if (typeof value === 'string') return value;
      break;
    case 'float64':
      if (typeof value === 'number') return value;
      if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
      break;
    case 'int32':
      if (typeof value === 'number' && (value | 0) === value) return value | 0;
      break;
    case 'boolean':
      if (typeof value === 'boolean') return value;
      break;
    case 'timestamp':
      if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
      if (typeof value === 'string') {
        const ms = parseIso8601(value);
        if (ms !== undefined) return ms;
      }
      break;
    case 'bigint':
      if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
      if (typeof value === 'string' && /^-?\d+$/.test(value)) return BigInt(value);
      break;
    case 'bytes': {
      const bytes = typeof value === 'string' ? decodeBase64(value) : undefined;
      if (bytes !== undefined) return bytes;
      break;
    }
    case 'void':
      if (value === undefined || value === null) return undefined;
      break;
    case 'dynamic':
      return value;
    case 'optional':
      return value === undefined || value === null ? undefined : convert(type.element, value, path, depth);
    case 'array':
      if (Array.isArray(value)) return convertArray(type.element, value, path, depth);
      break;
    case 'map':
      return convertMap(type, value, path, depth);
    case 'object':
      if (isObject(value)) return convertObject(type, value, path, depth);
      break;
    case 'union':
      if (isObject(value)) return convertUnion(type, value, path, depth);
      break;
  }
  refuse(type, value, path, depth);
}

function convertArray(element: TypeNode, value: readonly unknown[], path: Path, depth: number): unknown[] {
  const converted: unknown[] = [];
  for (let i = 0; i < value.length; i++) {
    path[depth] = i;
    converted.push(convert(element, value[i], path, depth + 1));
  }
  return converted;
}

function convertMap(type: MapNode, value: unknown, path: Path, depth: number): unknown {
  const converted = new Map<unknown, unknown>();
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const pair: unknown = value[i];
      path[depth] = i;
      if (!Array.isArray(pair) || pair.length !== 2) refuse(type, pair, path, depth + 1);
      const key = convert(type.key, pair[0], path, depth + 1);
      converted.set(key, convert(type.value, pair[1], path, depth + 1));
    }
    return converted;
  }
  if (!isObject(value) || type.key.kind !== 'string') refuse(type, value, path, depth);
  for (const key of Object.keys(value)) {
    path[depth] = key;
    converted.set(key, convert(type.value, value[key], path, depth + 1));
  }
  return converted;
}

function convertObject(
  type: ObjectNode,
  value: Readonly<Record<string, unknown>>,
  path: Path,
  depth: number,
  tag?: string,
): Record<string, unknown> {
  const converted: Record<string, unknown> = tag === undefined ? {} : { [tag]: value[tag] };
  const fields = type.fields;
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i];
    if (field === undefined) break;
    path[depth] = field.name;
    // Own fields only: a missing 'constructor' must not find the one of every object.
    const own = Object.hasOwn(value, field.name);
    if (!own && field.type.kind !== 'optional' && field.type.kind !== 'void')
      missing(field.type, path, depth + 1);
    converted[field.name] = convert(field.type, own ? value[field.name] : undefined, path, depth + 1);
  }
  if (type.strict) refuseUnknownFields(type, value, path, depth, tag);
  return converted;
}

function convertUnion(
  type: UnionNode,
  value: Readonly<Record<string, unknown>>,
  path: Path,
  depth: number,
): unknown {
  const name = Object.hasOwn(value, type.tag) ? value[type.tag] : undefined;
  const variant = type.variants.find((candidate) => candidate.name === name);
  if (variant !== undefined) return convertObject(variant.type, value, path, depth, type.tag);
  path[depth] = type.tag;
  throw new MillraceError(
    'MR2002',
    `${place(path, depth + 1)} is ${showValue(name)}, which names no variant.`,
    {
      hint: `It may be ${type.variants.map((candidate) => `'${candidate.name}'`).join(', ')}.`,
    },
  );
}

function express(type: TypeNode, value: unknown, path: Path, depth: number): unknown {
  switch (type.kind) {
    case 'float64':
      if (typeof value !== 'number') break;
      return Number.isFinite(value) ? value : String(value);
    case 'int32':
    case 'timestamp':
      if (typeof value === 'number') return value;
      break;
    case 'string':
      if (typeof value === 'string') return value;
      break;
    case 'boolean':
      if (typeof value === 'boolean') return value;
      break;
    case 'bigint':
      if (typeof value === 'bigint') return String(value);
      break;
    case 'bytes':
      if (value instanceof Uint8Array) return encodeBase64(value);
      break;
    case 'void':
      return null;
    case 'dynamic':
      return value;
    case 'optional':
      return value === undefined ? undefined : express(type.element, value, path, depth);
    case 'array':
      if (!Array.isArray(value)) break;
      return value.map((element, i) => {
        path[depth] = i;
        return express(type.element, element, path, depth + 1) ?? null;
      });
    case 'map':
      if (value instanceof Map) return expressMap(type, value, path, depth);
      break;
    case 'object':
      if (isObject(value)) return expressObject(type, value, path, depth);
      break;
    case 'union': {
      if (!isObject(value)) break;
      const variant = type.variants.find((candidate) => candidate.name === value[type.tag]);
      if (variant === undefined) break;
      return { [type.tag]: variant.name, ...expressObject(variant.type, value, path, depth) };
    }
  }
  refuse(type, value, path, depth);
}

function expressMap(type: MapNode, value: ReadonlyMap<unknown, unknown>, path: Path, depth: number): unknown {
  const pairs: [unknown, unknown][] = [];
  for (const [key, element] of value) {
    path[depth] = String(key);
    pairs.push([
      express(type.key, key, path, depth + 1),
      express(type.value, element, path, depth + 1) ?? null,
    ]);
  }
  // fromEntries defines properties and never assigns them, so a key '__proto__' is a key like any other.
  return type.key.kind === 'string' ? Object.fromEntries(pairs) : pairs;
}

function expressObject(
  type: ObjectNode,
  value: Readonly<Record<string, unknown>>,
  path: Path,
  depth: number,
): Record<string, unknown> {
  const expressed: Record<string, unknown> = {};
  for (const field of type.fields) {
    path[depth] = field.name;
    const element = express(field.type, value[field.name], path, depth + 1);
    if (element !== undefined) expressed[field.name] = element;
  }
  return expressed;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuseUnknownFields(
  type: ObjectNode,
  value: Readonly<Record<string, unknown>>,
  path: Path,
  depth: number,
  tag: string | undefined,
): void {
  for (const name of Object.keys(value)) {
    if (name === tag || type.fields.some((field) => field.name === name)) continue;
    path[depth] = name;
    throw new MillraceError('MR2002', `${place(path, depth + 1)} is not a field of this strict type.`, {
      hint: `Its fields are ${type.fields.map((field) => field.name).join(', ')}. Without strict, others are ignored.`,
    });
  }
}

function missing(type: TypeNode, path: Path, depth: number): never {
  throw new MillraceError('MR2002', `${place(path, depth)} is missing; ${wantedBy(type)} is expected.`, {
    hint: 'Declare it types.optional(...) if it may be absent.',
  });
}

function refuse(type: TypeNode, value: unknown, path: Path, depth: number): never {
  throw mismatch(place(path, depth), type, value);
}

function place(path: Path, depth: number): string {
  if (depth === 0) return 'The value';
  let text = '';
  for (const step of path.slice(0, depth)) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return `Field '${text}'`;
}
