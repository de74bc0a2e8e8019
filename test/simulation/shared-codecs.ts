import {
  type CodecFactory,
  interpretedCodec,
  type RecordCodec,
  type TypeDescriptor,
  type TypeNode,
  typeId,
  types,
} from '../../core/internal.js';
import { ThreadCodecFactory } from '../../memory/index.js';

/**
 * Codecs for all tasks of all worlds of this thread, each made once: a world has some hundred channels, and to
 * compile code for every end of them took longer than what goes through. Codecs keep nothing between two calls.
 *
 * Invariant: one codec for each canonical text of a type.
 */
class SharedCodecs implements CodecFactory {
  readonly #made: CodecFactory;
  readonly #known = new Map<string, RecordCodec<unknown>>();

  constructor(made: CodecFactory) {
    this.#made = made;
  }

  codecFor<T>(type: TypeDescriptor<T>): RecordCodec<T> {
    const name = typeId(type as TypeNode);
    let codec = this.#known.get(name);
    if (codec === undefined) {
      codec = withOneBlockCodec(this.#made.codecFor(type) as RecordCodec<unknown>);
      this.#known.set(name, codec);
    }
    // Types of one text have the same bytes.
    return codec as RecordCodec<T>;
  }
}

/** Who writes blocks asks for a codec of its own at each channel. */
function withOneBlockCodec(codec: RecordCodec<unknown>): RecordCodec<unknown> {
  if (!('blockCodec' in codec) || typeof codec.blockCodec !== 'function') return codec;
  const block: unknown = codec.blockCodec();
  Object.defineProperty(codec, 'blockCodec', { value: () => block });
  return codec;
}

const THREAD_CODECS = new ThreadCodecFactory();
const DYNAMIC = THREAD_CODECS.codecFor(types.dynamic());

const COMPILED = new SharedCodecs(THREAD_CODECS);
const INTERPRETED = new SharedCodecs({ codecFor: (type) => interpretedCodec(type, DYNAMIC) });

/** `interpreted`: as in a process that forbids code from strings. */
export function sharedCodecs({ interpreted }: { readonly interpreted: boolean }): CodecFactory {
  return interpreted ? INTERPRETED : COMPILED;
}
