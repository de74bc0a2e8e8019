/** Which threads are looked at, and how often. */
export interface SamplingOrder {
  /** By their numbers; undefined: all there are. */
  readonly threadIds: readonly number[] | undefined;
  readonly samples: number;
  /** Between two samples. */
  readonly delayMs: number;
}

/** What a thread was seen to do. Plain data. */
export interface ThreadProfile {
  /** 0: the main thread. */
  readonly threadId: number;
  /** For people. */
  readonly name: string;
  /** The call tree; the root comes first. */
  readonly frames: readonly ProfiledFrame[];
  /** Index of the frame that ran at the last sample; undefined: there was none. */
  readonly last: number | undefined;
}

export interface ProfiledFrame {
  /** V8's own are in brackets: `(idle)`, `(program)`, `(garbage collector)`. */
  readonly functionName: string;
  readonly url: string;
  /** From 1. */
  readonly line: number;
  /** Samples in which it ran itself. */
  readonly hits: number;
  /** Indices of the frames that it called. */
  readonly calls: readonly number[];
}

const IDLE = '(idle)';

/** The thread waits for something to happen. */
export function isIdleFrame({ functionName }: ProfiledFrame): boolean {
  return functionName === IDLE;
}

/** `processElement (orders.js:12)` */
export function frameText({ functionName, url, line }: ProfiledFrame): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  return `${name} (${url.slice(url.lastIndexOf('/') + 1)}:${line})`;
}
