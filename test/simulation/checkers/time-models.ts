import { ElementKind, Watermark } from '../../../core/internal.js';

/** Says a watermark, or that idleness begins or ends (with 0). */
export type SayTime = (kind: ElementKind, value: number) => void;

/** What is known of one of several streams that come together. */
interface Stream {
  watermark: number;
  state: 'active' | 'idle' | 'ended';
}

/** Event time of streams that come together, as it must be handed on. */
export interface CombinedTime {
  /** What one of them has said; the watermark MAX is its end. */
  tell(index: number, kind: ElementKind, value: number): void;
}

/**
 * Of the channels of one input: those count that are active and not behind what has been handed on, and the least of
 * them is handed on when a watermark comes, or one of them no longer counts. When the last one that was active falls
 * silent, the greatest of all is, if it was the one that held the others back; a channel that has ended counts as that.
 * Time ends with the last channel.
 */
export class ChannelsTime implements CombinedTime {
  readonly streams: readonly Stream[];
  /** What has been handed on. */
  out: number = Watermark.MIN;
  readonly #say: SayTime;
  #idle = false;

  constructor(channels: number, say: SayTime) {
    this.streams = streamsOf(channels);
    this.#say = say;
  }

  tell(index: number, kind: ElementKind, value: number): void {
    const stream = this.streams[index];
    if (stream === undefined || stream.state === 'ended') return;
    if (kind === ElementKind.END_OF_DATA || value === Watermark.MAX) this.#leave(stream, 'ended');
    else if (kind === ElementKind.IDLE && stream.state === 'active') this.#leave(stream, 'idle');
    else if (kind === ElementKind.ACTIVE && stream.state === 'idle') this.#comeBack(stream);
    else if (kind === ElementKind.WATERMARK && stream.state === 'active' && value > stream.watermark) {
      stream.watermark = value;
      this.#handOn();
    }
  }

  #comeBack(stream: Stream): void {
    stream.state = 'active';
    this.#wake();
  }

  #leave(stream: Stream, state: 'idle' | 'ended'): void {
    const wasActive = stream.state === 'active';
    stream.state = state;
    if (this.streams.every((each) => each.state === 'ended')) {
      this.#wake();
      this.#emit(Watermark.MAX);
    } else if (this.streams.some((each) => each.state === 'active')) {
      if (wasActive) this.#handOn();
    } else if (wasActive) {
      if (state === 'ended' || stream.watermark === this.out)
        this.#emit(Math.max(...this.streams.map(({ watermark }) => watermark)));
      this.#idle = true;
      this.#say(ElementKind.IDLE, 0);
    }
  }

  #handOn(): void {
    const counting = this.streams.filter((each) => each.state === 'active' && each.watermark >= this.out);
    if (counting.length > 0) this.#emit(Math.min(...counting.map(({ watermark }) => watermark)));
  }

  #emit(watermark: number): void {
    if (watermark <= this.out) return;
    this.out = watermark;
    this.#say(ElementKind.WATERMARK, watermark);
  }

  #wake(): void {
    if (!this.#idle) return;
    this.#idle = false;
    this.#say(ElementKind.ACTIVE, 0);
  }
}

/**
 * Of the inputs of one operator: the least of those that are neither idle nor at their end, looked at whenever one of
 * them says anything. One that comes back is waited for.
 */
export class InputsTime implements CombinedTime {
  readonly #streams: readonly Stream[];
  readonly #say: SayTime;
  #out: number = Watermark.MIN;
  #idle = false;

  constructor(inputs: number, say: SayTime) {
    this.#streams = streamsOf(inputs);
    this.#say = say;
  }

  tell(index: number, kind: ElementKind, value: number): void {
    const stream = this.#streams[index];
    if (stream === undefined || stream.state === 'ended') return;
    if (kind === ElementKind.IDLE) stream.state = 'idle';
    else stream.state = value === Watermark.MAX ? 'ended' : 'active';
    if (kind === ElementKind.WATERMARK) stream.watermark = Math.max(stream.watermark, value);
    this.#look();
  }

  #look(): void {
    const open = this.#streams.filter(({ state }) => state !== 'ended');
    const counting = open.filter(({ state }) => state === 'active');
    const idle = open.length > 0 && counting.length === 0;
    if (this.#idle && !idle) this.#say(ElementKind.ACTIVE, 0);
    const least = Math.min(Watermark.MAX, ...counting.map(({ watermark }) => watermark));
    if (!idle && least > this.#out) {
      this.#out = least;
      this.#say(ElementKind.WATERMARK, least);
    }
    if (idle && !this.#idle) this.#say(ElementKind.IDLE, 0);
    this.#idle = idle;
  }
}

function streamsOf(count: number): Stream[] {
  return Array.from({ length: count }, () => ({ watermark: Watermark.MIN, state: 'active' }));
}

/** What must come at a place, and what has come. */
export class TimeFollower {
  /** Kind and value of each that is to come. */
  readonly #due: number[] = [];
  /** The last watermark that has come, and that must. */
  came: number = Watermark.MIN;
  last: number = Watermark.MIN;
  /** As it has come, and as it must. */
  idle = false;
  #lastIdle = false;
  readonly #mayPass: boolean;

  /** `mayPass`: what has been overtaken by something newer need not come. */
  constructor(mayPass: boolean) {
    this.#mayPass = mayPass;
  }

  expect(kind: ElementKind, value: number): void {
    this.#due.push(kind, value);
    if (kind === ElementKind.WATERMARK) this.last = value;
    else this.#lastIdle = kind === ElementKind.IDLE;
  }

  /** Returns what is wrong with it. */
  take(kind: ElementKind, value: number): string | undefined {
    const due = this.#due;
    let index = 0;
    while (index < due.length && (due[index] !== kind || due[index + 1] !== value)) index += 2;
    const expected = due.length === 0 ? 'nothing' : textOf(due[0], due[1]);
    if (index >= due.length || (index > 0 && !this.#mayPass))
      return `${textOf(kind, value)} comes, and ${expected} is due`;
    due.splice(0, index + 2);
    this.accept(kind, value);
    return undefined;
  }

  /** It comes, whatever is due. */
  accept(kind: ElementKind, value: number): void {
    if (kind === ElementKind.WATERMARK) this.came = value;
    else this.idle = kind === ElementKind.IDLE;
  }

  /** Time to come is over. Returns what is missing; `known`: a watermark that need not come again. */
  settle(known: number = Watermark.MIN): string | undefined {
    const due = this.#due;
    if (due.length === 0) return undefined;
    const isMissing = this.#mayPass
      ? this.idle !== this.#lastIdle || (this.last > this.came && this.last > known)
      : true;
    const missing = `${textOf(due[0], due[1])} has not come`;
    due.length = 0;
    return isMissing ? missing : undefined;
  }
}

export function textOf(kind: number | undefined, value: number | undefined): string {
  if (kind === ElementKind.WATERMARK) return `watermark ${value}`;
  return kind === ElementKind.IDLE ? 'idleness' : 'the end of idleness';
}
