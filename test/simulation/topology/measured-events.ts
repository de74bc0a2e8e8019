import type { RuntimeContext } from '../../../core/index.js';
import type { Event } from './event.js';

/** Counts and measures each event of an operator once; checkers/metric-checker.ts sees whether that is so. */
export function eventMeasure(ctx: RuntimeContext): (event: Event) => void {
  let last = 0;
  const { logger } = ctx;
  const metrics = ctx.getMetricGroup();
  const seen = metrics.counter('seen');
  const pace = metrics.meter('pace');
  const amounts = metrics.histogram('amounts', { windowSize: 100 });
  metrics.gauge('last', () => last);
  const kinds = [0, 1, 2].map((kind) => metrics.addGroup('kind', String(kind)).counter('events'));
  return ({ id, amount }) => {
    last = id;
    seen.inc();
    pace.markEvent();
    amounts.update(amount);
    kinds[id % kinds.length]?.inc();
    logger.debug(`event ${id}`, { amount });
  };
}
