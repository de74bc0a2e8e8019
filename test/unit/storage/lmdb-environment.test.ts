import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { LmdbEnvironment } from '../../../storage/state/lmdb-environment.js';
import { lmdbLibrary } from '../../../storage/state/lmdb-library.js';

t.test('an environment that is closed is kept by nobody', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-lmdb-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const { allDbs } = lmdbLibrary();
  const known = (): string[] => [...allDbs.keys()].filter((name) => name.startsWith('forgotten-'));
  const first = new LmdbEnvironment(join(folder, 'forgotten-1'));
  const second = new LmdbEnvironment(join(folder, 'forgotten-2'));
  t.same(known(), ['forgotten-1', 'forgotten-2'], 'what the library keeps');
  await first.remove();
  t.same(known(), ['forgotten-2']);
  await second.close();
  await second.close();
  t.same(known(), []);
});
