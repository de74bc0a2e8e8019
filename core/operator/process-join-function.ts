import type { OutputTag } from '../api/output-tag.js';
import type { Collector } from './collector.js';
import type { RichFunction } from './rich-function.js';
import type { RuntimeContext } from './runtime-context.js';

/**
 * Sees the pairs of an interval join. In an outer join one of the two may be undefined.
 *
 * @example
 * ```ts
 * orders
 *   .keyBy((order) => order.id)
 *   .intervalJoin(payments.keyBy((payment) => payment.order))
 *   .between(0, '1 h')
 *   .process<string>({
 *     processElement: (order, payment, ctx, out) =>
 *       out.collect(`${order.id} paid ${payment.amount} after ${ctx.rightTimestamp - ctx.leftTimestamp} ms`),
 *   });
 * ```
 */
export interface ProcessJoinFunction<L, R, OUT, LT = number, RT = number>
  extends RichFunction<RuntimeContext> {
  /** Results have the later one of the two timestamps. */
  processElement(left: L, right: R, ctx: ProcessJoinContext<LT, RT>, out: Collector<OUT>): void;
}

/** Valid only during the call that it is given to. */
export interface ProcessJoinContext<LT = number, RT = number> extends RuntimeContext {
  readonly leftTimestamp: LT;
  readonly rightTimestamp: RT;
  /** The later one of both: that of the results. */
  readonly timestamp: number;
  output<X>(tag: OutputTag<X>, value: X): void;
}
