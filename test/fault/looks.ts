import type { LocalJob } from 'millrace';

/** A look crosses to another thread and back: without a pause two threads would do nothing else. */
const BETWEEN_LOOKS_MS = 5;

const ENDED: ReadonlySet<string> = new Set(['FINISHED', 'FAILED', 'CANCELED', 'SUSPENDED']);

/** Resolves when `holds` does, looked at again and again; rejects when a look does. */
export function until(holds: () => Promise<boolean>): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = async (): Promise<void> => {
      if (await holds()) resolve();
      else setTimeout(() => look().catch(reject), BETWEEN_LOOKS_MS);
    };
    look().catch(reject);
  });
}

/** Until another checkpoint is complete, or the job has ended, after which none follows. */
export async function anotherCheckpoint(job: LocalJob): Promise<void> {
  const before = (await job.status())?.checkpoints.completed ?? 0;
  await until(async () => {
    const status = await job.status();
    return status === undefined || ENDED.has(status.status) || status.checkpoints.completed > before;
  });
}
