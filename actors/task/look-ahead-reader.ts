import { ElementKind, type Input, LOOK_AHEAD_RECORDS, NO_TIMESTAMP } from '../../core/internal.js';
import type { ChannelReader, ElementBytes } from '../../memory/index.js';

/** An input that does not want to look ahead will hardly want to within so many elements. */
const ELEMENTS_UNASKED = 1024;

/** What the gate reads a channel by; see {@link ChannelReader}. */
export type ElementReader = Pick<
  ChannelReader<unknown>,
  | 'value'
  | 'timestamp'
  | 'checkpointId'
  | 'isSavepoint'
  | 'latencyMarker'
  | 'next'
  | 'hasData'
  | 'bytesRead'
  | 'pollAnnouncement'
  | 'isEnding'
  | 'beginRecording'
  | 'record'
  | 'endRecording'
>;

/**
 * A channel whose records are decoded some at a time, and shown to the input that they are for before the first of
 * them is delivered, while that wants to know.
 *
 * Invariants:
 * - elements come in the order of the channel; of those taken from it, `#next` to `#count` are records that have
 *   not been returned, and behind them comes `#behind`, if it is not NONE;
 * - nothing is taken from the channel while something that was taken has not been returned.
 *
 * hot path: a record costs two comparisons more than without it.
 */
export class LookAheadReader implements ElementReader {
  value: unknown = undefined;
  timestamp = NO_TIMESTAMP;
  readonly #channel: ChannelReader<unknown>;
  readonly #input: Input<unknown>;
  readonly #values: unknown[] = new Array<unknown>(LOOK_AHEAD_RECORDS).fill(undefined);
  readonly #timestamps = new Float64Array(LOOK_AHEAD_RECORDS);
  #next = 0;
  #count = 0;
  /** The element that ended the batch, which is described by the channel's fields. */
  #behind: ElementKind = ElementKind.NONE;
  /** Elements before the input is asked again whether it wants to look ahead. */
  #unasked = 0;

  constructor(channel: ChannelReader<unknown>, input: Input<unknown>) {
    this.#channel = channel;
    this.#input = input;
  }

  get checkpointId(): number {
    return this.#channel.checkpointId;
  }

  get isSavepoint(): boolean {
    return this.#channel.isSavepoint;
  }

  get latencyMarker(): ElementReader['latencyMarker'] {
    return this.#channel.latencyMarker;
  }

  next(): ElementKind {
    if (this.#next < this.#count) return this.#record();
    const behind = this.#behind;
    this.#behind = ElementKind.NONE;
    if (behind !== ElementKind.NONE) return this.#showAsIs(behind);
    if (this.#unasked > 0) {
      this.#unasked--;
      return this.#showAsIs(this.#channel.next());
    }
    if (this.#input.wantsLookAhead === true) return this.#nextOfBatch();
    this.#unasked = ELEMENTS_UNASKED;
    return this.#showAsIs(this.#channel.next());
  }

  /** True if {@link next} would return an element, or at least get on with one. */
  hasData(): boolean {
    return this.#next < this.#count || this.#behind !== ElementKind.NONE || this.#channel.hasData();
  }

  get bytesRead(): number {
    return this.#channel.bytesRead;
  }

  pollAnnouncement(): ReturnType<ElementReader['pollAnnouncement']> {
    return this.#channel.pollAnnouncement();
  }

  get isEnding(): boolean {
    return this.#channel.isEnding;
  }

  /** What was taken ahead belongs to it, in front of what is in the channel. */
  beginRecording(checkpointId: number, take: (piece: Uint8Array) => void): void {
    this.#channel.beginRecording(checkpointId, take, (ahead) => this.#addAhead(ahead));
  }

  record(): boolean {
    return this.#channel.record();
  }

  endRecording(): void {
    this.#channel.endRecording();
  }

  #addAhead(ahead: ElementBytes<unknown>): void {
    for (let i = this.#next; i < this.#count; i++)
      ahead.addRecord(this.#values[i], this.#timestamps[i] ?? NO_TIMESTAMP);
    if (this.#behind !== ElementKind.NONE) ahead.addControl(this.#behind, this.#channel.timestamp);
  }

  /** Takes the records that are there, and shows them. */
  #nextOfBatch(): ElementKind {
    const channel = this.#channel;
    let kind: ElementKind = ElementKind.NONE;
    let count = 0;
    while (count < LOOK_AHEAD_RECORDS) {
      kind = channel.next();
      if (kind !== ElementKind.RECORD) break;
      this.#values[count] = channel.value;
      this.#timestamps[count] = channel.timestamp;
      count++;
    }
    this.#next = 0;
    this.#count = count;
    if (count === 0) return this.#showAsIs(kind);
    if (kind !== ElementKind.RECORD) this.#behind = kind;
    if (count > 1) this.#input.lookAhead?.(this.#values, count);
    return this.#record();
  }

  /** The channel's own last element. */
  #showAsIs(kind: ElementKind): ElementKind {
    this.value = this.#channel.value;
    this.timestamp = this.#channel.timestamp;
    return kind;
  }

  #record(): ElementKind {
    const index = this.#next++;
    this.value = this.#values[index];
    this.timestamp = this.#timestamps[index] ?? NO_TIMESTAMP;
    this.#values[index] = undefined;
    return ElementKind.RECORD;
  }
}

/** The elements of a channel as its input takes them. */
export function elementsOf(
  channel: ChannelReader<unknown> | undefined,
  input: Input<unknown> | undefined,
): ElementReader | undefined {
  if (channel === undefined || input?.lookAhead === undefined) return channel;
  return new LookAheadReader(channel, input);
}
