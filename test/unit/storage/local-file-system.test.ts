import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { MillraceError } from '../../../core/internal.js';
import { fileError, LocalFileSystem } from '../../../storage/index.js';

const root = mkdtempSync(join(tmpdir(), 'millrace-disk-'));
t.teardown(() => rmSync(root, { recursive: true }));
const disk = new LocalFileSystem();

async function write(path: string, ...parts: string[]): Promise<void> {
  const file = await disk.create(path);
  for (const part of parts) await file.append(Buffer.from(part));
  await file.sync();
  await file.close();
}

t.test('a file is made with its folders, appended to, and read at positions', async (t) => {
  const path = `${root}/a/b/file`;
  await write(path, 'hello ', 'world');
  t.equal(readFileSync(path, 'utf8'), 'hello world');
  const file = await disk.openRead(path);
  t.equal(file.sizeBytes, 11);
  t.equal(Buffer.from(await file.read(6, 3)).toString(), 'wor');
  t.equal(Buffer.from(await file.read(6, 300)).toString(), 'world');
  t.equal((await file.read(11, 5)).length, 0);
  await file.close();
  t.equal(Buffer.from((await disk.readFile(path)) ?? []).toString(), 'hello world');
  t.match(await disk.stat(path), { sizeBytes: 11, isFolder: false });
});

t.test('what is not there is an ordinary answer, except when it is opened', async (t) => {
  const path = `${root}/not/there`;
  t.equal(await disk.readFile(path), undefined);
  t.equal(await disk.stat(path), undefined);
  t.same(await disk.list(path), []);
  await disk.remove(path);
  await disk.removeTree(path);
  await disk.syncFolder(path);
  await t.rejects(disk.openRead(path), { code: 'MR3008', message: /not\/there/ });
});

t.test('a file is not created over another', async (t) => {
  await write(`${root}/once`, 'x');
  await t.rejects(disk.create(`${root}/once`), { code: 'MR3001', message: /EEXIST/ });
});

t.test('folders list their entries sorted; links to folders are folders', async (t) => {
  for (const name of ['c', 'a', 'b/x']) await write(`${root}/list/${name}`, '');
  symlinkSync(`${root}/list/b`, `${root}/list/d`);
  t.same(await disk.list(`${root}/list`), [
    { name: 'a', isFolder: false },
    { name: 'b', isFolder: true },
    { name: 'c', isFolder: false },
    { name: 'd', isFolder: true },
  ]);
  t.match(await disk.stat(`${root}/list/b`), { isFolder: true });
});

t.test('the names in a folder are told while it is read, each once', async (t) => {
  const folder = `${root}/names`;
  await write(`${folder}/below/x`, '');
  const expected = ['below', ...Array.from({ length: 3000 }, (_, i) => `file-${i}`)];
  for (const name of expected.slice(1)) writeFileSync(`${folder}/${name}`, '');
  const told: string[] = [];
  await disk.visitNames(folder, (name) => told.push(name));
  t.same(told.sort(), expected.sort());
  await disk.visitNames(`${folder}/not there`, (name) => t.fail(name));
  await t.rejects(
    disk.visitNames(`${folder}/file-0`, (name) => t.fail(name)),
    { code: 'MR3001' },
  );
});

t.test('of several that link one name exactly one wins, and the winner stays', async (t) => {
  const names = Array.from({ length: 8 }, (_, i) => `${root}/link/source-${i}`);
  for (const name of names) await write(name, name);
  const won = await Promise.all(names.map((name) => disk.link(name, `${root}/link/deep/target`)));
  t.equal(won.filter(Boolean).length, 1);
  const winner = names[won.indexOf(true)] ?? '';
  t.equal(readFileSync(`${root}/link/deep/target`, 'utf8'), winner);
  t.equal((await disk.stat(winner))?.identity, (await disk.stat(`${root}/link/deep/target`))?.identity);
  await disk.remove(winner);
  t.equal(readFileSync(`${root}/link/deep/target`, 'utf8'), winner);
  await t.rejects(disk.link(`${root}/link/gone`, `${root}/link/other`), { code: 'MR3008' });
});

t.test('a tree is removed with all below it', async (t) => {
  await write(`${root}/tree/x/y/z`, '');
  await disk.removeTree(`${root}/tree`);
  t.equal(await disk.stat(`${root}/tree`), undefined);
});

t.test('a path through a file is refused with what to do', async (t) => {
  writeFileSync(`${root}/plain`, '');
  await t.rejects(disk.create(`${root}/plain/below`), { code: 'MR3001', message: /plain.*another folder/ });
  await t.rejects(disk.create(`${root}/${'x'.repeat(300)}`), { code: 'MR3001', message: /shorter/ });
});

t.test('folders that are made at once by many are made', async (t) => {
  const paths = Array.from({ length: 8 }, (_, i) => `${root}/many/a/b/c/file-${i}`);
  await Promise.all(paths.map((path) => write(path, 'x')));
  t.equal((await disk.list(`${root}/many/a/b/c`)).length, 8);
});

t.test('where no folder can be made, that is said at once', async (t) => {
  if (process.platform !== 'linux') return t.comment('only Linux has a /proc');
  await t.rejects(disk.create('/proc/millrace/log/1'), {
    code: 'MR3002',
    message: /No folder can be made in/,
  });
});

t.test('an errno becomes a code, with the path and what to do', async (t) => {
  const cases: [string, string, RegExp][] = [
    ['ENOSPC', 'MR3003', /free space/],
    ['EDQUOT', 'MR3003', /quota/],
    ['EACCES', 'MR3002', /writable/],
    ['EROFS', 'MR3002', /execution\.checkpointing\.dir/],
    ['EPERM', 'MR3002', /writable/],
    ['ENOENT', 'MR3008', /removed/],
    ['EIO', 'MR3001', /disk/],
    ['EMFILE', 'MR3001', /ulimit/],
  ];
  for (const [errno, code, hint] of cases) {
    const cause = Object.assign(new Error(`${errno}: something`), { code: errno });
    const error = fileError('append to', '/data/x', cause);
    t.equal(error.code, code);
    t.match(error.message, /append to \/data\/x/);
    t.match(error.hint, hint, errno);
    t.equal(error.cause, cause);
  }
  t.match(fileError('link', '/x', Object.assign(new Error(''), { code: 'EPERM' })).hint, /hard links/);
  t.equal(fileError('read', '/x', 'a text').code, 'MR3001');
  const coded = new MillraceError('MR3004', 'as it is');
  t.equal(fileError('read', '/x', coded), coded);
});
