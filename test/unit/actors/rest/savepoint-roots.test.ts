import { mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { SavepointRoots } from '../../../../actors/rest/savepoint-roots.js';

t.test('places in the root are found, those outside are refused', async (t) => {
  const folder = realpathSync(t.testdir());
  const root = join(folder, 'root');
  mkdirSync(join(root, 'inner'), { recursive: true });
  mkdirSync(join(folder, 'root-beside'));
  symlinkSync(folder, join(root, 'up'));
  symlinkSync(join(root, 'inner'), join(folder, 'into'));
  const roots = new SavepointRoots([root]);
  for (const [written, place] of [
    [root, root],
    [join(root, 'inner', 'new', 'newer'), join(root, 'inner', 'new', 'newer')],
    ['new', join(root, 'new')],
    ['./inner', join(root, 'inner')],
    [pathToFileURL(join(root, 'x')).href, join(root, 'x')],
    [`file:${join(root, 'x')}`, join(root, 'x')],
    [join(folder, 'into', 'x'), join(root, 'inner', 'x')],
  ] as const) {
    t.equal(await roots.confined(written), place, written);
  }
  for (const written of [
    '/etc',
    '/',
    folder,
    `${root}-beside`,
    join(root, 'up'),
    join(root, 'up', 'root-beside', 'x'),
    `${root}/../root-beside`,
    '..',
    '../root-beside',
    `${root}/inner/../../root-beside`,
    `${root}\u0000/x`,
    `${root}/x\ny`,
    `${root}\\x`,
    'file:///etc',
    `file://host${root}`,
    `file://${root}/%2e%2e/root-beside`,
    'http://evil.example/x',
    's3://bucket/x',
  ]) {
    await t.rejects(roots.confined(written), { code: 'MR7003' }, JSON.stringify(written));
  }
});

t.test('addresses are confined by their parts', async (t) => {
  const roots = new SavepointRoots(['s3://bucket/savepoints/']);
  for (const written of ['s3://bucket/savepoints', 's3://bucket/savepoints/', 's3://bucket/savepoints/a/b']) {
    t.equal(await roots.confined(written), written.replace(/\/$/, ''));
  }
  for (const written of [
    's3://bucket/savepoints-of-others/a',
    's3://bucket',
    's3://other/savepoints/a',
    's3://bucket/savepoints/../checkpoints',
    's3://bucket/savepoints/%2e%2e/checkpoints',
    's3://bucket/savepoints//a',
    's3://bucket/savepoints/./a',
    's3://bucket/savepoints?x',
    's3://user:secret@bucket/savepoints/a',
    '/etc',
  ]) {
    await t.rejects(roots.confined(written), { code: 'MR7003' }, written);
  }
});

t.test('without a root no place is named', async (t) => {
  await t.rejects(new SavepointRoots([]).confined('x'), { code: 'MR7003' });
});
