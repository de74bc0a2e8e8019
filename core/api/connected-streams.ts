import { MillraceError } from '../base/millrace-error.js';
import { hashPartitioning } from '../graph/partitioning.js';
import type { StreamOrigin } from '../graph/stream-graph.js';
import { processByCoFlatMap, processByCoMap } from '../operator/co-map-adapters.js';
import type {
  CoFlatMapFunction,
  CoMapFunction,
  CoProcessFunction,
  KeyedCoProcessFunction,
} from '../operator/co-process-function.js';
import { coProcessOperator } from '../operator/co-process-operator.js';
import type { KeySelector } from '../operator/functions.js';
import { keyedCoProcessOperator, type TwoKeySelectors } from '../operator/keyed-co-process-operator.js';
import { checkKeylessFunction } from '../operator/keyless-use.js';
import { hasOperatorState, LIFE_METHODS, type RichFunction } from '../operator/rich-function.js';
import { checkFunctionObject, checkSynchronous } from '../operator/synchronous.js';
import type { SingleOutputStreamOperator } from './single-output-stream-operator.js';
import type { StreamFactory } from './stream-factory.js';

const CO_PROCESS = ['processElement1', 'processElement2'];

/** Where the records of the two streams come from. */
export interface ConnectedInputs {
  readonly factory: StreamFactory;
  readonly first: readonly StreamOrigin[];
  readonly second: readonly StreamOrigin[];
}

/** @throws MillraceError MR1001 if the streams belong to two jobs */
export function checkSameJob(first: StreamFactory, second: StreamFactory): void {
  if (first === second) return;
  throw new MillraceError('MR1001', 'A stream can only be connected with streams of the same job.');
}

/**
 * Two streams, possibly of different types, that one operator takes. Its event time is the earlier of the two.
 *
 * @example
 * ```ts
 * const words = lines.connect(numbers).map<string>({
 *   map1: (line) => line.trim(),
 *   map2: (number) => String(number),
 * });
 * ```
 */
export class ConnectedStreams<A, B> {
  protected readonly inputs: ConnectedInputs;

  constructor(inputs: ConnectedInputs) {
    this.inputs = inputs;
  }

  /** Keys both streams: records of one key meet in one subtask, with state and timers of the key. */
  keyBy<K>(first: KeySelector<A, K>, second: KeySelector<B, NoInfer<K>>): KeyedConnectedStreams<A, B, K> {
    checkSynchronous(first, 'The first key selector given to keyBy');
    checkSynchronous(second, 'The second key selector given to keyBy');
    const by = (origins: readonly StreamOrigin[], selector: KeySelector<never, K>): StreamOrigin[] =>
      origins.map((origin) => ({ ...origin, partitioning: hashPartitioning(selector) }));
    return new KeyedConnectedStreams(
      {
        factory: this.inputs.factory,
        first: by(this.inputs.first, first),
        second: by(this.inputs.second, second),
      },
      { first, second },
    );
  }

  /** One result for each record of either stream. */
  map<R>(fn: CoMapFunction<A, B, R>): SingleOutputStreamOperator<R> {
    checkFunctionObject(fn, 'The co-map function', ['map1', 'map2'], LIFE_METHODS);
    return this.add('co-map', 'Co-Map', processByCoMap(fn), this.keepsState(fn));
  }

  /** Any number of results for each record of either stream. */
  flatMap<R>(fn: CoFlatMapFunction<A, B, R>): SingleOutputStreamOperator<R> {
    checkFunctionObject(fn, 'The co-flat-map function', ['flatMap1', 'flatMap2'], LIFE_METHODS);
    return this.add('co-flat-map', 'Co-Flat Map', processByCoFlatMap(fn), this.keepsState(fn));
  }

  /** Sees the records of both with time and side outputs; see {@link CoProcessFunction}. */
  process<R>(fn: CoProcessFunction<A, B, R>): SingleOutputStreamOperator<R> {
    checkKeylessFunction(fn, 'The co-process function', CO_PROCESS);
    return this.add('co-process', 'Co-Process', fn, this.keepsState(fn));
  }

  /** Whether the function may keep state. */
  protected keepsState(fn: RichFunction<never>): boolean {
    return hasOperatorState(fn);
  }

  protected add<R>(
    kind: string,
    name: string,
    fn: CoProcessFunction<A, B, R>,
    isStateful: boolean,
  ): SingleOutputStreamOperator<R> {
    const { factory, first, second } = this.inputs;
    return factory.operator({
      kind,
      name,
      operator: { kind: 'operator', factory: coProcessOperator(fn) },
      inputs: [first, second],
      outputType: undefined,
      isStateful,
    });
  }
}

/**
 * Two keyed streams with keys of one type: one operator takes both, with state and timers that are shared by
 * the records of either stream that have the key.
 *
 * @example
 * ```ts
 * let price: ValueState<number>;
 * orders
 *   .connect(prices)
 *   .keyBy((order) => order.item, (change) => change.item)
 *   .process<{ item: string; cost: number }>({
 *     open(ctx) {
 *       price = ctx.getState(new ValueStateDescriptor('price', types.float64));
 *     },
 *     processElement1(order, _ctx, out) {
 *       out.collect({ item: order.item, cost: order.count * (price.value() ?? 0) });
 *     },
 *     processElement2: (change) => price.update(change.price),
 *   })
 *   .uid('costs');
 * ```
 */
export class KeyedConnectedStreams<A, B, K> extends ConnectedStreams<A, B> {
  readonly #keys: TwoKeySelectors<A, B, K>;

  constructor(inputs: ConnectedInputs, keys: TwoKeySelectors<A, B, K>) {
    super(inputs);
    this.#keys = keys;
  }

  /** Sees the records of both with state and timers of their key; see {@link KeyedCoProcessFunction}. */
  override process<R>(fn: KeyedCoProcessFunction<K, A, B, R>): SingleOutputStreamOperator<R> {
    checkFunctionObject(fn, 'The keyed co-process function', CO_PROCESS, ['onTimer', ...LIFE_METHODS]);
    return this.add('keyed-co-process', 'KeyedCoProcess', fn, true);
  }

  protected override keepsState(fn: RichFunction<never>): boolean {
    return hasOperatorState(fn) || fn.open !== undefined;
  }

  protected override add<R>(
    kind: string,
    name: string,
    fn: KeyedCoProcessFunction<K, A, B, R>,
    isStateful: boolean,
  ): SingleOutputStreamOperator<R> {
    const { factory, first, second } = this.inputs;
    return factory.operator({
      kind,
      name,
      operator: { kind: 'operator', factory: keyedCoProcessOperator(this.#keys, fn) },
      inputs: [first, second],
      outputType: undefined,
      isStateful,
    });
  }
}
