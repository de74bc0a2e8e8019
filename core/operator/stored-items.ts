import { isMillraceError, MillraceError } from '../base/millrace-error.js';
import { decodeUtf8, utf8Length, writeUtf8 } from '../base/utf8.js';
import { ByteReader } from '../serde/byte-reader.js';
import { ByteWriter } from '../serde/byte-writer.js';
import type { CodecFactory } from '../serde/record-codec.js';
import { checkValue } from '../serde/type-default.js';
import { type TypeDescriptor, typeId } from '../serde/type-descriptor.js';
import { type TypeRefusal, typeEvolution } from '../serde/type-evolution.js';
import { TypeText } from '../serde/type-text.js';
import { types } from '../serde/types.js';
import { readLength, writeVarint } from '../serde/varint.js';
import { stateRefused } from '../state/state-evolution.js';

/** What an operator keeps for a source, a sink or itself: splits, say. */
export interface StoredItems<T = unknown> {
  /** Of the list in the checkpoint. */
  readonly name: string;
  /** In messages: `splits of the source`. */
  readonly what: string;
  /** As the job declares it; undefined: it does not, and what is stored is taken as it is. */
  readonly type: TypeDescriptor<T> | undefined;
  /** A list that names no type is of the declared one, and not of none: it is from before the type stood there. */
  readonly untypedIsDeclared?: true;
  /** Nobody takes them any more: the error where there are some. */
  readonly unwanted?: () => MillraceError;
}

/**
 * In front of the one value that is no list, the state of a split enumerator, where its type is declared:
 *
 * ```
 *   0 u8 | length varint | text of the type, UTF-8 | the value, by the codec of the type
 * ```
 *
 * Undeclared, it begins with its length, which is never 0.
 */
const DECLARED = 0;

/** Name of the list: `splits`, or `splits:<type>` where the type is declared. */
export function itemsKey({ name, type }: StoredItems): string {
  return type === undefined || type.kind === 'dynamic' ? name : `${name}:${typeId(type)}`;
}

/** The text of the type that a list of that key holds, empty if undeclared; undefined: it is another list. */
export function storedItemsType(name: string, key: string): string | undefined {
  if (key === name) return '';
  return key.startsWith(`${name}:`) ? key.slice(name.length + 1) : undefined;
}

/** What restoring does with items that are stored as `stored`, a type's text or nothing: see {@link StoredItems}. */
export function itemsEvolution(stored: string, items: StoredItems): ReturnType<typeof typeEvolution> {
  return typeEvolution(storedType(stored, items), items.type ?? types.dynamic());
}

function storedType(stored: string, { type, untypedIsDeclared }: StoredItems): TypeDescriptor<unknown> {
  if (stored !== '') return new TypeText(stored).type();
  return (untypedIsDeclared && type) ?? types.dynamic();
}

export function itemsRefused(what: string, refusal: TypeRefusal): MillraceError {
  return stateRefused(what, refusal, 'give the operator another uid, and it begins without');
}

/**
 * Reads values that are stored as `stored`, and gives such of the declared type.
 *
 * @throws MillraceError MR2103 at once if none can be made of them, or later for a value that is not of the type
 */
export function itemDecoder<T>(
  stored: string,
  items: StoredItems<T>,
  codecs: CodecFactory,
): (input: ByteReader) => T {
  if (items.unwanted !== undefined) throw items.unwanted();
  const declared: TypeDescriptor<T> = items.type ?? (types.dynamic() as TypeDescriptor<T>);
  const evolution = itemsEvolution(stored, items);
  if (evolution.kind === 'refuse') throw itemsRefused(items.what, evolution);
  if (evolution.kind === 'as-is') {
    const codec = codecs.codecFor(declared);
    return (input) => codec.decode(input);
  }
  const before = codecs.codecFor<unknown>(storedType(stored, items));
  return (input) => {
    const value = evolution.convert(before.decode(input));
    checkDeclared(items, declared, value);
    return value as T;
  };
}

/** What was undeclared shows only now whether it is what is declared. */
function checkDeclared({ what }: StoredItems, declared: TypeDescriptor<unknown>, value: unknown): void {
  try {
    checkValue(declared, value);
  } catch (error) {
    if (!isMillraceError(error) || error.code !== 'MR2002') throw error;
    throw new MillraceError('MR2103', `One of the ${what} does not have the type that is declared now.`, {
      why: error.what,
      hint: 'Declare what is stored, or give the operator another uid, and it begins without.',
      cause: error,
    });
  }
}

/** The bytes of one value, in an array of their own. */
export function encodeValue<T>({ type }: StoredItems<T>, value: T, codecs: CodecFactory): Uint8Array {
  const writer = new ByteWriter();
  if (type !== undefined && type.kind !== 'dynamic') {
    const text = typeId(type);
    writer.reserve(1);
    writer.bytes[writer.position++] = DECLARED;
    const length = utf8Length(text);
    writeVarint(length, writer);
    writer.reserve(length);
    writer.position = writeUtf8(text, writer.bytes, writer.position);
  }
  codecs.codecFor(type ?? (types.dynamic() as TypeDescriptor<T>)).encode(value, writer);
  return writer.bytes.slice(writer.mark, writer.position);
}

/** @throws MillraceError MR2103 if nothing of the declared type can be made of it */
export function decodeValue<T>(items: StoredItems<T>, bytes: Uint8Array, codecs: CodecFactory): T {
  const input = new ByteReader(bytes);
  const stored = readValueType(input);
  return itemDecoder(stored, items, codecs)(input);
}

/** The text of the type of a value, empty if undeclared. */
export function storedValueType(bytes: Uint8Array): string {
  return readValueType(new ByteReader(bytes));
}

function readValueType(input: ByteReader): string {
  if (input.bytes[input.position] !== DECLARED) return '';
  input.position++;
  const length = readLength(input);
  const text = decodeUtf8(input.bytes, input.position, input.position + length);
  if (text === undefined) throw new MillraceError('MR2003', 'The type of a stored value is no text.');
  input.position += length;
  return text;
}
