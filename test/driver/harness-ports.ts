import {
  type Boundedness,
  MillraceError,
  nearest,
  type SingleOutputStreamOperator,
  type Sink,
  type StreamExecutionEnvironment,
  type TypeDescriptor,
  WatermarkStrategy,
} from '../../core/internal.js';
import { HarnessOutlet, HarnessSink } from './harness-sink.js';
import { HarnessFeed, HarnessSource } from './harness-source.js';

/** The ends of a pipeline under test. */
export interface HarnessIO {
  /**
   * The stream of what is pushed under that name, with the timestamps and watermarks that are pushed, from one
   * subtask. Its uid is `source-<name>`. Event time may be assigned anew by `assignTimestampsAndWatermarks`.
   */
  source<T>(name: string, type?: TypeDescriptor<T>): SingleOutputStreamOperator<T>;
  /** Takes what `take` returns under that name, in one subtask; for `sinkTo`. */
  sink<T>(name: string): Sink<T>;
}

/**
 * Sources and sinks of a pipeline by their names: the test holds one end, and the tasks the other.
 *
 * Invariant: a name stands for the same feed or outlet in every build of the pipeline.
 */
export class HarnessPorts {
  readonly #feeds = new Map<string, HarnessFeed>();
  readonly #outlets = new Map<string, HarnessOutlet>();
  readonly #sides = new Map<string, HarnessOutlet>();
  readonly #boundedness: Boundedness;
  readonly #endedBefore: readonly string[];

  /** `endedBefore`: sources that had ended in the snapshot. */
  constructor(boundedness: Boundedness, endedBefore: readonly string[]) {
    this.#boundedness = boundedness;
    this.#endedBefore = endedBefore;
  }

  get ended(): string[] {
    return [...this.#feeds].filter(([, { ended }]) => ended).map(([name]) => name);
  }

  /** What is handed to the function that describes the pipeline, once for each build. */
  ofBuild(env: StreamExecutionEnvironment): HarnessIO {
    const taken = new Set<string>();
    return {
      source: <T>(name: string, type?: TypeDescriptor<T>) => {
        if (taken.has(name)) {
          throw new MillraceError('MR1001', `The pipeline has two sources '${name}'.`, {
            hint: 'Keep the stream of io.source(...) and use it twice.',
          });
        }
        taken.add(name);
        const source = new HarnessSource<T>(this.#feedOf(name), this.#boundedness, type);
        return env.fromSource(source, watermarksAsPushed<T>(), name).setParallelism(1);
      },
      sink: <T>(name: string) => {
        const outlet = this.#outlets.get(name) ?? new HarnessOutlet();
        this.#outlets.set(name, outlet);
        return new HarnessSink<T>(outlet);
      },
    };
  }

  /** @throws MillraceError MR1001 if there is no such source, or it has ended */
  feed(name: string): HarnessFeed {
    const feed = known(this.#feeds, name, 'source');
    if (feed.ended) throw new MillraceError('MR1001', `The input '${name}' has ended.`);
    return feed;
  }

  /** @throws MillraceError MR1001 if there is no such sink */
  outlet(name: string): HarnessOutlet {
    return known(this.#outlets, name, 'sink');
  }

  side(tag: string): HarnessOutlet {
    const outlet = this.#sides.get(tag) ?? new HarnessOutlet();
    this.#sides.set(tag, outlet);
    return outlet;
  }

  /** Whether this is a source that waits for something to be pushed. */
  isIdle(promise: Promise<unknown>): boolean {
    for (const { arrival, isEmpty } of this.#feeds.values()) {
      if (isEmpty && arrival.wait() === promise) return true;
    }
    return false;
  }

  #feedOf(name: string): HarnessFeed {
    const known = this.#feeds.get(name);
    if (known !== undefined) return known;
    const feed = new HarnessFeed();
    feed.ended = this.#endedBefore.includes(name);
    this.#feeds.set(name, feed);
    return feed;
  }
}

function known<T>(ports: ReadonlyMap<string, T>, name: string, what: string): T {
  const port = ports.get(name);
  if (port !== undefined) return port;
  const near = nearest(name, ports.keys());
  throw new MillraceError('MR1001', `The pipeline has no ${what} '${name}'.`, {
    hint:
      near === undefined
        ? `It has: ${[...ports.keys()].join(', ') || 'none'}. Make one with io.${what}('${name}').`
        : `Did you mean '${near}'?`,
  });
}

/** Watermarks come from the source itself; the generator is there so that the graph knows of them. */
function watermarksAsPushed<T>(): WatermarkStrategy<T> {
  return WatermarkStrategy.forGenerator<T>(() => ({ onEvent() {} }));
}
