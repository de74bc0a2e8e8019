import { StatelessOperator } from './stateless-operator.js';
import type { StreamOperator } from './stream-operator.js';

/** Where records pass by and are counted. */
export interface CountedOutput {
  /** Since the start. */
  readonly records: number;
}

/** Where the operators of a chain are counted; by node, and undefined where there is nothing of the kind. */
export interface ChainCounters {
  /** On the way to the node. */
  readonly before: readonly (CountedOutput | undefined)[];
  /** What the node has sent, side outputs with it. */
  readonly after: readonly (CountedOutput | undefined)[];
  /** On the way out of the chain. */
  readonly edges: readonly CountedOutput[];
}

/**
 * Records that came to the operators of a chain and left them, counted between two operators: within a run of maps
 * and filters only what filters drop is counted, since every other record that came leaves too.
 */
export class ChainCounts {
  readonly #operators: readonly StreamOperator[];
  readonly #counters: ChainCounters;

  constructor(operators: readonly StreamOperator[], counters: ChainCounters) {
    this.#operators = operators;
    this.#counters = counters;
  }

  /** Records that came to a node; `head`: how many to the head. */
  in(node: number, head: number): number {
    const operator = this.#operators[node];
    const first = this.#operators.indexOf(operator as StreamOperator);
    let records = first === 0 ? head : (this.#counters.before[first]?.records ?? 0);
    if (operator instanceof StatelessOperator) {
      for (let step = 0; step < node - first; step++) records -= operator.droppedBy(step);
    }
    return records;
  }

  /** Records that left a node; `head` as of {@link in}. */
  out(node: number, head: number): number {
    const counted = this.#counters.after[node];
    if (counted !== undefined) return counted.records;
    const operator = this.#operators[node];
    if (!(operator instanceof StatelessOperator)) return 0;
    return this.in(node, head) - operator.droppedBy(node - this.#operators.indexOf(operator));
  }

  /** Records that left the chain by its edges; one for each edge that takes it. */
  leaving(): number {
    let records = 0;
    for (const edge of this.#counters.edges) records += edge.records;
    return records;
  }
}
