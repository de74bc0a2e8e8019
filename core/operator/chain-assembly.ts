import { invariant } from '../base/invariant.js';
import { isMillraceError } from '../base/millrace-error.js';
import type { ChainNode, ChainOutput } from '../graph/job-graph.js';
import type { ChainCounters, CountedOutput } from './chain-counts.js';
import { ChainedOutput, EdgeOutput, FanOutOutput, NO_OUTPUT } from './chain-output.js';
import type { ChainHost } from './operator-chain.js';
import type { SourceStreamOperator } from './source-stream-operator.js';
import { isStateless, STEPS_MAX, StatelessOperator, type StatelessStep } from './stateless-operator.js';
import type { ChainedOperatorContext, Input, Output, StreamOperator } from './stream-operator.js';
import type { WatermarkTrace } from './watermark-trace.js';

/**
 * Makes the operators from the tails to the head, since each needs its output when it is made.
 *
 * Invariant: the consumers of a node have greater indices than the node.
 */
export class ChainAssembly {
  readonly operators: StreamOperator[];
  source: SourceStreamOperator | undefined;
  readonly #before: (CountedOutput | undefined)[];
  readonly #after: (CountedOutput | undefined)[];
  readonly #edges: CountedOutput[];
  readonly #nodes: readonly ChainNode[];
  readonly #contexts: readonly ChainedOperatorContext[];
  readonly #traces: readonly WatermarkTrace[];
  readonly #host: ChainHost;

  constructor(
    nodes: readonly ChainNode[],
    contexts: readonly ChainedOperatorContext[],
    traces: readonly WatermarkTrace[],
    host: ChainHost,
  ) {
    this.#nodes = nodes;
    this.#contexts = contexts;
    this.#traces = traces;
    this.#host = host;
    this.operators = new Array<StreamOperator>(nodes.length);
    this.source = undefined;
    this.#before = nodes.map(() => undefined);
    this.#after = nodes.map(() => undefined);
    this.#edges = [];
    for (let last = nodes.length - 1; last >= 0; ) {
      const first = this.#firstOfRun(last);
      this.#make(first, last);
      last = first - 1;
    }
  }

  get counters(): ChainCounters {
    return { before: this.#before, after: this.#after, edges: this.#edges };
  }

  /** The run of maps and filters that ends with the node, as far as it fits into one operator. */
  #firstOfRun(last: number): number {
    let first = last;
    while (first > 0 && last - first + 1 < STEPS_MAX && this.#feedsOnly(first - 1, first)) first--;
    return first;
  }

  /** Whether both are stateless and all that the first one sends goes to the second. */
  #feedsOnly(index: number, next: number): boolean {
    const [node, consumer] = [at(this.#nodes, index), at(this.#nodes, next)];
    const [output, ...others] = node.outputs;
    return (
      stepOf(node) !== undefined &&
      stepOf(consumer) !== undefined &&
      others.length === 0 &&
      output?.kind === 'chained' &&
      output.node === next &&
      output.tag === undefined
    );
  }

  #make(first: number, last: number): void {
    const context = at(this.#contexts, first);
    const output = this.#outputOf(last);
    const { operator } = at(this.#nodes, first);
    if (operator.kind === 'source') {
      this.source = operator.factory.createReader(context, output as Output<never>, this.#host);
      this.operators[first] = this.source;
      return;
    }
    if (first === last) {
      try {
        this.operators[first] = operator.factory.create(context, output as Output<never>);
      } catch (error) {
        throw isMillraceError(error) ? context.userError(error) : error;
      }
      return;
    }
    const steps: StatelessStep[] = [];
    for (let index = first; index <= last; index++) {
      const step = stepOf(at(this.#nodes, index));
      invariant(step !== undefined, 'a run consists of steps', { index });
      steps.push(step);
    }
    const shared = new StatelessOperator(context, output, steps);
    for (let index = first; index <= last; index++) this.operators[index] = shared;
  }

  #outputOf(node: number): Output<unknown> {
    const { outputs } = at(this.#nodes, node);
    const trace = at(this.#traces, node);
    const [only, ...others] = outputs;
    if (only === undefined) return NO_OUTPUT;
    const output =
      others.length === 0 && only.tag === undefined
        ? this.#targetOf(only, trace)
        : new FanOutOutput(outputs.map((each) => ({ tag: each.tag, output: this.#targetOf(each, trace) })));
    this.#after[node] = output;
    return output;
  }

  #targetOf(output: ChainOutput, trace: WatermarkTrace): Output<unknown> & CountedOutput {
    if (output.kind === 'edge') {
      const edge = new EdgeOutput(this.#host.edgeOutput(output.edge), trace);
      this.#edges.push(edge);
      return edge;
    }
    const consumer = at(this.operators, output.node);
    const input = at(consumer.inputs, output.inputIndex) as Input<unknown>;
    const chained = new ChainedOutput(input, trace);
    this.#before[output.node] = chained;
    return chained;
  }
}

function stepOf(node: ChainNode): StatelessStep | undefined {
  const { operator } = node;
  return operator.kind === 'operator' && isStateless(operator.factory) ? operator.factory.step : undefined;
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  invariant(item !== undefined, 'the index is within the chain', { index, length: items.length });
  return item;
}
