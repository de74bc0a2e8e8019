import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCluster, type LocalJob } from 'millrace';
import t from 'tap';
import earlySource from './jobs/early-source.js';
import { until } from './looks.js';

const ENDED = new Set(['FINISHED', 'FAILED', 'CANCELED', 'SUSPENDED']);
const COUNTS = { short: 1000, long: 20_000 };

function folder(t: { teardown(work: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-accumulators-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Until the short source has ended, in all its subtasks. */
function shortEnded(job: LocalJob, subtasks: number): Promise<void> {
  return until(async () => {
    const status = await job.status();
    if (status === undefined || ENDED.has(status.status)) throw new Error('it ended too early');
    return status.tasksFinished >= subtasks;
  });
}

t.test(
  'what had been accumulated by who had ended comes back with a savepoint, at any parallelism',
  async (t) => {
    const at = folder(t);
    let fromSavepoint: string | undefined;
    for (const parallelism of [2, 1]) {
      const cluster = await LocalCluster.start({
        parallelism,
        checkpointing: { interval: '50 ms', dir: join(at, 'checkpoints') },
        configuration: { 'execution.checkpointing.savepoint-dir': join(at, 'savepoints') },
      });
      try {
        const params = { ...COUNTS, spin: fromSavepoint === undefined ? 1000 : 0 };
        const job = await cluster.submit(earlySource, params, fromSavepoint ? { fromSavepoint } : {});
        if (fromSavepoint === undefined) {
          await shortEnded(job, parallelism);
          fromSavepoint = await job.stop();
        }
        const { accumulators } = await job.result();
        if (parallelism === 1) t.strictSame(accumulators, COUNTS);
        else t.equal(accumulators.short, COUNTS.short);
      } finally {
        await cluster.close();
      }
    }
  },
);
