import {
  encodeInFlightBlock,
  IN_FLIGHT_FORMAT,
  type InFlightEdge,
  type InFlightHandle,
  invariant,
  MillraceError,
  type SnapshotFile,
  type SnapshotWriter,
} from '../../core/internal.js';
import type { ElementReader } from './look-ahead-reader.js';
import type { TaskInputEdge } from './task-environment.js';

/** A channel that a snapshot has overtaken. */
interface OvertakenChannel {
  readonly edge: number;
  readonly producer: number;
  readonly reader: ElementReader;
  sizeBytes: number;
  done: boolean;
}

/** The channels of a task by number, as the aligner and the gate count them. */
export type NumberedChannels = readonly {
  readonly edge: number;
  readonly producer: number;
  readonly reader: ElementReader | undefined;
}[];

/** Numbers channels through all edges; `readers` are those of the gate, by number. */
export function numberedChannels(
  edges: readonly TaskInputEdge[],
  readers: readonly (ElementReader | undefined)[],
): NumberedChannels {
  const ends = edges.flatMap(({ channels }, edge) => channels.map((_, producer) => ({ edge, producer })));
  return ends.map((end, number) => ({ ...end, reader: readers[number] }));
}

/**
 * What is under way to a task when it takes a snapshot ahead of barriers: copied out of the channels on the
 * thread of the task, and written beside its work.
 *
 * Invariants:
 * - it begins between two elements, in the step in which the operators are frozen;
 * - it is over when every channel has been recorded up to its barrier, or when it was discarded: no channel is
 *   recorded any more then;
 * - {@link write} settles only after it is over, and what waits to be written is let go with it.
 */
export class InFlightRecording {
  readonly checkpointId: number;
  readonly #edges: readonly TaskInputEdge[];
  readonly #channels: readonly OvertakenChannel[];
  /** Blocks that wait to be written. */
  #blocks: Uint8Array[] = [];
  #open: number;
  #discarded = false;
  #wake: () => void = () => {};

  /** `numbers`: of the channels that the snapshot has overtaken. */
  constructor(
    checkpointId: number,
    edges: readonly TaskInputEdge[],
    channels: NumberedChannels,
    numbers: readonly number[],
  ) {
    this.checkpointId = checkpointId;
    this.#edges = edges;
    this.#channels = numbers.map((number): OvertakenChannel => {
      const channel = channels[number];
      const reader = channel?.reader;
      invariant(channel !== undefined && reader !== undefined, 'an open channel is read', { number });
      return { edge: channel.edge, producer: channel.producer, reader, sizeBytes: 0, done: false };
    });
    this.#open = this.#channels.length;
    for (const [number, channel] of this.#channels.entries())
      channel.reader.beginRecording(checkpointId, (piece) => this.#take(number, channel, piece));
    this.advance();
  }

  get isOver(): boolean {
    return this.#open === 0 || this.#discarded;
  }

  /** Of all channels, as far as they have been recorded. */
  get sizeBytes(): number {
    return this.#channels.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** Records what has come meanwhile. */
  advance(): void {
    if (this.isOver) return;
    for (const channel of this.#channels) {
      if (channel.done || !channel.reader.record()) continue;
      channel.done = true;
      this.#open--;
    }
    if (this.#open === 0) this.#wake();
  }

  /** The checkpoint will not complete. Idempotent; after the end it says nothing. */
  discard(): void {
    if (this.#discarded) return;
    this.#discarded = true;
    this.#blocks = [];
    for (const channel of this.#channels) if (!channel.done) channel.reader.endRecording();
    this.#wake();
  }

  /** Writes it as it goes on; undefined where nothing was under way. Rejects if it is discarded before its end. */
  async write(writer: SnapshotWriter): Promise<InFlightHandle | undefined> {
    let file: SnapshotFile | undefined;
    let blocks = 0;
    try {
      for (let block = await this.#next(); block !== undefined; block = await this.#next()) {
        file ??= writer.createFile('in-flight');
        await file.append(block);
        blocks++;
      }
      if (file === undefined) return undefined;
      return { format: IN_FLIGHT_FORMAT, file: await file.finish(blocks), edges: this.#describe() };
    } catch (error) {
      this.discard();
      await file?.abandon();
      throw error;
    }
  }

  #take(number: number, channel: OvertakenChannel, piece: Uint8Array): void {
    channel.sizeBytes += piece.length;
    this.#blocks.push(encodeInFlightBlock(number, piece));
    this.#wake();
  }

  /** The next block; undefined after the last one. */
  async #next(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#discarded) {
        throw new MillraceError('MR3007', 'The in-flight data of a checkpoint that is over is not written.', {
          why: `checkpoint ${this.checkpointId} was aborted, or a newer one has begun`,
        });
      }
      const block = this.#blocks.shift();
      if (block !== undefined || this.#open === 0) return block;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #describe(): InFlightEdge[] {
    return this.#edges.map(({ jobEdge, ordinal, channels }, index) => ({
      sourceUid: jobEdge.sourceUid,
      inputIndex: jobEdge.inputIndex,
      ordinal,
      partitioner: jobEdge.partitioner,
      typeId: jobEdge.typeId,
      producers: channels.length,
      channels: this.#channels.flatMap(({ edge, producer, sizeBytes }, number) =>
        edge === index && sizeBytes > 0 ? [{ producer, number, sizeBytes }] : [],
      ),
    }));
  }
}
