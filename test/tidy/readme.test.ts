import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { snippetsOf } from './project-rules.js';
import { packageRoot, readTree } from './source-tree.js';

const root = packageRoot();

/** Below the package root, so that a snippet's `import ... from 'millrace'` finds this package. */
function compile(snippets: readonly { readonly file: string; readonly text: string }[]): string {
  mkdirSync(join(root, '.out'), { recursive: true });
  const folder = mkdtempSync(join(root, '.out', 'snippets-'));
  try {
    for (const { file, text } of snippets) writeFileSync(join(folder, file), text);
    const settings = {
      extends: '../../tsconfig.json',
      compilerOptions: { noEmit: true, rootDir: '../..', noUnusedLocals: false },
      // `millrace` is found as source, and nothing in a source names the declarations that it leans on.
      include: ['*.ts', '../../actors/**/*.d.ts'],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
    // Not bin/tsc: a program without an extension does not pass the loaders that tap puts into children.
    const tsc = join(root, 'node_modules', 'typescript', 'lib', 'tsc.js');
    const run = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8', timeout: 60_000 });
    return run.status === 0 ? '' : `${run.stdout}${run.stderr}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

t.test('TypeScript in Markdown compiles', async (t) => {
  for (const { path, text } of readTree(root).documents) {
    const snippets = path.endsWith('.md') ? snippetsOf(text) : [];
    if (snippets.length > 0) t.equal(compile(snippets), '', path);
  }
});

t.test('a snippet that does not compile is seen', async (t) => {
  t.match(compile([{ file: 'wrong.ts', text: "export const count: number = 'one';\n" }]), /TS2322/);
});
