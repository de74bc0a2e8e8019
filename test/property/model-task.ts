import { Alignment, BarrierAligner } from '../../core/checkpoint/barrier-aligner.js';
import type { SubtaskSnapshot } from '../../core/checkpoint/snapshot-handle.js';
import type { JobVertex } from '../../core/graph/job-graph.js';
import type { TaskAddress, TaskMessage, TaskReport } from '../../core/protocol/control-message.js';
import { toWireError } from '../../core/protocol/wire-error.js';
import { METRICS } from '../unit/core/coordinator-driver.js';

export type Element =
  | { readonly type: 'record'; readonly value: number }
  | { readonly type: 'barrier'; readonly checkpointId: number }
  | { readonly type: 'end-of-data' }
  | { readonly type: 'end-of-partition' };

/** From one producing subtask to one consuming subtask, in order. */
export interface ModelChannel {
  readonly elements: Element[];
}

/** Values from, from + 1, ..., to - 1. */
export interface ModelSplit {
  readonly from: number;
  readonly to: number;
}

interface SourceState {
  readonly splits: readonly ModelSplit[];
}

interface SinkState {
  /** Not yet part of any checkpoint's committable. */
  readonly pending: readonly (readonly [checkpointId: number, values: readonly number[]])[];
}

export interface ModelTaskWorld {
  report(task: ModelTask, report: TaskReport): void;
  /** Makes values visible; the same checkpoint of the same subtask again changes nothing. */
  commit(task: ModelTask, checkpointId: number, values: readonly number[]): void;
  /** Makes a state file. */
  createFile(task: ModelTask, checkpointId: number): string;
}

export interface ModelTaskOptions {
  readonly address: TaskAddress;
  readonly vertex: JobVertex;
  readonly inputs: readonly ModelChannel[];
  /** By edge, then consumer. */
  readonly outputs: readonly (readonly ModelChannel[])[];
  readonly checkpointing: boolean;
  readonly restored: SubtaskSnapshot | undefined;
  /** Of the enumerator, for subtask 0 of a source; the whole input at a start from the beginning. */
  readonly splits: readonly ModelSplit[] | undefined;
  /** Subtasks of this vertex that had finished before the checkpoint. */
  readonly finishedSubtasks: readonly number[];
  readonly restoredCheckpointId: number | undefined;
}

/** One subtask as the control plane's protocol wants it, and nothing more: a reader, a mapper or a sink. */
export class ModelTask {
  readonly address: TaskAddress;
  readonly vertex: JobVertex;
  readonly mail: TaskMessage[] = [];
  /** Reports that have not reached the job master. */
  readonly outbox: TaskReport[] = [];
  /** Snapshots that are being written: checkpoint and report. */
  readonly uploads: { readonly checkpointId: number; readonly report: TaskReport }[] = [];
  readonly #options: ModelTaskOptions;
  readonly #world: ModelTaskWorld;
  readonly #aligner: BarrierAligner;
  readonly #dataEnded: boolean[];
  readonly #closed: boolean[];
  #phase: 'deployed' | 'opening' | 'running' | 'draining' | 'ended' = 'deployed';
  /** Of a reader: the first one is being read. */
  readonly #splits: ModelSplit[] = [];
  #askedForSplit = false;
  #noMoreSplits = false;
  readonly #unassigned: ModelSplit[];
  readonly #asking: number[] = [];
  readonly #told: Set<number>;
  #values: number[] = [];
  #pending: [number, readonly number[]][] = [];
  #files: string[] = [];
  #finalId: number | undefined;
  #finalComplete = false;

  constructor(options: ModelTaskOptions, world: ModelTaskWorld) {
    this.#options = options;
    this.#world = world;
    this.address = options.address;
    this.vertex = options.vertex;
    this.#aligner = new BarrierAligner(options.inputs.length, true);
    this.#dataEnded = options.inputs.map(() => false);
    this.#closed = options.inputs.map(() => false);
    this.#unassigned = [...(options.splits ?? [])];
    this.#told = new Set(options.finishedSubtasks);
    if (options.restored !== undefined) this.#restore(options.restored);
  }

  get ended(): boolean {
    return this.#phase === 'ended';
  }

