import { isMillraceError, MillraceError } from '../base/millrace-error.js';
import { ByteWriter } from './byte-writer.js';
import { interpretedCodec } from './interpreted-codec.js';
import type { RecordCodec } from './record-codec.js';
import type { TypeNode } from './type-descriptor.js';

/** What is undeclared takes any value; whether it can be carried is found out when it is. */
const ANYTHING: RecordCodec<unknown> = { encode: () => {}, decode: () => undefined };

/** @throws MillraceError MR2002 naming the field, unless the value is of the type */
export function checkValue(type: TypeNode, value: unknown): void {
  interpretedCodec<unknown>(type, ANYTHING).encode(value, new ByteWriter());
}

/** @throws MillraceError MR2001 unless the value can stand for one that stored state does not have */
export function checkDefault(type: TypeNode, value: unknown): void {
  if (type.kind === 'optional') {
    throw new MillraceError('MR2001', 'An optional type has no default.', {
      why: 'Where stored state does not have it, it is absent.',
      hint: 'Leave out types.withDefault, or types.optional.',
    });
  }
  try {
    checkValue(type, value);
  } catch (error) {
    if (!isMillraceError(error) || error.code !== 'MR2002') throw error;
    throw new MillraceError('MR2001', 'The default given to types.withDefault is not of its type.', {
      why: error.message,
      cause: error,
    });
  }
}
