import {
  type BuiltJob,
  type ChainNode,
  isStateless,
  NO_TIMESTAMP,
  type Output,
  type OutputTag,
} from '../../core/internal.js';

/** Is told of everything that goes to a side output; `timestamp` is undefined where there is none. */
export type SideOutputListener = (tag: string, value: unknown, timestamp: number | undefined) => void;

/** The same job, with a listener at every side output, whether somebody consumes it or not. */
export function withObservedSideOutputs(job: BuiltJob, listener: SideOutputListener): BuiltJob {
  return {
    ...job,
    vertices: job.vertices.map((vertex) => ({
      ...vertex,
      nodes: vertex.nodes.map((node) => ({ ...node, operator: observed(node.operator, listener) })),
    })),
  };
}

function observed(operator: ChainNode['operator'], listener: SideOutputListener): ChainNode['operator'] {
  if (operator.kind === 'source') {
    const { factory } = operator;
    return {
      kind: 'source',
      factory: {
        ...factory,
        createReader: (context, output, requestSplit) =>
          factory.createReader(context, new ObservedOutput(output, listener), requestSplit),
      },
    };
  }
  const { factory } = operator;
  // Maps and filters have no side outputs, and neighbours of them must stay one operator.
  if (isStateless(factory)) return operator;
  return {
    kind: 'operator',
    factory: {
      ...factory,
      create: (context, output) => factory.create(context, new ObservedOutput(output, listener)),
    },
  };
}

class ObservedOutput implements Output<never> {
  readonly #output: Output<never>;
  readonly #listener: SideOutputListener;

  constructor(output: Output<never>, listener: SideOutputListener) {
    this.#output = output;
    this.#listener = listener;
  }

  collect(value: never, timestamp: number): void {
    this.#output.collect(value, timestamp);
  }

  emitWatermark(timestamp: number): void {
    this.#output.emitWatermark(timestamp);
  }

  emitIdle(): void {
    this.#output.emitIdle();
  }

  emitActive(): void {
    this.#output.emitActive();
  }

  sideOutput<X>(tag: OutputTag<X>, value: X, timestamp: number): void {
    this.#listener(tag.id, value, timestamp === NO_TIMESTAMP ? undefined : timestamp);
    this.#output.sideOutput(tag, value, timestamp);
  }
}
