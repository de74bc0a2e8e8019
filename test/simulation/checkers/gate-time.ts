import { ElementKind, isPointwise, type JobEdge, type JobGraph, Watermark } from '../../../core/internal.js';
import type { Flow } from '../observed-channels.js';
import type { BuiltTask } from '../world-listener.js';
import { type FormerTask, type FormerTimes, nameOfEdge, type UnderWay } from './former-times.js';
import { ChannelsTime, type SayTime } from './time-models.js';

/** What a restored task is given that was under way to one of its inputs. */
interface Replay {
  /** Each channel goes on from where its like was. */
  readonly goesOn: boolean;
  readonly channels: readonly UnderWay[];
  /** No greater watermark can be told of it. */
  readonly most: number;
}

/** One channel of an input: its edge, and the subtask that it comes from. */
interface GateChannel {
  readonly edge: JobEdge;
  readonly name: string;
  readonly producer: number;
  isOpen: boolean;
}

interface GateInput {
  readonly time: ChannelsTime;
  readonly channels: GateChannel[];
  replay: Replay | undefined;
}

/** What an input has handed on. */
export interface HandedOn {
  readonly watermark: number;
  readonly idle: boolean;
}

/**
 * What the gate of a task must hand on, by what has been read from its channels. What a restored task is given before
 * that is not seen: while it is, a watermark can only be said to be too great.
 */
export class GateTime {
  readonly #graph: JobGraph;
  readonly #inputs: GateInput[] = [];
  readonly #byChannel = new Map<number, { readonly input: GateInput; readonly index: number }>();
  /** `loose`: what the channels have said is not known well enough. */
  state: 'replaying' | 'exact' | 'loose' = 'exact';

  /** `say`: what is to come of an input. */
  constructor(
    { attempt, address }: BuiltTask,
    say: (input: number, kind: ElementKind, value: number) => void,
  ) {
    const { graph } = attempt;
    this.#graph = graph;
    const ofInputs: GateChannel[][] = [];
    for (const edge of graph.edges.filter(({ target }) => target === address.vertexId)) {
      const producers = isPointwise(edge)
        ? [address.subtask]
        : Array.from({ length: graph.vertices[edge.source]?.parallelism ?? 0 }, (_, index) => index);
      const name = nameOfEdge(edge, graph);
      const channels = producers.map((producer) => ({ edge, name, producer, isOpen: false }));
      ofInputs[edge.inputIndex] = [...(ofInputs[edge.inputIndex] ?? []), ...channels];
    }
    for (const [index, channels] of ofInputs.entries()) {
      const own: SayTime = (kind, value) => say(index, kind, value);
      this.#inputs.push({ time: new ChannelsTime(channels.length, own), channels, replay: undefined });
    }
  }

  get inputs(): number {
    return this.#inputs.length;
  }

  open({ channel, place }: Flow): void {
    for (const input of this.#inputs) {
      const index = input.channels.findIndex(
        ({ edge, producer }) => edge.id === place.edgeId && producer === place.producer,
      );
      const found = input.channels[index];
      if (found === undefined) continue;
      found.isOpen = true;
      this.#byChannel.set(channel, { input, index });
    }
  }

