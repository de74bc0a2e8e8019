import { ElementKind, type JobEdge, type JobGraph, Watermark } from '../../../core/internal.js';
import type { Flow } from '../observed-channels.js';
import type { TraceEvent } from '../world-listener.js';

/** All that has been said of event time in one channel. */
interface ChannelLog {
  /** Kind and value of each thing. */
  readonly said: number[];
  /** How much of that has been read. */
  read: number;
  /** By checkpoint: what had been said before its barrier, and how many records written. */
  readonly barriers: Map<number, { readonly said: number; readonly records: number }>;
}

/** A channel as its consumer left it when it took its snapshot. */
interface FormerChannel {
  readonly edge: string;
  readonly producer: number;
  readonly flow: Flow;
  /** How much had been read of what was said, and of the records. */
  readonly said: number;
  readonly records: number;
}

/** A task as a checkpoint holds it. */
export interface FormerTask {
  readonly graph: JobGraph;
  readonly vertexId: number;
  readonly subtask: number;
  /** Those that it read from; undefined: what it had read is not known. */
  readonly channels: readonly FormerChannel[] | undefined;
  /** By operator: the last watermark that it was told. */
  readonly watermarks: ReadonlyMap<string, number>;
}

/** What was under way in a channel, and what had been said in it altogether. */
export interface UnderWay {
  readonly edge: string;
  readonly producer: number;
  readonly subtask: number;
  readonly isEmpty: boolean;
  /** The last watermark of what was under way. */
  readonly watermark: number;
  readonly wasIdle: boolean;
  /** It held the end of event time. */
  readonly isLast: boolean;
  /** Of all that stood before the barrier: the producer was there, and the last watermark that it has said. */
  readonly counts: boolean;
  readonly told: number;
}

/** What tasks had been told of event time, and what was under way to them, at each checkpoint. */
export class FormerTimes {
  readonly #logs: ChannelLog[] = [];
  /** By process and checkpoint: of which tasks. */
  readonly #tasks = new Map<string, FormerTask[]>();
  /** By checkpoint: who has stored it, or tried to. */
  readonly #storedBy = new Map<number, Set<string>>();

  onEvent({ name, values }: TraceEvent): void {
    if (name === 'checkpoint.storing') this.#onStored(Number(values.checkpointId), values.process);
    // A new run stores what it begins from as a checkpoint of its own, of which no task was asked.
    else if (name === 'process.leads' && values.run === values.epoch)
      this.#onStored(Number(values.restored), values.process);
  }

  #onStored(id: number, process: unknown): void {
    this.#storedBy.set(id, (this.#storedBy.get(id) ?? new Set()).add(`p${process}`));
  }

  onWritten({ channel, written }: Flow, kind: ElementKind, value: number): void {
    const { said, barriers } = this.#logOf(channel);
    if (kind === ElementKind.BARRIER) barriers.set(value, { said: said.length, records: written });
    else if (isOfTime(kind)) said.push(kind, value);
  }

  onRead({ channel }: Flow, kind: ElementKind): void {
    if (isOfTime(kind)) this.#logOf(channel).read += 2;
  }

  /** As it is left now. */
  channel(flow: Flow, edge: string): FormerChannel {
    const { producer } = flow.place;
    return { edge, producer, flow, said: this.#logOf(flow.channel).read, records: flow.read };
  }

  add(process: string, checkpointId: number, task: FormerTask): void {
    const name = `${process} ${checkpointId}`;
    const tasks = this.#tasks.get(name);
    if (tasks === undefined) this.#tasks.set(name, [task]);
    else tasks.push(task);
  }

  /** Undefined: it is not known who has stored the checkpoint. */
  at(checkpointId: number): readonly FormerTask[] | undefined {
    const [process, ...others] = this.#storedBy.get(checkpointId) ?? [];
    if (process === undefined || others.length > 0) return undefined;
    return this.#tasks.get(`${process} ${checkpointId}`);
  }

  underWay(task: FormerTask, checkpointId: number): readonly UnderWay[] | undefined {
    return task.channels?.map(({ edge, producer, flow, said: from, records }) => {
      const { said, barriers } = this.#logOf(flow.channel);
      // Who has ended writes no barriers.
      const barrier = barriers.get(checkpointId) ?? { said: said.length, records: flow.written };
      const own = fold(said, from, barrier.said);
      const all = fold(said, 0, barrier.said);
      return {
        edge,
        producer,
        subtask: task.subtask,
        isEmpty: barrier.said <= from && barrier.records <= records,
        watermark: own.watermark,
        wasIdle: own.wasIdle,
        isLast: own.timeEnded,
        counts: !all.isIdle && !all.hasEnded,
        told: all.watermark,
      };
    });
  }

  #logOf(channel: number): ChannelLog {
    const log = this.#logs[channel] ?? { said: [], read: 0, barriers: new Map() };
    this.#logs[channel] = log;
    return log;
  }
}

/** The same for an edge before and after a rescale. */
export function nameOfEdge({ sourceUid, target, inputIndex, id }: JobEdge, { edges }: JobGraph): string {
  const alike = edges.filter(
    (other) => other.sourceUid === sourceUid && other.target === target && other.inputIndex === inputIndex,
  );
  return `${sourceUid} ${inputIndex} ${alike.findIndex((other) => other.id === id)}`;
}

function isOfTime(kind: ElementKind): boolean {
  return (
    kind === ElementKind.WATERMARK ||
    kind === ElementKind.IDLE ||
    kind === ElementKind.ACTIVE ||
    kind === ElementKind.END_OF_DATA
  );
}

interface Folded {
  watermark: number;
  isIdle: boolean;
  wasIdle: boolean;
  hasEnded: boolean;
  timeEnded: boolean;
}

function fold(said: readonly number[], from: number, to: number): Folded {
  const folded: Folded = {
    watermark: Watermark.MIN,
    isIdle: false,
    wasIdle: false,
    hasEnded: false,
    timeEnded: false,
  };
  for (let i = from; i < to; i += 2) {
    const [kind, value = 0] = [said[i], said[i + 1]];
    if (value === Watermark.MAX) folded.timeEnded = true;
    if (kind === ElementKind.END_OF_DATA || value === Watermark.MAX) folded.hasEnded = true;
    else if (kind === ElementKind.WATERMARK) folded.watermark = value;
    else folded.isIdle = kind === ElementKind.IDLE;
    if (kind === ElementKind.IDLE) folded.wasIdle = true;
  }
  return folded;
}
