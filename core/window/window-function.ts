import type { OutputTag } from '../api/output-tag.js';
import { MillraceError } from '../base/millrace-error.js';
import type { OperatorListHandle } from '../checkpoint/snapshot-handle.js';
import { NO_TIMESTAMP } from '../element/watermark.js';
import type { Collector } from '../operator/collector.js';
import type { ElementCollector } from '../operator/element-collector.js';
import { FunctionLife } from '../operator/function-life.js';
import { KeyedOperatorContext } from '../operator/keyed-operator-context.js';
import type { KeyedRuntimeContext, KeyedStates } from '../operator/keyed-process-function.js';
import type { OperatorPart } from '../operator/operator-part.js';
import { SideOutputs } from '../operator/side-outputs.js';
import type { ChainedOperatorContext, Output } from '../operator/stream-operator.js';
import { expectNoPromise } from '../operator/synchronous.js';
import type { TimeService } from '../operator/timer-service.js';
import { StateNamespace } from '../state/key-context.js';
import type { KeyedStateAccess } from '../state/keyed-state-access.js';
import type { ProcessWindowContext, ProcessWindowFunction } from './process-window-function.js';
import { TimeWindow } from './time-window.js';

/** Turns the contents of a window that fires into results. */
export interface WindowFunction<CONTENTS, OUT> extends OperatorPart {
  open(runtime: WindowRuntime<OUT>): void;
  emit(window: TimeWindow, contents: CONTENTS, out: ElementCollector<OUT>): void;
  /** The window goes. */
  clear(window: TimeWindow): void;
}

/** What window functions reach of their operator. */
export interface WindowRuntime<OUT> {
  readonly context: ChainedOperatorContext;
  readonly output: Output<OUT>;
  readonly access: KeyedStateAccess;
  readonly time: TimeService;
  /** False where windows merge: state of a window would be left behind. */
  readonly hasWindowState: boolean;
}

/** The contents are the result. */
export function passContents<OUT>(): WindowFunction<OUT, OUT> {
  return {
    open: () => {},
    emit: (_window, contents, out) => out.collect(contents),
    clear: () => {},
  };
}

/** A {@link ProcessWindowFunction} sees the contents as elements. */
export function processContents<K, IN, OUT, CONTENTS>(
  fn: ProcessWindowFunction<K, IN, OUT>,
  elementsOf: (contents: CONTENTS) => readonly IN[],
): () => WindowFunction<CONTENTS, OUT> {
  return () => new ProcessedWindow(fn, elementsOf);
}

/** Invariant: there are a life and a context from `open` on. */
class ProcessedWindow<K, IN, OUT, CONTENTS> implements WindowFunction<CONTENTS, OUT> {
  readonly #fn: ProcessWindowFunction<K, IN, OUT>;
  readonly #elementsOf: (contents: CONTENTS) => readonly IN[];
  #life: FunctionLife<KeyedRuntimeContext> | undefined;
  #functionContext: WindowFunctionContext<K> | undefined;

  constructor(fn: ProcessWindowFunction<K, IN, OUT>, elementsOf: (contents: CONTENTS) => readonly IN[]) {
    this.#fn = fn;
    this.#elementsOf = elementsOf;
    this.#life = undefined;
    this.#functionContext = undefined;
  }

  open(runtime: WindowRuntime<OUT>): void {
    const functionContext = new WindowFunctionContext<K>(runtime as WindowRuntime<never>);
    const life = new FunctionLife(runtime.context, this.#fn, 'a process window function');
    this.#functionContext = functionContext;
    this.#life = life;
    life.open(functionContext);
  }

  emit(window: TimeWindow, contents: CONTENTS, out: Collector<OUT>): void {
    const functionContext = this.#functionContext;
    if (functionContext === undefined) return;
    functionContext.window = window;
    const returned: unknown = this.#fn.process(
      functionContext.currentKey,
      functionContext,
      this.#elementsOf(contents),
      out,
    );
    if (returned !== undefined) expectNoPromise(returned, 'process of a process window function');
  }

  clear(window: TimeWindow): void {
    const functionContext = this.#functionContext;
    if (this.#fn.clear === undefined || functionContext === undefined) return;
    functionContext.window = window;
    expectNoPromise(this.#fn.clear(functionContext), 'clear of a process window function');
  }

  snapshotState(checkpointId: number): Readonly<Record<string, OperatorListHandle>> {
    return this.#life?.snapshotState(checkpointId) ?? {};
  }

  notifyCheckpointComplete(checkpointId: number): void {
    this.#life?.notifyCheckpointComplete(checkpointId);
  }

  notifyCheckpointAborted(checkpointId: number): void {
    this.#life?.notifyCheckpointAborted(checkpointId);
  }

  close(): void {
    this.#life?.close();
  }
}

const NO_WINDOW = new TimeWindow(0, 0);

class WindowFunctionContext<K> extends KeyedOperatorContext implements ProcessWindowContext {
  window: TimeWindow;
  readonly #runtime: WindowRuntime<never>;
  readonly #sideOutputs: SideOutputs;
  readonly #windowState: KeyedStates;
  readonly #globalState: KeyedStates;

  constructor(runtime: WindowRuntime<never>) {
    super(runtime.context, runtime.access);
    this.window = NO_WINDOW;
    this.#runtime = runtime;
    this.#sideOutputs = new SideOutputs(runtime.context, runtime.output);
    this.#windowState = statesOf(runtime.access, StateNamespace.WINDOW);
    this.#globalState = statesOf(runtime.access, StateNamespace.VOID);
  }

  get currentKey(): K {
    return this.access.keys.currentKey as K;
  }

  currentWatermark(): number {
    return this.#runtime.time.currentWatermark();
  }

  currentProcessingTime(): number {
    return this.#runtime.time.currentProcessingTime();
  }

  windowState(): KeyedStates {
    if (this.#runtime.hasWindowState) return this.#windowState;
    throw new MillraceError('MR2009', 'A window function asked for the state of a window that may merge.', {
      hint: 'Where windows merge, as sessions do, keep state of the key: ctx.globalState().',
    });
  }

  globalState(): KeyedStates {
    return this.#globalState;
  }

  output<X>(tag: OutputTag<X>, value: X): void {
    const timestamp = this.window === NO_WINDOW ? NO_TIMESTAMP : this.window.maxTimestamp;
    this.#sideOutputs.send(tag, value, timestamp);
  }
}

function statesOf(access: KeyedStateAccess, namespace: StateNamespace): KeyedStates {
  return {
    getState: (descriptor) => access.getState(descriptor, namespace),
    getListState: (descriptor) => access.getListState(descriptor, namespace),
    getMapState: (descriptor) => access.getMapState(descriptor, namespace),
    getReducingState: (descriptor) => access.getReducingState(descriptor, namespace),
    getAggregatingState: (descriptor) => access.getAggregatingState(descriptor, namespace),
  };
}
