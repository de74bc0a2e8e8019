import { ElementKind } from '../../../core/internal.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';

/** What has gone through a channel. */
interface Flow {
  written: number;
  read: number;
  /** Kind, value, and records before it, of each element that is no record and has not been read. */
  readonly marks: number[];
  /** How much of that has been read all the same. */
  taken: number;
  /** Which end went in last, and which barrier came out. */
  end: ElementKind;
  barrier: number;
}

/**
 * Channels conserve what goes in: as many records come out as went in, between the same watermarks, barriers and ends;
 * barrier ids grow; after the end of data come barriers only, after the end of the partition nothing.
 *
 * What is under way when an attempt ends may be lost.
 */
export class ChannelChecker implements WorldListener {
  readonly #verdict: WorldVerdict;
  readonly #flows: Flow[] = [];

  constructor(verdict: WorldVerdict) {
    this.#verdict = verdict;
  }

  onChannelOpened(channel: number): void {
    this.#flows[channel] ??= { written: 0, read: 0, marks: [], taken: 0, end: ElementKind.NONE, barrier: -1 };
  }

  onRecordWritten(channel: number): void {
    const flow = this.#flows[channel];
    if (flow === undefined) return;
    flow.written++;
    if (flow.end !== ElementKind.NONE) this.#fail('a record is written after the end of data');
  }

  onRecordRead(channel: number): void {
    const flow = this.#flows[channel];
    if (flow === undefined) return;
    flow.read++;
    if (flow.read > flow.written) this.#fail('more records come out than went in');
  }

  onElementWritten(channel: number, kind: ElementKind, value: number): void {
    const flow = this.#flows[channel];
    if (flow === undefined) return;
    const { end } = flow;
    const isFair =
      kind === ElementKind.BARRIER
        ? end !== ElementKind.END_OF_PARTITION
        : end === (kind === ElementKind.END_OF_PARTITION ? ElementKind.END_OF_DATA : ElementKind.NONE);
    if (!isFair) this.#fail(`${nameOf(kind)} is written after ${nameOf(end)}`);
    if (kind === ElementKind.END_OF_DATA || kind === ElementKind.END_OF_PARTITION) flow.end = kind;
    flow.marks.push(kind, value, flow.written);
  }

  onElementRead(channel: number, kind: ElementKind, value: number): void {
    const flow = this.#flows[channel];
    if (flow === undefined || NAMES[kind] === undefined) return;
    const { marks, taken, read } = flow;
    const [wasKind, wasValue, wasAfter] = [marks[taken], marks[taken + 1], marks[taken + 2]];
    if (wasKind !== kind || wasValue !== value || wasAfter !== read)
      this.#fail(
        `${nameOf(kind)} ${value} comes after ${read} records, and ${nameOf(wasKind)} ${wasValue} went in after ${wasAfter}`,
      );
    flow.taken += 3;
    if (flow.taken === marks.length) marks.length = flow.taken = 0;
    if (kind !== ElementKind.BARRIER) return;
    if (value <= flow.barrier) this.#fail(`barrier ${value} comes after ${flow.barrier}`);
    flow.barrier = value;
  }

  #fail(what: string): void {
    this.#verdict.fail('wrong', `Channels: ${what}.`);
  }
}

/** Of what is conserved in its place among the records. */
const NAMES: Readonly<Record<number, string | undefined>> = {
  [ElementKind.WATERMARK]: 'a watermark',
  [ElementKind.BARRIER]: 'barrier',
  [ElementKind.END_OF_DATA]: 'the end of data',
  [ElementKind.END_OF_PARTITION]: 'the end of the partition',
};

function nameOf(kind: number | undefined): string {
  return NAMES[kind ?? ElementKind.NONE] ?? 'nothing';
}
