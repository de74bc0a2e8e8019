import {
  type CodecFactory,
  decodeInFlightBlock,
  ElementKind,
  type InFlightPart,
  type InFlightRestore,
  invariant,
  type StateFileReader,
  type WatermarkValve,
} from '../../core/internal.js';
import { ElementReader, RecordedSegments, SegmentReader } from '../../memory/index.js';
import type { GateInput } from './input-gate.js';
import type { OutputRoom } from './result-partition.js';
import type { TaskInputEdge } from './task-environment.js';

/** The bytes of each part, in its order: pieces as they were recorded. */
export type InFlightPieces = ReadonlyMap<InFlightPart, readonly Uint8Array[]>;

/** Reads what was under way into the heap; it is no more than the channels held, but for what waited long. */
export async function readInFlight(
  { parts }: InFlightRestore,
  files: StateFileReader,
): Promise<InFlightPieces> {
  const pieces = new Map<InFlightPart, Uint8Array[]>(parts.map((part) => [part, []]));
  for (const { file } of new Map(parts.map((part) => [part.file.key, part])).values()) {
    const own = new Map(
      parts.filter((part) => part.file.key === file.key).map((part) => [part.channel, pieces.get(part)]),
    );
    for await (const block of files.read(file)) {
      const { channel, piece } = decodeInFlightBlock(block);
      own.get(channel)?.push(piece.slice());
    }
  }
  return pieces;
}

/** What a part is read with, and whose event time it tells. */
interface ReplayedChannel {
  readonly reader: ElementReader<unknown>;
  readonly input: GateInput;
  readonly accepts: ((value: unknown) => boolean) | undefined;
  /** Undefined: its watermarks say nothing. */
  readonly valve: WatermarkValve | undefined;
  readonly valveChannel: number;
}

/** Where the parts are put in. */
export interface ReplaySurroundings {
  readonly edges: readonly TaskInputEdge[];
  readonly inputs: readonly GateInput[];
  readonly codecs: CodecFactory;
  readonly room: OutputRoom;
  readonly subtask: number;
  readonly parallelism: number;
  /** Of a producer's present channel within the valve of its input. */
  valveChannelOf(edge: TaskInputEdge, producer: number): number;
  /** A valve of so many channels before the same input. */
  createValve(inputIndex: number, channels: number): WatermarkValve;
}

/**
 * Gives a restored task what was under way to it, before it reads any new input.
 *
 * Invariants:
 * - each record comes once, in its channel's order;
 * - barriers, latency markers and ends in it are of the past: those of the channels that are come after it, or are
 *   told to the gate at once where their producers had finished;
 * - what its watermarks have let through is never taken back: the present channels go on from there.
 */
export class InFlightReplay {
  readonly #channels: ReplayedChannel[];
  readonly #room: OutputRoom;
  /** Of inputs whose former channels have no likes. */
  readonly #formerValves: readonly { readonly input: GateInput; readonly valve: WatermarkValve }[];
  #next = 0;
  /** Records delivered so far. */
  records = 0;

