import { MillraceError } from '../base/millrace-error.js';
import type { StreamOrigin } from '../graph/stream-graph.js';
import type {
  BroadcastProcessFunction,
  KeyedBroadcastProcessFunction,
} from '../operator/broadcast-process-function.js';
import { broadcastProcessOperator } from '../operator/broadcast-process-operator.js';
import type { KeySelector } from '../operator/functions.js';
import { keyedBroadcastProcessOperator } from '../operator/keyed-broadcast-process-operator.js';
import { checkKeylessFunction } from '../operator/keyless-use.js';
import { LIFE_METHODS } from '../operator/rich-function.js';
import { checkFunctionObject } from '../operator/synchronous.js';
import { MapStateDescriptor } from '../state/state-descriptor.js';
import type { ConnectedInputs } from './connected-streams.js';
import type { SingleOutputStreamOperator } from './single-output-stream-operator.js';
import type { StreamFactory } from './stream-factory.js';

type Descriptors = readonly MapStateDescriptor<unknown, unknown>[];

const BROADCAST_PROCESS = ['processElement', 'processBroadcastElement'];

/** @throws MillraceError MR1001 unless all are map state descriptors, and of different names */
export function checkDescriptors(descriptors: readonly unknown[]): Descriptors {
  const names = new Set<string>();
  for (const descriptor of descriptors) {
    if (!(descriptor instanceof MapStateDescriptor)) {
      throw new MillraceError('MR1001', 'broadcast takes descriptors of map state.', {
        hint: "const rules = new MapStateDescriptor('rules', types.string, ruleType); stream.broadcast(rules)",
      });
    }
    if (descriptor.ttl !== undefined) {
      throw new MillraceError('MR1001', `The broadcast state '${descriptor.name}' has a time to live.`, {
        hint: 'Only keyed state ends by itself: the clocks of the subtasks would make their copies part.',
      });
    }
    if (names.has(descriptor.name)) {
      throw new MillraceError('MR1001', `broadcast was given two states of the name '${descriptor.name}'.`);
    }
    names.add(descriptor.name);
  }
  return descriptors as Descriptors;
}

/**
 * A stream of which every subtask of its consumer sees every record, and the states that these records make.
 * Connect another stream with it: `stream.connect(broadcastStream)`.
 *
 * @example
 * ```ts
 * const limits = new MapStateDescriptor('limits', types.string, types.float64);
 * const shared: BroadcastStream<Change> = changes.broadcast(limits);
 * ```
 */
export class BroadcastStream<T> {
  readonly factory: StreamFactory;
  readonly origins: readonly StreamOrigin[];
  readonly descriptors: Descriptors;
  /** Only for the compiler, which tells streams apart by it. */
  declare readonly recordType: T;

  constructor(factory: StreamFactory, origins: readonly StreamOrigin[], descriptors: Descriptors) {
    this.factory = factory;
    this.origins = origins;
    this.descriptors = descriptors;
  }
}

/**
 * A stream connected with a broadcast one.
 *
 * @example
 * ```ts
 * const limits = new MapStateDescriptor('limits', types.string, types.float64);
 * const tooHigh = readings.connect(changes.broadcast(limits)).process<Reading>({
 *   processElement(reading, ctx, out) {
 *     if (reading.value > (ctx.getBroadcastState(limits).get(reading.sensor) ?? 100)) out.collect(reading);
 *   },
 *   processBroadcastElement(change, ctx) {
 *     ctx.getBroadcastState(limits).put(change.sensor, change.limit);
 *   },
 * });
 * ```
 */
export class BroadcastConnectedStream<A, B> {
  protected readonly inputs: ConnectedInputs;
  protected readonly descriptors: Descriptors;

  constructor(inputs: ConnectedInputs, descriptors: Descriptors) {
    this.inputs = inputs;
    this.descriptors = descriptors;
  }

  /** See {@link BroadcastProcessFunction}. */
  process<R>(fn: BroadcastProcessFunction<A, B, R>): SingleOutputStreamOperator<R> {
    checkKeylessFunction(fn, 'The broadcast process function', BROADCAST_PROCESS);
    const { factory, first, second } = this.inputs;
    return factory.operator({
      kind: 'broadcast-process',
      name: 'Co-Process-Broadcast',
      operator: { kind: 'operator', factory: broadcastProcessOperator(fn, this.descriptors) },
      inputs: [first, second],
      outputType: undefined,
      isStateful: true,
    });
  }
}

/**
 * A keyed stream connected with a broadcast one.
 *
 * @example
 * ```ts
 * const names = new MapStateDescriptor('names', types.string, types.string);
 * const greeted = clicks
 *   .keyBy((click) => click.user)
 *   .connect(lines.broadcast(names))
 *   .process<string>({
 *     processElement(click, ctx, out) {
 *       out.collect(ctx.getBroadcastState(names).get(ctx.currentKey) ?? click.user);
 *     },
 *     processBroadcastElement(line, ctx) {
 *       const [user = '', name = ''] = line.split('=');
 *       ctx.getBroadcastState(names).put(user, name);
 *     },
 *   });
 * ```
 */
export class KeyedBroadcastConnectedStream<A, B, K> extends BroadcastConnectedStream<A, B> {
  readonly #keySelector: KeySelector<A, K>;

  constructor(inputs: ConnectedInputs, descriptors: Descriptors, keySelector: KeySelector<A, K>) {
    super(inputs, descriptors);
    this.#keySelector = keySelector;
  }

  /** See {@link KeyedBroadcastProcessFunction}. */
  override process<R>(fn: KeyedBroadcastProcessFunction<K, A, B, R>): SingleOutputStreamOperator<R> {
    const optional = ['onTimer', ...LIFE_METHODS];
    checkFunctionObject(fn, 'The keyed broadcast process function', BROADCAST_PROCESS, optional);
    const { factory, first, second } = this.inputs;
    const { descriptors } = this;
    return factory.operator({
      kind: 'keyed-broadcast-process',
      name: 'Co-Process-Broadcast-Keyed',
      operator: {
        kind: 'operator',
        factory: keyedBroadcastProcessOperator({ keySelector: this.#keySelector, fn, descriptors }),
      },
      inputs: [first, second],
      outputType: undefined,
      isStateful: true,
    });
  }
}
