import { Worker, type WorkerOptions } from 'node:worker_threads';
import type { V8HeapLimits } from '../../../memory/index.js';
import { startTree } from './native-loads.js';

/** A thread of ours that is no task: control plane, graph builder, state writer. The only place that starts one. */
export function spawnThread(entry: URL, heap: V8HeapLimits, options: WorkerOptions = {}): Worker {
  return startTree(() => new Worker(entry, { ...options, resourceLimits: { ...heap } }));
}
