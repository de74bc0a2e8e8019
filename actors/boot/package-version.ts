import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MillraceError } from '../../core/internal.js';

/** The version in the package.json above this file. */
export function packageVersion(): string {
  return String(JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')).version);
}

/** Where the package.json above this file lies, wherever the compiled output lies below it. */
export function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    const above = dirname(folder);
    if (above === folder)
      throw new MillraceError('MR9002', 'The package has no package.json above its code.');
    folder = above;
  }
}
