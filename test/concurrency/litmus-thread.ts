import { Worker } from 'node:worker_threads';

/** What a litmus thread plays, and with what memory. Structured-cloneable. */
export interface LitmusOrder {
  readonly role: string;
  readonly count: number;
  readonly seed: number;
  readonly shared: unknown;
}

/**
 * Starts one role of litmus-roles.ts on a thread of its own. Resolves to what the role returned; rejects if
 * it threw or takes longer than a minute.
 */
export function litmusThread<T>(order: LitmusOrder): Promise<T> {
  const worker = new Worker(new URL('./litmus-roles.js', import.meta.url), { workerData: order });
  return new Promise<T>((resolve, reject) => {
    const deadline = setTimeout(() => {
      reject(new Error(`role ${order.role} did not end`));
      void worker.terminate();
    }, 60_000);
    worker.once('message', (value: T) => resolve(value));
    worker.once('error', reject);
    worker.once('exit', (code) => {
      clearTimeout(deadline);
      reject(new Error(`role ${order.role} exited with ${code} and no result`));
    });
  });
}
