import { invariant } from '../base/invariant.js';
import type { HybridSplit } from './hybrid-source-reader.js';
import type { Source, SplitEnumerator, SplitEnumeratorContext } from './source.js';

/** Plain data. */
export interface HybridEnumeratorState {
  readonly source: number;
  /** Of that source's own enumerator. */
  readonly state: unknown;
}

/**
 * Deals out the splits of one source after another.
 *
 * Nothing is remembered of single readers over a restore, after which there may be more or fewer of them: each asks for
 * a split, and is told once more which source is read, and that it has no more splits if that is so.
 *
 * Invariants:
 * - the next source begins when every reader has finished the present one;
 * - a reader that was told the end of a source asks again only when it has finished it;
 * - until the next source has started, a snapshot is of the one before, which has nothing left;
 * - of the last source the end is the end of all.
 */
export class HybridSplitEnumerator implements SplitEnumerator<HybridEnumeratorState> {
  readonly #sources: readonly Source<unknown>[];
  readonly #context: SplitEnumeratorContext<HybridSplit>;
  readonly #restored: HybridEnumeratorState | undefined;
  #source: number;
  #inner: SplitEnumerator<unknown> | undefined;
  #started: boolean;
  /** Readers that know which source is read. */
  #begun: Set<number>;
  /** Readers that were told that this source has no more splits. */
  #told: Set<number>;
  /** Those of them that have read it to its end. */
  #finished: Set<number>;
  #switching: HybridEnumeratorState | undefined;
  /** Requests that came while the next source was starting. */
  #early: number[];

  constructor(
    sources: readonly Source<unknown>[],
    context: SplitEnumeratorContext<HybridSplit>,
    restored: HybridEnumeratorState | undefined,
  ) {
    this.#sources = sources;
    this.#context = context;
    this.#restored = restored;
    this.#source = restored?.source ?? 0;
    this.#inner = undefined;
    this.#started = false;
    this.#begun = new Set();
    this.#told = new Set();
    this.#finished = new Set();
    this.#switching = undefined;
    this.#early = [];
  }

  async start(): Promise<void> {
    this.#reportBacklog();
    const source = this.#current();
    const context = this.#innerContext(this.#source);
    const restored = this.#restored;
    this.#inner =
      restored === undefined
        ? source.createEnumerator(context)
        : source.restoreEnumerator(context, restored.state);
    await this.#inner.start();
    this.#started = true;
  }

  handleSplitRequest(subtask: number): void {
    if (!this.#started) {
      this.#early.push(subtask);
      return;
    }
    if (!this.#told.has(subtask)) {
      this.#begin(subtask);
      this.#inner?.handleSplitRequest(subtask);
      return;
    }
    this.#finished.add(subtask);
    if (this.#finished.size === this.#context.parallelism) this.#switch();
  }

  snapshotState(checkpointId: number): HybridEnumeratorState {
    if (this.#switching !== undefined) return this.#switching;
    return { source: this.#source, state: this.#inner?.snapshotState(checkpointId) };
  }

  notifyCheckpointComplete(checkpointId: number): void {
    this.#inner?.notifyCheckpointComplete?.(checkpointId);
  }

  close(): void | Promise<void> {
    return this.#inner?.close?.();
  }

  /** All have finished; each of them is told where it goes on. */
  #switch(): void {
    const before = this.#inner;
    this.#switching = this.snapshotState(0);
    this.#source++;
    this.#begun = new Set();
    this.#told = new Set();
    this.#finished = new Set();
    this.#reportBacklog();
    const next = this.#current().createEnumerator(this.#innerContext(this.#source));
    this.#inner = next;
    this.#started = false;
    this.#context.callAsync(
      async () => {
        await before?.close?.();
        await next.start();
      },
      () => {
        this.#started = true;
        this.#switching = undefined;
        for (let subtask = 0; subtask < this.#context.parallelism; subtask++) this.#begin(subtask);
        const early = this.#early;
        this.#early = [];
        for (const subtask of early) this.handleSplitRequest(subtask);
      },
    );
  }

  /** Readers begin with the first source, or with the one of what was restored to them, if anything was. */
  #begin(subtask: number): void {
    if (this.#source === 0 || this.#begun.has(subtask)) return;
    this.#begun.add(subtask);
    this.#context.assignSplit({ source: this.#source, kind: 'begin' }, subtask);
  }

  /** Every source but the last catches up with it. */
  #reportBacklog(): void {
    this.#context.setIsProcessingBacklog(this.#source < this.#sources.length - 1);
  }

  #innerContext(source: number): SplitEnumeratorContext<unknown> {
    const context = this.#context;
    return {
      parallelism: context.parallelism,
      fileSystem: context.fileSystem,
      clock: context.clock,
      assignSplit: (split, subtask) => context.assignSplit({ source, kind: 'split', split }, subtask),
      signalNoMoreSplits: (subtask) => {
        if (source === this.#sources.length - 1) context.signalNoMoreSplits(subtask);
        else if (!this.#told.has(subtask)) {
          this.#told.add(subtask);
          context.assignSplit({ source, kind: 'end' }, subtask);
        }
      },
      setIsProcessingBacklog: (isProcessingBacklog) => {
        if (source === this.#sources.length - 1) context.setIsProcessingBacklog(isProcessingBacklog);
      },
      callAsync: (work, handle) => context.callAsync(work, handle),
    };
  }

  #current(): Source<unknown> {
    const source = this.#sources[this.#source];
    invariant(source !== undefined, 'the present source is one of them', { source: this.#source });
    return source;
  }
}
