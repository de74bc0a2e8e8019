import type { OperatorStateStore } from '../state/operator-state-store.js';
import type { KeyedStates } from './keyed-process-function.js';
import { checkFunctionObject, checkSynchronous } from './synchronous.js';

/**
 * What every function object may have beside its work. Calls come on the thread of the subtask and never
 * overlap: initializeState, open, then records interleaved with checkpoints, close.
 *
 * One object serves one subtask of one attempt, but the job module is built anew in each thread: what must
 * outlive a failure goes into state, never into fields alone.
 *
 * @example
 * ```ts
 * // Numbers the lines of each subtask, and goes on where it was after a failure.
 * let next = 0;
 * let state: ListState<number>;
 * const numbered = lines.process<string>({
 *   initializeState(ctx) {
 *     state = ctx.getOperatorStateStore().getListState(new ListStateDescriptor('next', types.float64));
 *     next = ctx.isRestored ? Math.max(0, ...state.get()) : 0;
 *   },
 *   snapshotState() {
 *     state.update([next]);
 *   },
 *   processElement: (line, _ctx, out) => out.collect(`${next++} ${line}`),
 * });
 * ```
 */
export interface RichFunction<C> extends CheckpointedFunction, CheckpointListener {
  /** Once, before the first record. */
  open?(ctx: C): void;
  /** Once, at the end or after a failure. */
  close?(): void;
}

/** A function with operator state: state that belongs to no key. */
export interface CheckpointedFunction {
  /** Once, before `open`: the place to ask for operator state, and to see what was restored. */
  initializeState?(ctx: FunctionInitializationContext): void;
  /** At each checkpoint, between two records: the place to bring the state up to date. */
  snapshotState?(ctx: FunctionSnapshotContext): void;
}

/** A function that hears how checkpoints ended; not of every one: a later one stands for those before it. */
export interface CheckpointListener {
  notifyCheckpointComplete?(checkpointId: number): void;
  notifyCheckpointAborted?(checkpointId: number): void;
}

/** What `initializeState` is given. Valid only during the call. */
export interface FunctionInitializationContext {
  /** Whether the job goes on from a checkpoint. */
  readonly isRestored: boolean;
  readonly restoredCheckpointId: number | undefined;
  getOperatorStateStore(): OperatorStateStore;
  /**
   * Where state of the key comes from, as from the context of `open`.
   *
   * @throws MillraceError MR2005 for a function whose records have no key
   */
  getKeyedStateStore(): KeyedStates;
}

/** What `snapshotState` is given. */
export interface FunctionSnapshotContext {
  readonly checkpointId: number;
}

/** Methods of {@link RichFunction}, for checks. */
export const LIFE_METHODS = [
  'open',
  'close',
  'initializeState',
  'snapshotState',
  'notifyCheckpointComplete',
  'notifyCheckpointAborted',
] as const;

/** Whether a function that is given no keyed state keeps state all the same. */
export function hasOperatorState(fn: CheckpointedFunction): boolean {
  return fn.initializeState !== undefined;
}

/**
 * What was given as a function, or as an object that has it as its `method` and may have a life beside it.
 *
 * @throws MillraceError MR1001, MR5002 if it is neither
 */
export function functionAndLife<F, C>(
  given: F | RichFunction<C>,
  method: string,
  receiver: string,
): { readonly fn: F; readonly life: RichFunction<C> } {
  if (typeof given !== 'object' || given === null) {
    checkSynchronous(given, `The function given to ${receiver}`);
    return { fn: given as F, life: {} };
  }
  checkFunctionObject(given, `The function object given to ${receiver}`, [method], LIFE_METHODS);
  const methods = given as Readonly<Record<string, (...args: unknown[]) => unknown>>;
  return { fn: methods[method]?.bind(given) as F, life: given };
}

/** The life of `fn` alone, for a function object that is made around it. */
export function lifeOf<C>(fn: RichFunction<C>): RichFunction<C> {
  return {
    open: (ctx) => fn.open?.(ctx),
    close: () => fn.close?.(),
    initializeState: (ctx) => fn.initializeState?.(ctx),
    snapshotState: (ctx) => fn.snapshotState?.(ctx),
    notifyCheckpointComplete: (checkpointId) => fn.notifyCheckpointComplete?.(checkpointId),
    notifyCheckpointAborted: (checkpointId) => fn.notifyCheckpointAborted?.(checkpointId),
  };
}