  /** The task begins; `formers`: the tasks of its vertex at the checkpoint, undefined if that is not known. */
  start(
    { address }: BuiltTask,
    formers: readonly FormerTask[] | undefined,
    times: FormerTimes,
    id: number,
  ): void {
    const underWay = formers?.map((former) => times.underWay(former, id));
    if (formers === undefined || underWay?.some((each) => each === undefined) === true) this.state = 'loose';
    const channels = (underWay ?? []).flatMap((each) => each ?? []);
    if (this.state === 'loose') return;
    if (channels.every(({ isEmpty }) => isEmpty)) {
      this.#endMissing();
      return;
    }
    this.state = 'replaying';
    for (const [index, input] of this.#inputs.entries())
      input.replay = this.#replayOf(index, address.subtask, formers ?? [], channels);
  }

  /** The greatest watermark that may come of what was under way. */
  mostReplayed(index: number): number {
    const input = this.#inputs[index];
    if (this.state === 'loose') return Watermark.MAX;
    const hasEnded = input?.channels.every(({ isOpen }) => !isOpen) === true;
    return hasEnded ? Watermark.MAX : (input?.replay?.most ?? Watermark.MAX);
  }

  /** The channels take over, whatever was handed on until now. Returns what is wrong with that. */
  endReplay(handedOn: (input: number) => HandedOn): string | undefined {
    this.state = 'exact';
    let wrong: string | undefined;
    for (const [index, input] of this.#inputs.entries()) {
      const { watermark, idle } = handedOn(index);
      if (idle && input.channels.some(({ isOpen }) => isOpen))
        wrong = 'idle, though producers have just begun';
      goOn(input, watermark);
    }
    this.#endMissing();
    return wrong;
  }

  read({ channel }: Flow, kind: ElementKind, value: number): void {
    const place = this.#byChannel.get(channel);
    if (this.state === 'exact') place?.input.time.tell(place.index, kind, value);
  }

  /** Those whose producers had finished before. */
  #endMissing(): void {
    for (const { time, channels } of this.#inputs)
      for (const [index, { isOpen }] of channels.entries())
        if (!isOpen) time.tell(index, ElementKind.END_OF_DATA, 0);
  }

  #replayOf(
    inputIndex: number,
    subtask: number,
    formers: readonly FormerTask[],
    all: readonly UnderWay[],
  ): Replay | undefined {
    const edges = new Map(this.#inputs[inputIndex]?.channels.map(({ name, edge }) => [name, edge]));
    const channels = all.filter(({ edge }) => edges.has(edge));
    const used = new Set(channels.filter(({ isEmpty }) => !isEmpty).map(({ edge }) => edge));
    const isDirect = formers.every((former) =>
      [...edges].every(([name, edge]) => !used.has(name) || this.#isAsBefore(name, edge, former)),
    );
    const own = isDirect ? channels.filter((each) => each.subtask === subtask) : channels;
    const wereIdle = own.filter(({ wasIdle }) => wasIdle);
    const counting = own.filter(
      ({ counts, edge, producer }) =>
        counts && !wereIdle.some((idle) => idle.edge === edge && idle.producer === producer),
    );
    const goesOn = isDirect && formers.every(({ graph }) => graph.fingerprint === this.#graph.fingerprint);
    return {
      goesOn,
      channels: goesOn ? own : [],
      most: used.size === 0 ? Watermark.MIN : Math.min(Watermark.MAX, ...counting.map(({ told }) => told)),
    };
  }

  #isAsBefore(name: string, edge: JobEdge, { graph, vertexId }: FormerTask): boolean {
    const former = graph.edges.find((each) => each.target === vertexId && nameOfEdge(each, graph) === name);
    if (former === undefined) return true;
    const [now, then] = [this.#graph.vertices[edge.target], graph.vertices[vertexId]];
    return (
      now?.parallelism === then?.parallelism &&
      former.partitioner === edge.partitioner &&
      this.#graph.vertices[edge.source]?.parallelism === graph.vertices[former.source]?.parallelism &&
      (edge.partitioner !== 'hash' || now?.maxParallelism === then?.maxParallelism)
    );
  }
}

/** Each channel goes on from what its like has said, or all of them from what was handed on. */
function goOn({ time, channels, replay }: GateInput, handedOn: number): void {
  time.out = handedOn;
  for (const [index, { name, producer }] of channels.entries()) {
    const stream = time.streams[index];
    if (stream === undefined || replay === undefined) continue;
    const like = replay.channels.find((each) => each.producer === producer && each.edge === name);
    stream.watermark = replay.goesOn ? (like?.watermark ?? Watermark.MIN) : handedOn;
    if (replay.goesOn && like?.isLast === true) stream.state = 'ended';
  }
}
