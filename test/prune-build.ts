import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './tidy/source-tree.js';

/**
 * Takes away what was compiled from a source that is gone, so that no old test runs and no old file is
 * packed. The rest of `dist/` stays, since a program may be running from it.
 */
const root = packageRoot();
const ROOMS = ['core', 'memory', 'storage', 'actors', 'bench', 'test'];
const COMPILED = /\.(?:js|js\.map|d\.ts)$/;

function prune(folder: string): void {
  const built = join(root, 'dist', folder);
  if (!existsSync(built)) return;
  for (const entry of readdirSync(built, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) prune(path);
    else if (COMPILED.test(path) && !existsSync(join(root, path.replace(COMPILED, '.ts')))) {
      rmSync(join(root, 'dist', path));
    }
  }
  if (readdirSync(built).length === 0) rmSync(built, { recursive: true });
}

for (const room of ROOMS) prune(room);
