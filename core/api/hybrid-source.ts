import { MillraceError } from '../base/millrace-error.js';
import { type TypeDescriptor, typeId } from '../serde/type-descriptor.js';
import { HybridSourceReader, type HybridSplit } from './hybrid-source-reader.js';
import { type HybridEnumeratorState, HybridSplitEnumerator } from './hybrid-split-enumerator.js';
import type {
  Boundedness,
  Source,
  SourceReader,
  SourceReaderContext,
  SplitEnumerator,
  SplitEnumeratorContext,
} from './source.js';

/**
 * Several sources of the same records, one after another: what was stored first, then what still comes, say.
 * The next one begins when every reader has read the one before to its end, so all but the last are bounded.
 *
 * The sources' enumerators must say that no more splits follow as the answer to a request, as those of this
 * package do.
 *
 * @example
 * ```ts
 * const clicks = HybridSource.builder(FileSource.jsonLines('archive', click)).addSource(liveClicks).build();
 * env.fromSource(clicks, WatermarkStrategy.forMonotonousTimestamps(), 'clicks');
 * ```
 */
export class HybridSource<T> implements Source<T, HybridSplit, HybridEnumeratorState> {
  readonly boundedness: Boundedness;
  readonly isReplayable: boolean;
  readonly outputType?: TypeDescriptor<T>;
  readonly #sources: readonly Source<T>[];

  /** See {@link HybridSource.builder}. */
  private constructor(sources: readonly Source<T>[]) {
    this.#sources = sources;
    this.boundedness = sources.at(-1)?.boundedness ?? 'bounded';
    this.isReplayable = sources.every(({ isReplayable }) => isReplayable !== false);
    const type = commonType(sources);
    if (type !== undefined) this.outputType = type;
  }

  static builder<T, SplitT, StateT>(firstSource: Source<T, SplitT, StateT>): HybridSourceBuilder<T> {
    return new HybridSourceBuilder<T>((sources) => new HybridSource(sources)).addSource(firstSource);
  }

  createEnumerator(context: SplitEnumeratorContext<HybridSplit>): SplitEnumerator<HybridEnumeratorState> {
    return new HybridSplitEnumerator(this.#sources, context, undefined);
  }

  restoreEnumerator(
    context: SplitEnumeratorContext<HybridSplit>,
    state: HybridEnumeratorState,
  ): SplitEnumerator<HybridEnumeratorState> {
    return new HybridSplitEnumerator(this.#sources, context, state);
  }

  createReader(context: SourceReaderContext): SourceReader<T, HybridSplit> {
    return new HybridSourceReader(this.#sources, context);
  }
}

/**
 * Collects the sources of a {@link HybridSource}, in their order.
 *
 * @example
 * ```ts
 * const builder = HybridSource.builder(new NumberSequenceSource(1, 10));
 * const both = builder.addSource(new NumberSequenceSource(11, 20)).build();
 * ```
 */
export class HybridSourceBuilder<T> {
  readonly #make: (sources: readonly Source<T>[]) => HybridSource<T>;
  readonly #sources: Source<T>[];

  constructor(make: (sources: readonly Source<T>[]) => HybridSource<T>) {
    this.#make = make;
    this.#sources = [];
  }

  /** @throws MillraceError MR1001 if it is no source, or follows one that does not end */
  addSource<SplitT, StateT>(source: Source<T, SplitT, StateT>): this {
    const { createReader, createEnumerator } = (source ?? {}) as Partial<Source<T>>;
    if (typeof createReader !== 'function' || typeof createEnumerator !== 'function') {
      throw new MillraceError('MR1001', 'A HybridSource is made of Sources.');
    }
    if (this.#sources.at(-1)?.boundedness === 'continuous-unbounded') {
      throw new MillraceError('MR1001', 'A source was added to a HybridSource behind one that never ends.', {
        hint: 'All but the last one must be bounded.',
      });
    }
    this.#sources.push(source as unknown as Source<T>);
    return this;
  }

  build(): HybridSource<T> {
    return this.#make([...this.#sources]);
  }
}

function commonType<T>(sources: readonly Source<T>[]): TypeDescriptor<T> | undefined {
  const [first] = sources;
  const type = first?.outputType;
  if (type === undefined) return undefined;
  const id = typeId(type as TypeDescriptor<unknown>);
  const agree = sources.every(
    ({ outputType }) => outputType !== undefined && typeId(outputType as TypeDescriptor<unknown>) === id,
  );
  return agree ? type : undefined;
}