  constructor(restore: InFlightRestore, pieces: InFlightPieces, surroundings: ReplaySurroundings) {
    this.#room = surroundings.room;
    const valves = formerValves(restore, surroundings);
    this.#formerValves = [...valves].map(([inputIndex, valve]) => ({
      input: inputOf(surroundings, inputIndex),
      valve,
    }));
    const used = new Map<number, number>();
    this.#channels = restore.parts.map((part) => {
      const edge = edgeOf(surroundings, part.edgeId);
      const { inputIndex } = edge.jobEdge;
      const input = inputOf(surroundings, inputIndex);
      const { producer, filtered } = part;
      const number = used.get(inputIndex) ?? 0;
      used.set(inputIndex, number + 1);
      const segments = new SegmentReader(new RecordedSegments(pieces.get(part) ?? []));
      return {
        reader: new ElementReader<unknown>(segments, surroundings.codecs.codecFor(edge.edge.type)),
        input,
        accepts: filtered ? ownRecords(edge, surroundings) : undefined,
        valve: producer === undefined ? valves.get(inputIndex) : input.valve,
        valveChannel: producer === undefined ? number : surroundings.valveChannelOf(edge, producer),
      };
    });
  }

  get isOver(): boolean {
    return this.#channels.length === 0;
  }

  /** Delivers up to `budget` elements; the number delivered, 0 if it must wait or is over. */
  poll(budget: number): number {
    if (this.isOver) return 0;
    const slice = Math.max(16, Math.ceil(budget / Math.max(1, this.#channels.length)));
    let left = budget;
    while (left > 0 && this.#channels.length > 0 && !this.#mustWait()) {
      this.#next %= this.#channels.length;
      const channel = this.#channels[this.#next];
      invariant(channel !== undefined, 'the turn is within the channels', { next: this.#next });
      const count = Math.min(slice, left);
      const taken = this.#pollChannel(channel, count);
      left -= taken;
      if (taken < count && !this.#mustWait()) this.#channels.splice(this.#next, 1);
      else this.#next++;
    }
    if (this.isOver) this.#release();
    return budget - left;
  }

  #mustWait(): boolean {
    return this.#room.full || this.#room.isFiring;
  }

  #pollChannel(channel: ReplayedChannel, budget: number): number {
    const { reader, valve, valveChannel } = channel;
    let count = 0;
    while (count < budget && !this.#mustWait()) {
      const kind = reader.next();
      if (kind === ElementKind.NONE) break;
      count++;
      if (kind === ElementKind.RECORD) this.#deliver(channel);
      else if (kind === ElementKind.WATERMARK) valve?.inputWatermark(valveChannel, reader.timestamp);
      else if (kind === ElementKind.IDLE) valve?.inputIdle(valveChannel);
      else if (kind === ElementKind.ACTIVE) valve?.inputActive(valveChannel);
    }
    return count;
  }

  #deliver({ reader, input, accepts }: ReplayedChannel): void {
    if (accepts?.(reader.value) === false) return;
    this.records++;
    input.input.processElement(reader.value as never, reader.timestamp);
  }

  /** The present channels take over. A producer that has just been started is active until it says otherwise. */
  #release(): void {
    for (const { input, valve } of this.#formerValves) {
      input.valve.startFrom(valve.watermark);
      if (valve.isIdle) input.input.processActive();
    }
  }
}

function edgeOf({ edges }: ReplaySurroundings, edgeId: number): TaskInputEdge {
  const edge = edges.find(({ jobEdge }) => jobEdge.id === edgeId);
  invariant(edge !== undefined, 'in-flight data belongs to an input edge', { edgeId });
  return edge;
}

function inputOf({ inputs }: ReplaySurroundings, inputIndex: number): GateInput {
  const input = inputs[inputIndex];
  invariant(input !== undefined, 'in-flight data belongs to an input', { inputIndex });
  return input;
}

function formerValves(
  { parts, timedInputs }: InFlightRestore,
  surroundings: ReplaySurroundings,
): Map<number, WatermarkValve> {
  const valves = new Map<number, WatermarkValve>();
  for (const inputIndex of timedInputs) {
    const own = parts.filter(({ edgeId }) => edgeOf(surroundings, edgeId).jobEdge.inputIndex === inputIndex);
    if (own.length > 0) valves.set(inputIndex, surroundings.createValve(inputIndex, own.length));
  }
  return valves;
}

/** Whether the producers would send a record to this subtask today. */
function ownRecords(
  { edge }: TaskInputEdge,
  { subtask, parallelism }: ReplaySurroundings,
): (value: unknown) => boolean {
  const partitioner = edge.createPartitioner(parallelism, 0);
  return (value) => partitioner.selectChannel(value) === subtask;
}
