import { JobParameters } from '../core/api/job-parameters.js';
import type { OperatorListHandle, OperatorStateHandle } from '../core/checkpoint/snapshot-handle.js';
import { keyGroupRangeOf } from '../core/graph/key-group.js';
import { OperatorLogger } from '../core/log/operator-logger.js';
import { TaskMetrics } from '../core/metrics/task-metrics.js';
import { FileCache } from '../core/operator/distributed-cache.js';
import type { OperatorContext, OperatorSnapshot } from '../core/operator/stream-operator.js';
import type { Completions } from '../core/ports/completions.js';
import type { KeyedStateBackend, KeyedStateStore } from '../core/ports/keyed-state-store.js';
import { NO_LOG } from '../core/ports/logger.js';
import { HeapStateBackend } from '../storage/state/heap-state-backend.js';
import { interpretedCodecs } from './keyed-state.js';
import { MemoryStateFiles } from './state-files.js';
import { MemoryFileSystem } from './unit/storage/memory-file-system.js';

export interface WorldOptions {
  readonly uid?: string;
  readonly subtaskIndex?: number;
  readonly parallelism?: number;
  readonly maxParallelism?: number;
  readonly checkpointing?: boolean;
  readonly watermarkIntervalMs?: number;
  readonly restored?: OperatorStateHandle | undefined;
  readonly restoredCheckpointId?: number | undefined;
  readonly attempt?: number;
}

/** Both clocks of a test. They run together unless the wall clock is made to jump. */
export class ManualClock {
  #monotonicMs = 0;
  #wallMs: number;

  constructor(wallMs = 0) {
    this.#wallMs = wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  wallMs(): number {
    return this.#wallMs;
  }

  advance(ms: number): void {
    this.#monotonicMs += ms;
    this.#wallMs += ms;
  }

  jump(ms: number): void {
    this.#wallMs += ms;
  }
}

/** What operators of a test reach of the world: a clock by hand, promises by turns, files in memory. */
export class OperatorWorld implements Completions {
  readonly clock = new ManualClock();
  readonly files: MemoryStateFiles;
  readonly metrics = new TaskMetrics();
  readonly lines: string[] = [];
  /** Wall time at which the operator of a uid asked to be woken. */
  readonly wakes = new Map<string, number>();
  readonly failures: unknown[] = [];
  /** Where keyed state is kept. */
  backend: KeyedStateBackend = new HeapStateBackend();
  readonly fileSystem = new MemoryFileSystem();
  managedBytes = 4 * 1024 * 1024;
  /** Set to make operators leave their work for `resume`. */
  mustYield: () => boolean = () => false;
  #turns: (() => void)[] = [];

  constructor(files = new MemoryStateFiles()) {
    this.files = files;
  }

  watch<T>(promise: Promise<T>, settled: (value: T) => void, failed: (error: unknown) => void): void {
    promise.then(
      (value) => this.#turns.push(() => settled(value)),
      (error: unknown) => this.#turns.push(() => failed(error)),
    );
  }

  /** Delivers what has settled, and what that leads to, until nothing more does. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 20; quiet++) {
      await null;
      const turns = this.#turns;
      this.#turns = [];
      for (const turn of turns) turn();
      if (turns.length > 0) quiet = 0;
    }
  }

  /** The counters of all operators that have counted something, by name. */
  get counters(): ReadonlyMap<string, number> {
    const counted = Object.entries(this.metrics.counters());
    return new Map(counted.map(([key, value]) => [key.slice(key.indexOf('.') + 1), value]));
  }

  async openStore(options: WorldOptions): Promise<KeyedStateStore> {
    const { subtaskIndex = 0, parallelism = 1, maxParallelism = 128 } = options;
    const store = await this.backend.open({
      operatorUid: options.uid ?? 'operator',
      subtaskIndex,
      attempt: options.attempt ?? 1,
      keyGroups: keyGroupRangeOf(subtaskIndex, parallelism, maxParallelism),
      managedBytes: this.managedBytes,
      restore: options.restored?.keyed,
      reader: this.files,
    });
    await store.restore();
    return store;
  }

  context(options: WorldOptions, keyedState?: KeyedStateStore): OperatorContext {
    const uid = options.uid ?? 'operator';
    return {
      jobName: 'test',
      operatorName: `the ${uid}`,
      uid,
      subtaskIndex: options.subtaskIndex ?? 0,
      parallelism: options.parallelism ?? 1,
      maxParallelism: options.maxParallelism ?? 128,
      globalJobParameters: new JobParameters(),
      distributedCache: new FileCache(),
      epoch: 1,
      attempt: options.attempt ?? 1,
      restored: options.restored,
      restoredCheckpointId: options.restoredCheckpointId,
      checkpointing: options.checkpointing ?? true,
      commitsWithJob: false,
      autoWatermarkIntervalMs: options.watermarkIntervalMs ?? 200,
      keyedState,
      managedBytes: this.managedBytes,
      scratchFolder: `/scratch/${uid}`,
      codecs: interpretedCodecs,
      clock: this.clock,
      completions: this,
      fileSystem: this.fileSystem,
      metrics: this.metrics.groupOf(uid),
      logger: new OperatorLogger(NO_LOG, this.clock, {}),
      wakeAt: (wallMs) => this.wakes.set(uid, wallMs),
      mustYield: () => this.mustYield(),
      fail: (error) => this.failures.push(error),
      collect: () => {},
      writeLine: async (line) => {
        this.lines.push(line);
      },
      userError: (error) => (error instanceof Error ? error : new Error(String(error))),
    };
  }

  /** Writes the snapshot of an operator out, as a checkpoint would, and gives what a restore is given. */
  async store(snapshot: OperatorSnapshot, checkpointId: number): Promise<OperatorStateHandle> {
    const keyed = await snapshot.keyed?.write(this.files.writerFor(checkpointId));
    snapshot.keyed?.discard();
    const lists: Readonly<Record<string, OperatorListHandle>> = snapshot.lists;
    return structuredClone({ keyed, lists });
  }
}
