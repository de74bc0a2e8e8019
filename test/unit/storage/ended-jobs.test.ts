import t from 'tap';
import type { StoredJobResult } from '../../../core/internal.js';
import { MemoryObjectStore, openJob, readManifestAt } from '../../../storage/index.js';
import { checkpoint, led } from './led-job.js';

const ENDS: readonly (readonly [StoredJobResult, RegExp])[] = [
  [
    { state: 'FINISHED', finishedMs: 7 },
    /: the job has finished .*removed when it ended\. .*take a savepoint of a job/s,
  ],
  [{ state: 'CANCELED', finishedMs: 7 }, /: the job was cancelled .*RETAIN_ON_CANCELLATION/s],
  [
    { state: 'FINISHED', finishedMs: 7, savepointPath: '/s/1' },
    /: the job was stopped .*stopped with: \/s\/1/s,
  ],
];

async function open(store: MemoryObjectStore) {
  return led(
    await openJob({
      store,
      jobName: 'delays',
      mode: 'fresh',
      holder: { host: 'h', bootId: 'b', pid: 1, processStartTime: '' },
      holderState: () => 'dead',
      nowMs: 0,
      onUnreadable: () => undefined,
      onWarning: (error) => {
        throw error;
      },
    }),
  );
}

t.test(
  'of a job that has ended it is said that it keeps no checkpoint, not that none can be read',
  async (t) => {
    for (const [result, message] of ENDS) {
      for (const checkpoints of [0, 2]) {
        const store = new MemoryObjectStore();
        const job = await open(store);
        for (let id = 1; id <= checkpoints; id++) await checkpoint(job, id);
        await job.storage.finish(result, false);
        const found = readManifestAt(
          () => store,
          '/c/delays',
          () => undefined,
        );
        await t.rejects(found, { code: 'MR3008', message });
      }
    }
  },
);

t.test('a checkpoint that an ended job keeps is found', async (t) => {
  const store = new MemoryObjectStore();
  const job = await open(store);
  const kept = await checkpoint(job, 1);
  await job.storage.finish({ state: 'CANCELED', finishedMs: 7 }, true);
  const found = await readManifestAt(
    () => store,
    '/c/delays',
    () => undefined,
  );
  t.strictSame(found.manifest, kept);
});
