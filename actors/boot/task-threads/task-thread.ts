import type { MessagePort, Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { MillraceError } from '../../../core/internal.js';
import type { V8HeapLimits } from '../../../memory/index.js';
import { userStackLine } from '../../task/user-stack-line.js';
import { withDeadline } from '../deadline.js';
import type { TaskContract } from '../task-contract.js';
import { LOADING_MS } from '../threads/native-loads.js';

/** What all task threads of a job are. Plain data: it is sent to them. */
export interface TaskThreadKind {
  readonly heap: V8HeapLimits;
  /** Some of them will keep state in LMDB. */
  readonly opensLmdb: boolean;
  /** Their checkpoints are kept at an s3:// address. */
  readonly speaksS3: boolean;
}

/**
 * A thread for one task, warmed in advance with the engine's modules.
 *
 * Invariants: it serves one task; a thread that ended is not replaced; after `destroy` resolved it does not run; while
 * it loads it is ended by force only when it has taken longer than it is given, with a task `heartbeat.timeout` and
 * without one {@link LOADING_MS}: a native library whose registration is cut off ends the process.
 */
export class TaskThread {
  readonly #pool: Piscina<TaskContract, void>;
  readonly #exits = new Map<Worker, Promise<void>>();
  /** Settles when the thread says its first word, which is that it has loaded, or when it has ended. */
  readonly #loaded: Promise<void>[] = [];
  #isTaken = false;

  constructor(kind: TaskThreadKind) {
    this.#pool = new Piscina<TaskContract, void>({
      filename: new URL('../task-worker.js', import.meta.url).href,
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: 1,
      atomics: 'disabled',
      recordTiming: false,
      idleTimeout: Number.POSITIVE_INFINITY,
      resourceLimits: { ...kind.heap },
      workerData: kind,
    });
    // A failing thread rejects its task's run as well, which is where it is handled.
    this.#pool.on('error', () => {});
    this.#pool.options.minThreads = 0;
    this.#watchExits();
  }

  /**
   * Runs its task; resolves when the task has ended by itself, rejects when its thread did: MR5005 out of
   * memory, MR5003 otherwise. The signal ends the thread by force.
   */
  async run(contract: TaskContract, signal: AbortSignal): Promise<void> {
    if (this.#isTaken) throw new MillraceError('MR9001', 'A thread serves one task.');
    this.#isTaken = true;
    const transferList: MessagePort[] = [contract.mailbox];
    if (contract.stateWriter !== undefined) transferList.push(contract.stateWriter.port);
    if (contract.store !== undefined) transferList.push(contract.store.port);
    try {
      const done = this.#pool.run(contract, { transferList, signal });
      this.#watchExits();
      await done;
    } catch (error) {
      throw threadError(error);
    }
  }

  /** Settles when it has loaded the engine, or has ended. */
  get loaded(): Promise<unknown> {
    return Promise.all(this.#loaded);
  }

  /** Ends it by force, once it has loaded: for that it is waited so long at most. */
  async destroy(loadingMs = LOADING_MS): Promise<void> {
    await withDeadline<unknown>(loadingMs, (deadline) => Promise.race([this.loaded, deadline]));
    await this.#pool.destroy();
    await Promise.all(this.#exits.values());
  }

  /** The pool forgets a thread when it begins to end it, but it may still run for a moment. */
  #watchExits(): void {
    for (const thread of this.#pool.threads) {
      if (this.#exits.has(thread)) continue;
      const exit = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
      this.#exits.set(thread, exit);
      const firstWord = new Promise<void>((resolve) => thread.once('message', () => resolve()));
      this.#loaded.push(Promise.race([firstWord, exit]));
    }
  }
}

function threadError(error: unknown): MillraceError {
  const code = (error as { readonly code?: unknown } | null)?.code;
  const text = error instanceof Error ? error.message : String(error);
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new MillraceError('MR5005', 'A task thread reached its heap limit.', {
      cause: error,
      hint: 'Raise taskmanager.memory.task.heap.size (or the total size), or lower the parallelism.',
    });
  }
  const line = userStackLine(error);
  return new MillraceError('MR5003', `A task thread ended: ${text}`, {
    ...(line === undefined ? {} : { where: { at: line } }),
    cause: error,
  });
}
