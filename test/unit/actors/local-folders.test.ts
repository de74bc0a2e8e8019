import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { mock } from 'node:test';
import t, { type Test } from 'tap';
import { newLocalFolder, removeLeftovers, useLocalFolder } from '../../../actors/boot/local-folders.js';
import { processName } from '../../../storage/index.js';

/** The folder for temporary files is an empty one meanwhile. */
function ownTmp(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'leftovers-'));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  t.teardown(() => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

function make(folder: string): string {
  mkdirSync(join(folder, 'backup'), { recursive: true });
  writeFileSync(join(folder, 'backup', 'file'), 'bytes');
  return basename(folder);
}

t.test('what this process has made stays, whoever of it asks', async (t) => {
  const tmp = ownTmp(t);
  const names = [make(newLocalFolder()), make(newLocalFolder())];
  await removeLeftovers();
  t.same(readdirSync(tmp).toSorted(), names.toSorted());
});

t.test('what an earlier process with the same id has made goes', async (t) => {
  const tmp = ownTmp(t);
  const [pid, host] = processName().split('-');
  const own = make(newLocalFolder());
  make(join(tmp, `millrace-${pid}-${host}-0123abcd-0123456789ab`));
  // The id is that of a process that lives, and has not made this.
  make(join(tmp, `millrace-${process.ppid}-${host}-0123abcd-0123456789ab`));
  make(join(tmp, `millrace-${2 ** 22 + 1}-${host}-0123abcd-0123456789ab`));
  await removeLeftovers();
  t.same(readdirSync(tmp), [own]);
});

t.test('nothing goes of which it is not known whose it is', async (t) => {
  const tmp = ownTmp(t);
  const [pid, host] = processName().split('-');
  const names = [
    make(join(tmp, `millrace-${pid}-${host}-0-0123456789ab`)),
    make(join(tmp, `millrace-${pid}-0123abcd-0123abcd-0123456789ab`)),
    make(join(tmp, 'millrace-checkpoints')),
  ];
  await removeLeftovers();
  t.same(readdirSync(tmp).toSorted(), names.toSorted());
});

t.test(
  'what another host or container has made goes when it was not said for a day to be in use',
  async (t) => {
    const tmp = ownTmp(t);
    const [pid] = processName().split('-');
    const saidHoursAgo = (hours: number): string => {
      const name = make(join(tmp, `millrace-${pid}-0123abcd-0123abcd-0000000000${hours}`));
      const then = Date.now() / 1000 - hours * 3600;
      utimesSync(join(tmp, name), then, then);
      return name;
    };
    saidHoursAgo(25);
    const used = saidHoursAgo(23);
    await removeLeftovers();
    t.same(readdirSync(tmp), [used]);
  },
);

t.test('who uses a folder says so every hour, and removes it when it is done', async (t) => {
  const tmp = ownTmp(t);
  const folder = newLocalFolder();
  make(folder);
  utimesSync(folder, 1, 1);
  mock.timers.enable({ apis: ['setInterval'] });
  t.teardown(() => mock.timers.reset());
  const done = useLocalFolder(folder);
  mock.timers.tick(3_600_000);
  for (let looks = 0; statSync(folder).mtimeMs === 1000 && looks < 10_000; looks++)
    await new Promise(setImmediate);
  t.ok(statSync(folder).mtimeMs > 1000);
  await done();
  t.same(readdirSync(tmp), []);
});
