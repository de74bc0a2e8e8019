import {
  type DataStream,
  HybridSource,
  PacedSource,
  type SingleOutputStreamOperator,
  type Sink,
  type Source,
  type StreamExecutionEnvironment,
  WatermarkStrategy,
} from '../../../core/index.js';
import type { Prng } from '../../../core/internal.js';
import { FileSink, FileSource } from '../../../storage/index.js';
import { EVENT, type Event, type EventPlan, eventsOf } from './event.js';
import { EventSource, type SourcePace } from './event-source.js';
import { indexSource, numberedEvents } from './index-sources.js';
import { watchedSplits } from './split-generator.js';

/** What all topologies of a world are made of. */
export interface KitSettings {
  /** Of all sources together, at least. */
  readonly events: number;
  readonly sources: number;
  readonly parallelismMax: number;
  readonly autoWatermarkIntervalMs: number;
  /** Virtual time that all pauses of one source may take together, ms: checkpoints go on meanwhile. */
  readonly pausesMaxMs: number;
  readonly beforeEvent: (id: number) => void;
  /** How often somebody has changed the job. */
  readonly version: number;
  /** How often somebody has started a process by now. */
  readonly start: () => number;
  /** The wall clock does not jump: what has expired stays so. */
  readonly steadyClock: boolean;
  /**
   * The job comes back at another parallelism. Readers then come to hold splits of any times, so they read them side
   * by side.
   */
  readonly moves: boolean;
  /** Readers of a source come to their ends at different times, with checkpoints between them. */
  readonly endings: boolean;
  /** What is to run where this parallelism was drawn. */
  readonly parallelism: (drawn: number) => number;
  /** Where each source also tells what it has read; undefined: nowhere. */
  readonly readFolder: ((source: number) => string) | undefined;
  /** Whether an event counts among those that its source gives. */
  readonly counts: (id: number) => boolean;
  sink<T, CommittableT, WriterStateT>(
    sink: Sink<T, CommittableT, WriterStateT>,
  ): Sink<T, CommittableT, WriterStateT>;
}

/** A source of events that was drawn: describes itself in every task alike. */
export interface DrawnSource {
  readonly plan: EventPlan;
  readonly parallelism: number;
  readonly events: readonly Event[];
  readonly files: ReadonlyMap<string, string>;
  stream(env: StreamExecutionEnvironment): SingleOutputStreamOperator<Event>;
}

/** What a topology asks of its source. */
interface SourceWishes {
  readonly keysBySplit?: boolean;
  readonly keys?: number;
  readonly strideMs?: number;
  readonly splits?: number | undefined;
  /** Nothing depends on which of two events that touch comes first. */
  readonly tight?: boolean;
  /** Nothing depends on when an event comes, so it is one of the engine's own sources. */
  readonly anyOrder?: boolean;
  /** Tells event time, where it gives anything. */
  readonly watermarks?: ((plan: EventPlan) => WatermarkStrategy<Event> | undefined) | undefined;
}

type EndAt = (stream: DataStream<string>, name: string, own?: number) => void;
type EndIn<T> = (stream: DataStream<T>, sink: FileSink<T>, name: string) => void;

interface SourceSettings {
  readonly number: number;
  readonly parallelism: number;
  readonly alignment: { readonly driftMs: number; readonly intervalMs: number } | undefined;
  /** So many of the first splits are files. */
  readonly fileSplits: number;
  /** Of all its readers together; undefined: as fast as it can. */
  readonly ratePerSecond: number | undefined;
}

/** Draws the parts of a topology; everything is drawn before the first build, nothing during one. */
export class TopologyKit {
  readonly prng: Prng;
  readonly #settings: KitSettings;
  readonly #drawnSources: DrawnSource[] = [];
  #eventsLeft: number;

  constructor(prng: Prng, settings: KitSettings) {
    this.prng = prng;
    this.#settings = settings;
    this.#eventsLeft = settings.events;
  }

  /** How often somebody has changed the job, whose state has to be found all the same. */
  get version(): number {
    return this.#settings.version;
  }

  /** How often somebody has started a process by now; asked for while a job is built. */
  start(): number {
    return this.#settings.start();
  }

