import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import type { TypeDescriptor } from './type-descriptor.js';

/**
 * Turns values of one type into bytes and back. `decode(encode(v))` equals `v` in every field that the type
 * names. The encoding is self-delimiting. Not re-entrant: one instance belongs to one thread.
 */
export interface RecordCodec<T> {
  /** Appends the value at `out.position`. @throws MillraceError MR2002 naming the field that does not fit */
  encode(value: T, out: ByteWriter): void;
  /** Reads one value at `input.position` and advances it. @throws MillraceError MR2003 on bad bytes */
  decode(input: ByteReader): T;
}

/** Makes codecs: compiled where code generation is allowed, interpreted elsewhere. Supplied by boot. */
export interface CodecFactory {
  codecFor<T>(type: TypeDescriptor<T>): RecordCodec<T>;
}
