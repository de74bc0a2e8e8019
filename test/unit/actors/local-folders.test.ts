import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import t, { type Test } from 'tap';
import { newLocalFolder, removeLeftovers } from '../../../actors/boot/local-folders.js';
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

t.test('what another host or container has made goes when nobody has written to it for a day', async (t) => {
  const tmp = ownTmp(t);
  const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * 3_600_000);
  const aged = (name: string, folder: Date, file: Date): string => {
    make(join(tmp, name));
    utimesSync(join(tmp, name, 'backup', 'file'), file, file);
    for (const path of [join(tmp, name, 'backup'), join(tmp, name)]) utimesSync(path, folder, folder);
    return name;
  };
  const [pid] = processName().split('-');
  aged(`millrace-${pid}-0123abcd-0123abcd-000000000001`, hoursAgo(25), hoursAgo(25));
  const written = aged(`millrace-${pid}-0123abcd-0123abcd-000000000002`, hoursAgo(25), hoursAgo(23));
  await removeLeftovers();
  t.same(readdirSync(tmp), [written]);
});
