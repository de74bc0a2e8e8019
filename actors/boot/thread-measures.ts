import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { ThreadMeasures } from '../task/metric-publisher.js';

/** The heap of the thread it is called on, and its collections of garbage, counted from the first call on. */
export function threadMeter(): () => ThreadMeasures {
  let garbage: GarbageCount | undefined;
  return () => {
    garbage ??= new GarbageCount();
    const heap = getHeapStatistics();
    return {
      heapUsed: heap.used_heap_size,
      heapCommitted: heap.total_heap_size,
      heapMax: heap.heap_size_limit,
      gcCount: garbage.count,
      gcMs: garbage.ms,
    };
  };
}

class GarbageCount {
  count = 0;
  ms = 0;
  readonly #observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      this.count++;
      this.ms += duration;
    }
  });

  constructor() {
    this.#observer.observe({ entryTypes: ['gc'] });
  }
}
