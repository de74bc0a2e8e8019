import {
  type ChainNode,
  isMillraceError,
  type KeyedStateStore,
  keyGroupRangeOf,
  type MetricGroup,
  MillraceError,
  type OperatorContext,
  OperatorLogger,
  ownEntry,
  type TaskAddress,
} from '../../core/internal.js';
import type { OutputRoom } from './result-partition.js';
import type { TaskEnvironment } from './task-environment.js';
import { userStackLine } from './user-stack-line.js';

/** What the contexts of a task share with the task itself. */
export interface ContextHost {
  readonly room: OutputRoom;
  metricsOf(node: ChainNode): MetricGroup;
  /** Fails the task from an asynchronous place. */
  fail(error: unknown): void;
}

/**
 * Makes the contexts of a task's operators, opens their keyed state, and keeps their wake-up times.
 *
 * Invariants: at most one wake-up per operator is pending; state stores are opened once and closed once.
 */
export class TaskContexts {
  readonly #environment: TaskEnvironment;
  readonly #host: ContextHost;
  readonly #stores: (KeyedStateStore | undefined)[];
  readonly #wakes: number[];
  #isClosed = false;
  /** The earliest monotonic time some operator asked for; Infinity when none did. */
  nextWakeMs = Number.POSITIVE_INFINITY;

  constructor(environment: TaskEnvironment, host: ContextHost) {
    this.#environment = environment;
    this.#host = host;
    this.#stores = environment.vertex.nodes.map(() => undefined);
    this.#wakes = environment.vertex.nodes.map(() => Number.POSITIVE_INFINITY);
  }

  get stores(): readonly (KeyedStateStore | undefined)[] {
    return this.#stores;
  }

  /**
   * Opens the keyed state of every operator that has some. It is empty until {@link restore} has resolved. False if the
   * task was closed meanwhile.
   */
  async open(): Promise<boolean> {
    const { vertex, address, stateBackend, stateFiles, restore } = this.#environment;
    for (const [index, node] of vertex.nodes.entries()) {
      if (!needsKeyedState(node)) continue;
      const opening = stateBackend.open({
        operatorUid: node.uid,
        subtaskIndex: address.subtask,
        attempt: address.attempt,
        keyGroups: keyGroupRangeOf(address.subtask, vertex.vertex.parallelism, vertex.vertex.maxParallelism),
        keyType: node.keyType,
        managedBytes: this.#managedBytesOf(node),
        restore: restore && ownEntry(restore.snapshot.operators, node.uid)?.keyed,
        reader: stateFiles,
      });
      const store = await this.#located(node, opening);
      if (this.#isClosed) {
        await store.close();
        return false;
      }
      this.#stores[index] = store;
    }
    return true;
  }

  /** Restores the keyed state, of which the operators have said by now what they declare. */
  async restore(): Promise<void> {
    for (const [index, node] of this.#environment.vertex.nodes.entries()) {
      const restored = this.#stores[index]?.restore();
      if (restored !== undefined) await this.#located(node, restored);
    }
  }

  /** What it rejects with names the operator. */
  async #located<T>(node: ChainNode, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw isMillraceError(error) ? this.#userError(node, error) : error;
    }
  }

  contextOf(index: number): OperatorContext {
    const environment = this.#environment;
    const node = environment.vertex.nodes[index];
    if (node === undefined) throw new MillraceError('MR9001', `The chain has no operator ${index}.`);
    const { vertex } = environment.vertex;
    const host = this.#host;
    return {
      jobName: environment.jobName,
      operatorName: node.name,
      uid: node.uid,
      subtaskIndex: environment.address.subtask,
      parallelism: vertex.parallelism,
      maxParallelism: vertex.maxParallelism,
      globalJobParameters: environment.globalJobParameters,
      distributedCache: environment.distributedCache,
      epoch: environment.epoch,
      attempt: environment.address.attempt,
      restored: environment.restore && ownEntry(environment.restore.snapshot.operators, node.uid),
      restoredCheckpointId: environment.restore?.checkpointId,
      checkpointing: environment.settings.checkpointing,
      commitsWithJob: environment.settings.commitsWithJob,
      autoWatermarkIntervalMs: environment.settings.autoWatermarkIntervalMs,
      keyedState: this.#stores[index],
      managedBytes: this.#managedBytesOf(node),
      scratchFolder: `${environment.scratchFolder}/${scratchFolderOf(environment.address)}/${index}`,
      codecs: environment.codecs,
      clock: environment.clock,
      completions: environment.completions,
      fileSystem: environment.fileSystem,
      metrics: host.metricsOf(node),
      logger: new OperatorLogger(environment.log, environment.clock, { operator: node.name, uid: node.uid }),
      wakeAt: (wallMs) => this.#wakeAt(index, wallMs),
      mustYield: () => host.room.mustYield(),
      fail: (error) => host.fail(error),
      writeLine: (line, to) => environment.writeLine(line, to),
      collect: (writer, sequence, values) =>
        environment.report({ type: 'collected', uid: node.uid, writer, sequence, values }),
      userError: (error) => this.#userError(node, error),
    };
  }

  /** Calls `wake` for every operator whose time has come; `nowMs` is monotonic. */
  fireWakes(nowMs: number, wake: (index: number) => void): void {
    if (this.nextWakeMs > nowMs) return;
    for (const [index, at] of this.#wakes.entries()) {
      if (at > nowMs) continue;
      this.#wakes[index] = Number.POSITIVE_INFINITY;
      wake(index);
    }
    this.nextWakeMs = Math.min(...this.#wakes);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const [index, store] of this.#stores.entries()) {
      this.#stores[index] = undefined;
      await store?.close();
    }
  }

  /** Operators that use managed memory share that of the task evenly. */
  #managedBytesOf(node: ChainNode): number {
    const { vertex, settings } = this.#environment;
    if (!usesManagedMemory(node)) return 0;
    return Math.floor(settings.managedBytes / vertex.nodes.filter(usesManagedMemory).length);
  }

  /** The wait is what it is now: a wall clock that is set back meanwhile must not make it an hour longer. */
  #wakeAt(index: number, wallMs: number): void {
    const { clock } = this.#environment;
    this.#wakes[index] = clock.monotonicMs() + Math.max(0, wallMs - clock.wallMs());
    this.nextWakeMs = Math.min(...this.#wakes);
  }

  #userError(node: ChainNode, error: unknown): Error {
    const where = {
      job: this.#environment.jobName,
      operator: node.name,
      uid: node.uid,
      subtask: this.#environment.address.subtask,
    };
    const line = userStackLine(error);
    if (isMillraceError(error)) return error.located(line === undefined ? where : { ...where, at: line });
    const what =
      error instanceof Error ? `${error.name}: ${error.message}` : `Thrown value: ${String(error)}`;
    return new MillraceError('MR5001', `User code threw ${what}`, {
      where: line === undefined ? where : { ...where, at: line },
      cause: error,
    });
  }
}

/** Name of the folder that holds the temporary files of all operators of one attempt at a task. */
export function scratchFolderOf({ attempt, vertexId, subtask }: TaskAddress): string {
  return `sort-a${attempt}-v${vertexId}-s${subtask}`;
}

function usesManagedMemory(node: ChainNode): boolean {
  return needsKeyedState(node) || (node.operator.kind === 'operator' && node.operator.factory.sorts === true);
}

function needsKeyedState(node: ChainNode): boolean {
  return node.operator.kind === 'operator' && node.operator.factory.needsKeyedState;
}
