import {
  type CodecFactory,
  interpretedCodec,
  type RecordCodec,
  type TypeDescriptor,
} from '../core/internal.js';
import { compiledCodec } from './compiled-codec.js';
import { DynamicCodec } from './dynamic-codec.js';

/**
 * Codecs for one thread: compiled, or interpreted where the process forbids code from strings (both write
 * the same bytes); msgpackr for `dynamic`, alone or inside of a declared type.
 */
export class ThreadCodecFactory implements CodecFactory {
  readonly #dynamic = new DynamicCodec();

  /** @throws MillraceError MR2001 if the type is not valid */
  codecFor<T>(type: TypeDescriptor<T>): RecordCodec<T> {
    // The value type of `dynamic` is what the user says it is.
    if (type.kind === 'dynamic') return this.#dynamic as RecordCodec<unknown> as RecordCodec<T>;
    try {
      return compiledCodec(type, this.#dynamic);
    } catch (error) {
      if (error instanceof EvalError) return interpretedCodec(type, this.#dynamic);
      throw error;
    }
  }
}
