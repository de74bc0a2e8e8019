import t from 'tap';
import { checkpoint, manifestOf } from '../unit/storage/led-job.js';
import { FOLDER, filesIn, jobOn, type MakeChecker, says } from './checker-story.js';
import { ExportChecker } from './checkers/export-checker.js';
import { JobLog } from './checkers/job-log.js';
import { RetentionChecker } from './checkers/retention-checker.js';

t.test('no more checkpoints are kept than are to be', async (t) => {
  const make: MakeChecker = (verdict, picture) => new RetentionChecker(picture, new JobLog(FOLDER), verdict);
  for (const [count, expected] of [
    [2, undefined],
    [1, /1 checkpoints are to be kept, and there are 2/],
  ] as const)
    await says(
      t,
      make,
      async (told) => {
        const job = await jobOn(told);
        await checkpoint(job, 1);
        await checkpoint(job, 2);
        told.listeners.onCheckpointsRetained(count);
      },
      expected,
    );
});

t.test('as many checkpoints are kept as are to be', async (t) => {
  for (const [keptCount, expected] of [
    [1, undefined],
    [2, /Slot 2 of the log is removed, which whoever takes over begins from/],
  ] as const)
    await says(
      t,
      (verdict, picture) => new RetentionChecker(picture, new JobLog(FOLDER), verdict, { keptCount }),
      async (told) => {
        const job = await jobOn(told);
        await checkpoint(job, 1);
        await checkpoint(job, 2);
        for (const path of filesIn(told.disk, 'log').slice(0, 2)) told.disk.remove(path);
      },
      expected,
    );
});

t.test('the record of a claim stays while a checkpoint names what was claimed', async (t) => {
  const name = '0000000001-0000000001';
  for (const [isNamed, expected] of [
    [false, undefined],
    [true, /claims.* is removed, and checkpoint 1 names what was claimed/],
  ] as const)
    await says(
      t,
      (verdict, picture) => new RetentionChecker(picture, new JobLog(FOLDER), verdict),
      async (told) => {
        const job = await jobOn(told);
        const key = isNamed ? `claimed/${name}/data/x` : 'data/0000000001-0000000001-0-op-0.base';
        const file = { key, sizeBytes: 1, entryCount: 1, crc32c: 0 };
        await job.storage.complete(manifestOf(1, job.epoch, [file]));
        told.listeners.onFileRemoved(`${FOLDER}/claims/${name}`);
      },
      expected,
    );
});

t.test('no file goes away while the leader copies it into a savepoint', async (t) => {
  const gone = /The file \/c\/delays\/data\/.* has gone while savepoint 2 is copied/;
  for (const [steps, expected] of [
    ['export remove', gone],
    ['export answer remove', undefined],
    ['remove', undefined],
    // Whoever has taken over removes what nobody completed.
    ['export take-over remove', undefined],
  ] as const)
    await says(
      t,
      (verdict) => new ExportChecker(new JobLog(FOLDER), verdict),
      async (told) => {
        const job = await jobOn(told);
        const manifest = await checkpoint(job, 2);
        const call = { type: 'export', manifest } as const;
        for (const step of steps.split(' ')) {
          if (step === 'export') told.listeners.onStorageAsked('p1', call);
          if (step === 'answer')
            told.listeners.onStorageAnswered('p1', call, { type: 'done', value: undefined });
          if (step === 'take-over') await jobOn(told, 'resume');
          if (step === 'remove') for (const path of filesIn(told.disk, 'data')) told.disk.remove(path);
        }
      },
      expected,
    );
});
