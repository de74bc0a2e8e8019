import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MillraceError } from '../../core/internal.js';

/** The version in the package.json above this file, wherever the compiled output lies below it. */
export function packageVersion(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const path = join(folder, 'package.json');
    if (existsSync(path)) return String(JSON.parse(readFileSync(path, 'utf8')).version);
    const above = dirname(folder);
    if (above === folder)
      throw new MillraceError('MR9002', 'The package has no package.json above its code.');
    folder = above;
  }
}