  /** Whether {@link step} would do something, as far as it can be seen from outside. */
  get hasWork(): boolean {
    if (this.#phase === 'ended') return false;
    if (
      this.#phase === 'deployed' ||
      this.#phase === 'opening' ||
      this.mail.length > 0 ||
      this.#asking.length > 0
    )
      return true;
    if (this.#phase === 'draining' && this.#mayFinish()) return true;
    if (this.vertex.isSource)
      return this.#phase === 'running' && (!this.#askedForSplit || this.#noMoreSplits);
    return this.#readable() !== undefined;
  }

  /** One piece of mail, one element or one record; `preferInput` decides where both wait. */
  step(preferInput: boolean): void {
    if (this.#phase === 'deployed') {
      this.#phase = 'opening';
      this.#say({ type: 'initializing' });
      return;
    }
    if (this.#phase === 'opening') {
      this.#phase = 'running';
      this.#say({ type: 'running' });
      return;
    }
    if (!preferInput || !this.#workOnInput()) {
      const message = this.mail.shift();
      if (message !== undefined) this.#handle(message);
      else this.#workOnInput();
    }
  }

  /** The oldest snapshot has been written, or could not be. */
  finishUpload(fails: boolean): void {
    const upload = this.uploads.shift();
    if (upload === undefined) return;
    if (!fails) this.#say(upload.report);
    else
      this.#say({
        type: 'checkpoint-declined',
        reason: 'CHECKPOINT_DECLINED',
        checkpointId: upload.checkpointId,
        error: toWireError('disk'),
      });
  }

  end(): void {
    this.#phase = 'ended';
    this.uploads.length = 0;
    this.mail.length = 0;
  }

