import { type BuiltJob, type ChainNode, ElementKind } from '../../core/internal.js';
import type { SourceOperatorFactory } from '../../core/operator/source-stream-operator.js';
import type { Input, OperatorFactory, Output, StreamOperator } from '../../core/operator/stream-operator.js';
import type { WorldListeners } from './world-listener.js';

/** What an operator says of event time, in place of one of its inputs. */
export const OUTPUT = -1;

/** An operator as its task has it. */
export interface MadeOperator {
  /** Name of its class. */
  readonly kind: string;
  readonly inputs: number;
  /** Whether channels before it are read now before what is in them is delivered. */
  readonly looksAhead: () => boolean;
}

/** Hears how far event time has come for the operators of tasks. Maps and filters hand it on, and are not heard. */
export interface TimeListener {
  onOperatorMade(task: number, node: number, operator: MadeOperator): void;
  /** To an input of the operator, or by it ({@link OUTPUT}); `value`: the timestamp of a watermark, otherwise 0. */
  onTimeTold(task: number, node: number, input: number, kind: ElementKind, value: number): void;
}

/** The job, one of whose vertices tells of the event time of its operators, for one task. */
export function observedJob(
  job: BuiltJob,
  vertexId: number,
  task: number,
  listeners: WorldListeners,
): BuiltJob {
  const vertices = job.vertices.map((each, id) => {
    if (id !== vertexId) return each;
    const nodes = each.nodes.map((node, index) => observedNode(node, { task, node: index, listeners }));
    return { ...each, nodes };
  });
  return { ...job, vertices };
}

/** Neighbours of them may run as one operator. */
export function handsTimeOn({ operator }: ChainNode): boolean {
  return operator.kind === 'operator' && 'step' in operator.factory;
}

interface Place {
  readonly task: number;
  readonly node: number;
  readonly listeners: WorldListeners;
}

function observedNode(node: ChainNode, place: Place): ChainNode {
  if (handsTimeOn(node)) return node;
  const { operator } = node;
  return operator.kind === 'source'
    ? { ...node, operator: { ...operator, factory: observedSource(operator.factory, place) } }
    : { ...node, operator: { ...operator, factory: observedFactory(operator.factory, place) } };
}

function observedSource(factory: SourceOperatorFactory, place: Place): SourceOperatorFactory {
  return {
    ...factory,
    createReader: (context, output, host) => {
      watchOutput(output, place);
      return made(factory.createReader(context, output, host), place);
    },
  };
}

function observedFactory(factory: OperatorFactory, place: Place): OperatorFactory {
  return {
    ...factory,
    create: (context, output) => {
      watchOutput(output, place);
      return made(factory.create(context, output), place);
    },
  };
}

function made<T extends StreamOperator>(operator: T, { task, node, listeners }: Place): T {
  const { inputs } = operator;
  listeners.onOperatorMade(task, node, {
    kind: operator.constructor.name,
    inputs: inputs.length,
    looksAhead: () => inputs.some((input) => input.wantsLookAhead === true),
  });
  inputs.forEach((input, index) => {
    watchInput(input, (kind, value) => listeners.onTimeTold(task, node, index, kind, value));
  });
  return operator;
}

type Tell = (kind: ElementKind, value: number) => void;

function watchInput(input: Input<never>, tell: Tell): void {
  const processWatermark = input.processWatermark.bind(input);
  const processIdle = input.processIdle.bind(input);
  const processActive = input.processActive.bind(input);
  input.processWatermark = (timestamp) => {
    tell(ElementKind.WATERMARK, timestamp);
    processWatermark(timestamp);
  };
  input.processIdle = () => {
    tell(ElementKind.IDLE, 0);
    processIdle();
  };
  input.processActive = () => {
    tell(ElementKind.ACTIVE, 0);
    processActive();
  };
}

/** Not where nobody takes anything: those who send there share what they send to. */
function watchOutput(output: Output<never>, { task, node, listeners }: Place): void {
  if (!('records' in output)) return;
  const tell: Tell = (kind, value) => listeners.onTimeTold(task, node, OUTPUT, kind, value);
  const emitWatermark = output.emitWatermark.bind(output);
  const emitIdle = output.emitIdle.bind(output);
  const emitActive = output.emitActive.bind(output);
  output.emitWatermark = (timestamp) => {
    tell(ElementKind.WATERMARK, timestamp);
    emitWatermark(timestamp);
  };
  output.emitIdle = () => {
    tell(ElementKind.IDLE, 0);
    emitIdle();
  };
  output.emitActive = () => {
    tell(ElementKind.ACTIVE, 0);
    emitActive();
  };
}
