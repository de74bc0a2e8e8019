import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './source-tree.js';

const TIMEOUT_MS = 60_000;

/** A piece of TypeScript that stands in prose, under the file name by which the compiler shall speak of it. */
export interface Snippet {
  readonly file: string;
  readonly text: string;
}

/**
 * What the compiler has against the snippets, compiled together; '' if nothing. They lie below the package
 * root meanwhile, so that an `import ... from 'millrace'` finds this package.
 */
export function compileSnippets(snippets: readonly Snippet[]): string {
  const root = packageRoot();
  mkdirSync(join(root, '.out'), { recursive: true });
  const folder = mkdtempSync(join(root, '.out', 'snippets-'));
  try {
    for (const { file, text } of snippets) writeFileSync(join(folder, file), text);
    const settings = {
      extends: '../../tsconfig.json',
      compilerOptions: {
        noEmit: true,
        rootDir: '../..',
        noUnusedLocals: false,
        noUnusedParameters: false,
        // What imports types only is told apart by the compiler: the text is for readers.
        verbatimModuleSyntax: false,
      },
      // `millrace` is found as source, and nothing in a source names the declarations that it leans on.
      include: ['*.ts', '../../actors/**/*.d.ts'],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
    // Not bin/tsc: a program without an extension does not pass the loaders that tap puts into children.
    const tsc = join(root, 'node_modules', 'typescript', 'lib', 'tsc.js');
    const run = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8', timeout: TIMEOUT_MS });
    return run.status === 0 ? '' : `${run.stdout}${run.stderr}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
