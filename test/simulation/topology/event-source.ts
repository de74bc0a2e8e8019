import {
  InputStatus,
  InterleavedSourceReader,
  type ReaderOutput,
  SequentialSourceReader,
  type Source,
  type SourceReader,
  type SourceReaderContext,
  type SplitEnumerator,
  type SplitEnumeratorContext,
  SplitQueueEnumerator,
  type SplitReader,
  type TypeDescriptor,
} from '../../../core/internal.js';
import { EVENT, type Event, type EventPlan, eventAt } from './event.js';

/** Plain data: it goes into checkpoints. */
interface EventSplit {
  readonly split: number;
  readonly next: number;
}

/** How a source moves. All drawn. */
export interface SourcePace {
  /** It pauses after every so many events of a split; 0: never. */
  readonly pauseEvery: number;
  readonly pauseMs: number;
  /** Its readers read so many splits side by side; 0: one after another. */
  readonly splitsAtOnce: number;
  /** Where its enumerator looks before it deals out splits, and readers ask meanwhile; undefined: nowhere. */
  readonly looksAt: string | undefined;
  /** Its records have a declared type. */
  readonly declared: boolean;
  /** Called before each event is handed out: where a source throws, once. */
  readonly beforeEvent: (id: number) => void;
}

/** Bounded; its splits are dealt out in the order of their times, so that no reader goes back in time. */
export class EventSource implements Source<Event, EventSplit, readonly EventSplit[]> {
  readonly boundedness = 'bounded';
  readonly readersRestartAlone = true;
  readonly outputType?: TypeDescriptor<Event>;
  readonly #plan: EventPlan;
  readonly #pace: SourcePace;
  readonly #firstSplit: number;

  /** Gives the splits of the plan from `firstSplit` on. */
  constructor(plan: EventPlan, pace: SourcePace, firstSplit = 0) {
    this.#plan = plan;
    this.#firstSplit = firstSplit;
    this.#pace = pace;
    if (pace.declared) this.outputType = EVENT;
  }

  createEnumerator(context: SplitEnumeratorContext<EventSplit>): SplitEnumerator<readonly EventSplit[]> {
    const length = this.#plan.splits - this.#firstSplit;
    const splits = Array.from({ length }, (_, index) => ({ split: this.#firstSplit + index, next: 0 }));
    return new EventEnumerator(context, splits, this.#pace.looksAt);
  }

  restoreEnumerator(
    context: SplitEnumeratorContext<EventSplit>,
    state: readonly EventSplit[],
  ): SplitEnumerator<readonly EventSplit[]> {
    return new EventEnumerator(context, state, this.#pace.looksAt);
  }

  createReader(context: SourceReaderContext): SourceReader<Event, EventSplit> {
    const { splitsAtOnce } = this.#pace;
    const open = (split: EventSplit) => new EventReader(this.#plan, this.#pace, context, split);
    // Splits of several readers may come to one when the job goes on, and each has its place in time.
    const splitId = ({ split }: EventSplit): string => `split-${split}`;
    if (splitsAtOnce === 0) return new SequentialSourceReader(context, open, splitId);
    return new InterleavedSourceReader(context, { open, splitId, splitsAtOnce });
  }
}

class EventEnumerator extends SplitQueueEnumerator<EventSplit> {
  readonly #context: SplitEnumeratorContext<EventSplit>;
  readonly #looksAt: string | undefined;
  #hasStarted = false;

  constructor(
    context: SplitEnumeratorContext<EventSplit>,
    splits: readonly EventSplit[],
    looksAt: string | undefined,
  ) {
    super(context, splits);
    this.#context = context;
    this.#looksAt = looksAt;
  }

  override async start(): Promise<void> {
    if (this.#looksAt !== undefined) await this.#context.fileSystem.list(this.#looksAt);
    this.#hasStarted = true;
  }

  override snapshotState(): readonly EventSplit[] {
    if (!this.#hasStarted) throw new Error('An enumerator that has not started is asked for its state.');
    return super.snapshotState();
  }
}

class EventReader implements SplitReader<Event, EventSplit> {
  readonly #plan: EventPlan;
  readonly #pace: SourcePace;
  readonly #context: SourceReaderContext;
  readonly #split: number;
  #next: number;
  #pausedAt = -1;

  constructor(plan: EventPlan, pace: SourcePace, context: SourceReaderContext, split: EventSplit) {
    this.#plan = plan;
    this.#pace = pace;
    this.#context = context;
    this.#split = split.split;
    this.#next = split.next;
  }

  poll(output: ReaderOutput<Event>): InputStatus {
    const { perSplit } = this.#plan;
    const { pauseEvery, beforeEvent } = this.#pace;
    while (this.#next < perSplit && output.remaining > 0) {
      if (pauseEvery > 0 && this.#next % pauseEvery === 0 && this.#pausedAt !== this.#next) {
        this.#pausedAt = this.#next;
        return InputStatus.NOTHING_AVAILABLE;
      }
      const event = eventAt(this.#plan, this.#split, this.#next);
      beforeEvent(event.id);
      this.#next++;
      output.collect(event);
    }
    return this.#next < perSplit ? InputStatus.MORE_AVAILABLE : InputStatus.END_OF_INPUT;
  }

  isAvailable(): Promise<void> {
    return this.#context.sleep(this.#pace.pauseMs);
  }

  snapshot(): EventSplit {
    return { split: this.#split, next: this.#next };
  }

  close(): void {}
}
