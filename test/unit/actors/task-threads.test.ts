import t from 'tap';
import type { Deployment } from '../../../actors/boot/deployment.js';
import { TaskThreads } from '../../../actors/boot/task-threads/task-threads.js';
import { type LauncherSettings, ThreadTaskLauncher } from '../../../actors/boot/thread-task-launcher.js';

const HEAP = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 };

function threads(): TaskThreads {
  return new TaskThreads({ opensLmdb: false, speaksS3: false }, [HEAP]);
}

function deployment(fingerprint: string): Deployment {
  return { fingerprint, threads: threads() } as unknown as Deployment;
}

t.test('once the threads of a job are closed none is taken, and none is warmed', async (t) => {
  const closed = threads();
  await closed.close();
  t.throws(() => closed.take([HEAP]), { code: 'MR9001' });
  closed.warmSoon();
  await closed.warm();
  await closed.close();
});

t.test('a job that has ended while its rescale was planned starts no threads for that', async (t) => {
  const launcher = new ThreadTaskLauncher({} as unknown as LauncherSettings, deployment('present'));
  await launcher.close();
  await t.rejects(launcher.offer(deployment('next')), { code: 'MR5003' });
  await t.rejects(launcher.offer(deployment('present')), { code: 'MR5003' });
});
