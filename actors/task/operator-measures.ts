import {
  type ChainNode,
  type OperatorChain,
  type OperatorEventTime,
  type TaskMetrics,
  Watermark,
} from '../../core/internal.js';

/** What the operators of a task are measured by, as it stands when it is asked for. */
export interface ChainSurroundings {
  /** Records that came to the head. */
  records(): number;
  eventTime(): readonly OperatorEventTime[];
}

/** Registers what the engine knows of every operator of a chain. */
export function measureOperators(
  metrics: TaskMetrics,
  nodes: readonly ChainNode[],
  chain: OperatorChain,
  surroundings: ChainSurroundings,
): void {
  const { counts } = chain;
  for (const [index, { uid, operator, outputs }] of nodes.entries()) {
    metrics.measure(uid, 'counter', 'numRecordsIn', () => counts.in(index, surroundings.records()));
    metrics.measure(uid, 'counter', 'numRecordsOut', () => counts.out(index, surroundings.records()));
    const group = metrics.groupOf(uid);
    if (operator.kind !== 'source')
      group.gauge('currentInputWatermark', () => surroundings.eventTime()[index]?.watermark ?? Watermark.MIN);
    if (outputs.length > 0) group.gauge('currentOutputWatermark', () => chain.outputWatermark(index));
  }
}