  get steadyClock(): boolean {
    return this.#settings.steadyClock;
  }

  /** In the order in which they were drawn. */
  get sources(): readonly DrawnSource[] {
    return this.#drawnSources;
  }

  parallelism(): number {
    return this.#settings.parallelism(this.prng.between(1, this.#settings.parallelismMax));
  }

  /** A window size that some tens of events fall into. */
  windowMs(source: DrawnSource): number {
    return source.plan.strideMs * this.prng.between(5, 60);
  }

  source(options: SourceWishes = {}): DrawnSource {
    const { prng } = this;
    const number = this.#drawnSources.length + 1;
    const { endings } = this.#settings;
    const many = prng.chance(0.3) && !endings;
    const drawnSplits = many ? prng.between(10, 60) : prng.between(endings ? 2 : 1, endings ? 5 : 6);
    const splits = options.splits ?? drawnSplits;
    const drawnStrideMs = prng.pick([1, 10, 1000]);
    const strideMs = options.strideMs ?? drawnStrideMs;
    const plan: EventPlan = {
      firstId: number * 1_000_000,
      splits,
      perSplit: Math.ceil(this.#share() / splits),
      keys: options.keys ?? prng.pick([1, 3, 10, 100]),
      keysBySplit: options.keysBySplit ?? false,
      strideMs,
      disorderMs: prng.chance(0.4) ? 0 : strideMs * prng.between(1, 30),
      salt: prng.uint32(),
      ...(options.tight === true && { tight: true }),
    };
    const pauseEvery = prng.chance(0.6) && !endings ? 0 : prng.between(1, 100);
    const pauses = pauseEvery === 0 ? 0 : plan.splits * Math.ceil(plan.perSplit / pauseEvery);
    const pace: SourcePace = {
      pauseEvery,
      pauseMs: Math.min(prng.between(0, 10), this.#settings.pausesMaxMs / pauses),
      splitsAtOnce: this.#splitsAtOnce(),
      looksAt: plan.salt % 3 === 0 ? '/in' : undefined,
      declared: prng.chance(0.7),
      beforeEvent: this.#settings.beforeEvent,
    };
    const alignment = prng.chance(0.7) ? undefined : this.#alignment(plan);
    const settings: SourceSettings = {
      number,
      parallelism: this.parallelism(),
      alignment,
      fileSplits: this.#settings.moves ? 0 : prng.pick([0, 0, 0, 0, splits, splits, Math.ceil(splits / 2)]),
      ratePerSecond: prng.chance(0.85)
        ? undefined
        : leastRate(plan, this.#settings.pausesMaxMs) * prng.between(1, 5),
    };
    const drawn = this.#drawn(plan, pace, settings, options);
    this.#drawnSources.push(drawn);
    return drawn;
  }

  /** Text lines, exactly once. `own`: the parallelism that it is to have. */
  sink(folder: string): EndAt {
    const parallelism = this.parallelism();
    const ownParallelism = this.prng.chance(0.5);
    const options = this.prng.chance(0.3) ? { maxPartBytes: this.prng.between(1, 500) } : {};
    return (stream, name, own = ownParallelism ? parallelism : undefined) => {
      const end = stream.sinkTo(this.#settings.sink(FileSink.textLines(folder, options)), name);
      if (own !== undefined) end.setParallelism(own);
    };
  }

  /** Lines of JSON, exactly once. */
  jsonSink<T>(): EndIn<T> {
    const parallelism = this.prng.chance(0.5) ? this.parallelism() : undefined;
    return (stream, sink, name) => {
      const end = stream.sinkTo(this.#settings.sink(sink), name);
      if (parallelism !== undefined) end.setParallelism(parallelism);
    };
  }

  /** Sources go on by the drift with each announcement, and announce what a watermark has told them. */
  #alignment({ splits, perSplit, strideMs }: EventPlan): SourceSettings['alignment'] {
    const { autoWatermarkIntervalMs, pausesMaxMs } = this.#settings;
    const intervalMs = this.prng.between(1, 20);
    const rounds = pausesMaxMs / (intervalMs + autoWatermarkIntervalMs);
    const least = Math.ceil((splits * perSplit) / Math.max(1, rounds));
    return { driftMs: strideMs * Math.max(least, this.prng.between(1, 200)), intervalMs };
  }

  /** Events of the next source: the last one gives what the others have left. */
  #share(): number {
    const isLast = this.#drawnSources.length + 1 === this.#settings.sources;
    const share = isLast ? 1 : 0.1 + 0.8 * this.prng.float();
    const events = Math.ceil(this.#eventsLeft * share);
    this.#eventsLeft -= events;
    return Math.max(1, events);
  }

  #splitsAtOnce(): number {
    const drawn = this.prng.chance(this.#settings.endings ? 0.9 : 0.6) ? 0 : this.prng.pick([2, 5, 1000]);
    return this.#settings.moves ? 1000 : drawn;
  }

  #drawn(
    plan: EventPlan,
    pace: SourcePace,
    { number, parallelism, alignment, fileSplits, ratePerSecond }: SourceSettings,
    { anyOrder = false, watermarks: own }: SourceWishes,
  ): DrawnSource {
    const { counts, readFolder, sink } = this.#settings;
    let events: readonly Event[] | undefined;
    const name = `events-${number}`;
    const folder = `/in/${number}`;
    const isWatched = fileSplits === 0 && !anyOrder && plan.salt % 4 !== 0;
    const watermarks = isWatched
      ? watchedSplits(plan)
      : WatermarkStrategy.forBoundedOutOfOrderness<Event>(plan.disorderMs);
    const unaligned = own?.(plan) ?? watermarks.withTimestampAssigner((event) => event.time);
    const strategy =
      alignment === undefined
        ? unaligned
        : unaligned.withWatermarkAlignment('all', alignment.driftMs, alignment.intervalMs);
    return {
      plan,
      parallelism,
      get events() {
        events ??= eventsOf(plan).filter(({ id }) => counts(id));
        return events;
      },
      files: filesOf(eventsOf(plan), plan, fileSplits, folder),
      stream: (env) => {
        // Who is drained has read a part of each split from its beginning, which holds of these alone.
        if (anyOrder && readFolder === undefined) {
          const numbers = indexSource(plan, ratePerSecond).stream(env, parallelism);
          return numberedEvents(numbers, plan, pace).assignTimestampsAndWatermarks(unaligned).name(name);
        }
        const free = eventSource(plan, pace, fileSplits, folder);
        const source = ratePerSecond === undefined ? free : new PacedSource(free, { ratePerSecond });
        const stream = env.fromSource(source, strategy, name).setParallelism(parallelism);
        if (readFolder !== undefined)
          stream
            .map(({ id }) => String(id))
            .sinkTo(sink(FileSink.textLines(readFolder(number))), `read-${number}`);
        return stream;
      },
    };
  }
}

/** Records a second: such that it holds nobody up for longer than pauses may. */
function leastRate({ splits, perSplit }: EventPlan, pausesMaxMs: number): number {
  // Of all readers together, one of which may have everything to read.
  return Math.ceil((splits * perSplit * 8000) / Math.max(1, pausesMaxMs));
}

/** Of files, of what gives events, or of the one and then the other. */
function eventSource(plan: EventPlan, pace: SourcePace, fileSplits: number, folder: string): Source<Event> {
  const events = new EventSource(plan, pace, fileSplits) as Source<Event>;
  if (fileSplits === 0) return events;
  const files = FileSource.jsonLines<Event>(folder, pace.declared ? EVENT : undefined) as Source<Event>;
  return fileSplits === plan.splits ? files : HybridSource.builder(files).addSource(events).build();
}

function filesOf(
  events: readonly Event[],
  plan: EventPlan,
  fileSplits: number,
  folder: string,
): Map<string, string> {
  const files = new Map<string, string>();
  for (let split = 0; split < fileSplits; split++) {
    const lines = events
      .slice(split * plan.perSplit, (split + 1) * plan.perSplit)
      .map((event) => `${JSON.stringify(event)}\n`);
    files.set(`${folder}/${String(split).padStart(3, '0')}.jsonl`, lines.join(''));
  }
  return files;
}
