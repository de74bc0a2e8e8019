import t from 'tap';
import { expandBraces, findFiles } from '../../../storage/connectors/file-pattern.js';
import { MemoryFileSystem } from './memory-file-system.js';

function disk(): MemoryFileSystem {
  const disk = new MemoryFileSystem();
  for (const path of [
    '/d/b.txt',
    '/d/a.txt',
    '/d/a.csv',
    '/d/.hidden.txt',
    '/d/_SUCCESS',
    '/d/sub/c.txt',
    '/d/sub/deep/d.txt',
    '/d/.git/e.txt',
    '/d/odd*name/f.txt',
    '/e/2024-01/x.log',
    '/e/2024-02/y.log',
    '/e/2025-01/z.log',
  ]) {
    disk.put(path, 'x');
  }
  return disk;
}

t.test('a path is a file, a folder or a pattern', async (t) => {
  const cases: [patterns: string[], recursive: boolean, found: string[]][] = [
    [['/d/a.txt'], false, ['/d/a.txt']],
    [['/d'], false, ['/d/a.csv', '/d/a.txt', '/d/b.txt']],
    [['/d/'], false, ['/d/a.csv', '/d/a.txt', '/d/b.txt']],
    [['/d/sub'], true, ['/d/sub/c.txt', '/d/sub/deep/d.txt']],
    [['/d/*.txt'], false, ['/d/a.txt', '/d/b.txt']],
    [['/d/?.txt'], false, ['/d/a.txt', '/d/b.txt']],
    [['/d/.h*'], false, ['/d/.hidden.txt']],
    [['/d/_SUCCESS'], false, ['/d/_SUCCESS']],
    [
      ['/d/**/*.txt'],
      false,
      ['/d/a.txt', '/d/b.txt', '/d/odd*name/f.txt', '/d/sub/c.txt', '/d/sub/deep/d.txt'],
    ],
    [['/d/sub/**'], false, ['/d/sub/c.txt', '/d/sub/deep/d.txt']],
    [['/d/**/deep/*'], false, ['/d/sub/deep/d.txt']],
    [['/d/{b,a}.{txt,csv}'], false, ['/d/a.csv', '/d/a.txt', '/d/b.txt']],
    [['/e/2024-*/*.log'], false, ['/e/2024-01/x.log', '/e/2024-02/y.log']],
    [['/e/2024-*'], false, ['/e/2024-01/x.log', '/e/2024-02/y.log']],
    [['/d/odd*name'], false, ['/d/odd*name/f.txt']],
    [['/d/b.txt', '/d/*.txt'], false, ['/d/b.txt', '/d/a.txt']],
  ];
  for (const [patterns, recursive, found] of cases) {
    const files = await findFiles(disk(), patterns, recursive);
    t.same(
      files.map((file) => file.path),
      found,
      patterns.join(' '),
    );
  }
});

t.test('what matches no file is an error that names the pattern', async (t) => {
  for (const pattern of ['/nothing', '/d/*.parquet', '/d/.git/*/x', '/d/{x,y}']) {
    await t.rejects(findFiles(disk(), [pattern], false), {
      code: 'MR6002',
      what: new RegExp(pattern.slice(1, 3)),
    });
  }
});

t.test('braces expand, nested too', async (t) => {
  t.same(expandBraces('/x/{a,b{c,d}}{1,2}'), ['/x/a1', '/x/a2', '/x/bc1', '/x/bc2', '/x/bd1', '/x/bd2']);
  t.same(expandBraces('/x/{a'), ['/x/{a']);
});
