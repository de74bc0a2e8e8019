import { Worker, type WorkerOptions } from 'node:worker_threads';

/** A thread of ours that is no task: the control plane, a graph builder. The only place that starts one. */
export function spawnThread(entry: URL, options: WorkerOptions): Worker {
  return new Worker(entry, options);
}