  #say(report: TaskReport): void {
    this.#world.report(this, report);
  }

  #workOnInput(): boolean {
    const requester = this.#asking.shift();
    if (requester !== undefined) return this.#answer(requester);
    if (this.#phase === 'draining' && this.#mayFinish()) return this.#finish();
    if (this.vertex.isSource) return this.#phase === 'running' && this.#read();
    const index = this.#readable();
    if (index === undefined) return false;
    const element = this.#options.inputs[index]?.elements.shift();
    if (element !== undefined) this.#process(index, element);
    return true;
  }

  #readable(): number | undefined {
    const index = this.#options.inputs.findIndex(
      ({ elements }, i) => elements.length > 0 && !this.#aligner.isBlocked(i),
    );
    return index < 0 ? undefined : index;
  }

  #process(index: number, element: Element): void {
    switch (element.type) {
      case 'record':
        this.#emit(element.value);
        break;
      case 'barrier':
        if (this.#aligner.onBarrier(index, element.checkpointId) === Alignment.ALIGNED) this.#freeze();
        this.#aligner.subsumed = -1;
        break;
      case 'end-of-data':
        this.#dataEnded[index] = true;
        if (this.#dataEnded.every((ended) => ended)) this.#endData();
        break;
      case 'end-of-partition':
        this.#closed[index] = true;
        if (this.#aligner.onClosed(index) === Alignment.ALIGNED) this.#freeze();
    }
  }

  #read(): boolean {
    const split = this.#splits.shift();
    if (split !== undefined) {
      const { from, to } = split;
      this.#emit(from);
      if (from + 1 < to) this.#splits.unshift({ from: from + 1, to });
    } else if (this.#noMoreSplits) {
      this.#endData();
    } else if (!this.#askedForSplit) {
      this.#askedForSplit = true;
      this.#say({ type: 'split-requested' });
    } else {
      return false;
    }
    return true;
  }

  #answer(subtask: number): boolean {
    const split = this.#unassigned.shift();
    if (split !== undefined) {
      this.#say({ type: 'splits-assigned', subtask, splits: [split] });
    } else {
      this.#told.add(subtask);
      this.#say({ type: 'no-more-splits', subtask });
    }
    return true;
  }

  #emit(value: number): void {
    if (this.#options.outputs.length === 0) this.#values.push(value);
    for (const consumers of this.#options.outputs) {
      consumers[value % consumers.length]?.elements.push({ type: 'record', value });
    }
  }

  #broadcast(element: Element): void {
    for (const consumers of this.#options.outputs)
      for (const { elements } of consumers) elements.push(element);
  }

  #endData(): void {
    this.#phase = 'draining';
    this.#broadcast({ type: 'end-of-data' });
    if (!this.#options.checkpointing && this.#options.outputs.length === 0) {
      this.#world.commit(this, 0, this.#values.splice(0));
    }
    this.#say({ type: 'data-finished' });
  }

  #mayFinish(): boolean {
    if (!this.#aligner.allClosed) return false;
    if (this.#options.splits !== undefined && this.#told.size < this.vertex.parallelism) return false;
    return !this.#options.checkpointing || this.#finalComplete;
  }

  #finish(): boolean {
    this.#broadcast({ type: 'end-of-partition' });
    this.#say({ type: 'finished' });
    this.end();
    return true;
  }

  #handle(message: TaskMessage): void {
    switch (message.type) {
      case 'trigger-checkpoint':
        if (this.#closed.every((closed) => closed) && this.#aligner.onTrigger(message.checkpointId))
          this.#freeze();
        break;
      case 'snapshot-enumerator': {
        const { checkpointId } = message;
        this.#say({ type: 'enumerator-snapshot', checkpointId, state: encode(this.#unassigned) });
        break;
      }
      case 'checkpoint-completed':
        this.#commitThrough(message.checkpointId);
        if (this.#finalId !== undefined && message.checkpointId >= this.#finalId) this.#finalComplete = true;
        break;
      case 'checkpoint-aborted':
        this.#aligner.abort(message.checkpointId);
        this.#files = [];
        break;
      case 'splits-assigned':
        this.#askedForSplit = false;
        this.#splits.push(...(message.splits as ModelSplit[]));
        break;
      case 'no-more-splits':
        this.#noMoreSplits = true;
        break;
      case 'split-requested':
        this.#asking.push(message.subtask);
        break;
      case 'reader-ended':
        this.#told.add(message.subtask);
        break;
      case 'cancel':
        this.#say({ type: 'canceled' });
        this.end();
    }
  }

  /** The snapshot goes on from files of earlier ones, complete or not, until it hears of an abort. */
  #freeze(): void {
    const checkpointId = this.#aligner.currentCheckpointId;
    this.#broadcast({ type: 'barrier', checkpointId });
    if (this.#options.outputs.length === 0) this.#pending.push([checkpointId, this.#values.splice(0)]);
    if (this.#phase === 'draining') this.#finalId ??= checkpointId;
    this.#aligner.release();
    this.#files = [...this.#files.slice(-3), this.#world.createFile(this, checkpointId)];
    const report = {
      type: 'checkpoint-acknowledged',
      checkpointId,
      snapshot: this.#snapshot(),
      metrics: METRICS,
    } as const;
    this.uploads.push({ checkpointId, report });
  }

  #snapshot(): SubtaskSnapshot {
    const source: SourceState = { splits: [...this.#splits] };
    const sink: SinkState = { pending: this.#pending };
    const files = this.#files.map((key) => ({ key, sizeBytes: 1, entryCount: 1, crc32c: 0 }));
    return {
      operators: {
        [this.vertex.uid]: {
          keyed: { format: 1, keyGroupStart: 0, keyGroupEnd: 0, files, tables: {} },
          lists: {
            source: { mode: 'split', items: [encode(source)] },
            sink: { mode: 'split', items: [encode(sink)] },
          },
        },
      },
    };
  }

  #restore(snapshot: SubtaskSnapshot): void {
    const handle = snapshot.operators[this.vertex.uid];
    const [source, sink] = [handle?.lists.source?.items[0], handle?.lists.sink?.items[0]];
    if (source !== undefined) this.#splits.push(...(decode(source) as SourceState).splits);
    if (sink !== undefined) {
      this.#pending = (decode(sink) as SinkState).pending.map(([id, values]) => [id, values]);
    }
    this.#files = handle?.keyed?.files.map(({ key }) => key) ?? [];
    this.#commitThrough(this.#options.restoredCheckpointId ?? 0);
  }

  #commitThrough(checkpointId: number): void {
    for (const [id, values] of this.#pending) if (id <= checkpointId) this.#world.commit(this, id, values);
    this.#pending = this.#pending.filter(([id]) => id > checkpointId);
  }
}

export function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

export function decode(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}
