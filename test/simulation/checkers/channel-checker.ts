import { ElementKind } from '../../../core/internal.js';
import type { Flow } from '../observed-channels.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';

/** What stands between the records of a channel. */
interface Marks {
  /** Kind, value, and records before it, of each element that has not been read. */
  readonly waiting: number[];
  /** How much of that has been read all the same. */
  taken: number;
  /** Which end went in last, after how many records, and which barrier came out. */
  end: ElementKind;
  endedAfter: number;
  barrier: number;
}

/**
 * Channels conserve what goes in: as many records come out as went in, between the same watermarks, changes of
 * idleness, barriers and ends;
 * barrier ids grow; after the end of data come barriers only, after the end of the partition nothing.
 *
 * What is under way when an attempt ends may be lost.
 */
export class ChannelChecker implements WorldListener {
  readonly #verdict: WorldVerdict;
  /** By channel. */
  readonly #marks: Marks[] = [];

  constructor(verdict: WorldVerdict) {
    this.#verdict = verdict;
  }

  onChannelOpened({ channel }: Flow): void {
    this.#marks[channel] ??= { waiting: [], taken: 0, end: ElementKind.NONE, endedAfter: 0, barrier: -1 };
  }

  onElementWritten({ channel, written }: Flow, kind: ElementKind, value: number): void {
    const marks = this.#marks[channel];
    if (marks === undefined) return;
    const { end, endedAfter } = marks;
    const isFair =
      kind === ElementKind.BARRIER
        ? end !== ElementKind.END_OF_PARTITION
        : end === (kind === ElementKind.END_OF_PARTITION ? ElementKind.END_OF_DATA : ElementKind.NONE);
    if (!isFair) this.#fail(`${nameOf(kind)} is written after ${nameOf(end)}`);
    if (end !== ElementKind.NONE && written > endedAfter)
      this.#fail('a record is written after the end of data');
    if (kind === ElementKind.END_OF_DATA || kind === ElementKind.END_OF_PARTITION) marks.end = kind;
    if (kind === ElementKind.END_OF_DATA) marks.endedAfter = written;
    marks.waiting.push(kind, value, written);
  }

  onElementRead({ channel, read }: Flow, kind: ElementKind, value: number): void {
    const marks = this.#marks[channel];
    if (marks === undefined || NAMES[kind] === undefined) return;
    const { waiting, taken } = marks;
    const [wasKind, wasValue, wasAfter] = [waiting[taken], waiting[taken + 1], waiting[taken + 2]];
    if (wasKind !== kind || wasValue !== value || wasAfter !== read)
      this.#fail(
        `${nameOf(kind)} ${value} comes after ${read} records, and ${nameOf(wasKind)} ${wasValue} went in after ${wasAfter}`,
      );
    marks.taken += 3;
    if (marks.taken === waiting.length) waiting.length = marks.taken = 0;
    if (kind !== ElementKind.BARRIER) return;
    if (value <= marks.barrier) this.#fail(`barrier ${value} comes after ${marks.barrier}`);
    marks.barrier = value;
  }

  #fail(what: string): void {
    this.#verdict.fail('wrong', `Channels: ${what}.`);
  }
}

/** Of what is conserved in its place among the records. */
const NAMES: Readonly<Record<number, string | undefined>> = {
  [ElementKind.WATERMARK]: 'a watermark',
  [ElementKind.IDLE]: 'idleness',
  [ElementKind.ACTIVE]: 'the end of idleness',
  [ElementKind.BARRIER]: 'barrier',
  [ElementKind.END_OF_DATA]: 'the end of data',
  [ElementKind.END_OF_PARTITION]: 'the end of the partition',
};

function nameOf(kind: number | undefined): string {
  return NAMES[kind ?? ElementKind.NONE] ?? 'nothing';
}
