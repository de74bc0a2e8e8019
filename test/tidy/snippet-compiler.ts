import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { packageRoot } from './source-tree.js';

const TIMEOUT_MS = 60_000;

/** As its users see it: the compiler would take a name of its own package for the sources, and check them all. */
const PATHS = {
  millrace: ['../../dist/actors/index.d.ts'],
  'millrace/testing': ['../../dist/test/driver/index.d.ts'],
};

/** A piece of TypeScript that stands in prose, under the file name by which the compiler shall speak of it. */
export interface Snippet {
  readonly file: string;
  readonly text: string;
}

/** What the compiler has against the snippets, compiled together; '' if nothing. */
export function compileSnippets(snippets: readonly Snippet[]): string {
  return inFolder(snippets, (folder) => compile(folder, { noEmit: true }));
}

/** What the compiler has against the snippet or any declaration that it reaches, for a user who has those checked. */
export function compileWithDeclarations(snippet: Snippet): string {
  return inFolder([snippet], (folder) => {
    const compilerOptions = {
      strict: true,
      target: 'ES2023',
      lib: ['ES2024'],
      module: 'NodeNext',
      types: ['node'],
      noEmit: true,
      skipLibCheck: false,
      paths: PATHS,
    };
    return compiled(folder, { compilerOptions, include: ['*.ts'] });
  });
}

/** What the compiler has against the snippet, or Node when it runs it; '' if nothing. */
export function runSnippet(snippet: Snippet): string {
  return made(snippet, (program) => output([program]));
}

/** What the snippet prints; what the compiler has against it, or Node, where it does not come to its end. */
export function printedBy(snippet: Snippet): string {
  return made(snippet, (program) => {
    const run = spawnSync(process.execPath, [program], { encoding: 'utf8', timeout: TIMEOUT_MS });
    return run.status === 0 ? run.stdout : `${run.stdout}${run.stderr}`;
  });
}

function made(snippet: Snippet, work: (program: string) => string): string {
  return inFolder([snippet], (folder) => {
    const found = compile(folder, { outDir: 'made', declaration: false, sourceMap: false });
    if (found !== '') return found;
    return work(join(folder, 'made', '.out', basename(folder), snippet.file.replace(/\.ts$/, '.js')));
  });
}

/** The snippets lie below the package root, so that an `import ... from 'millrace'` finds this package. */
function inFolder(snippets: readonly Snippet[], work: (folder: string) => string): string {
  const root = packageRoot();
  mkdirSync(join(root, '.out'), { recursive: true });
  const folder = mkdtempSync(join(root, '.out', 'snippets-'));
  try {
    for (const { file, text } of snippets) writeFileSync(join(folder, file), text);
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function compile(folder: string, options: Readonly<Record<string, unknown>>): string {
  return compiled(folder, {
    extends: '../../tsconfig.json',
    compilerOptions: {
      ...options,
      rootDir: '../..',
      paths: PATHS,
      noUnusedLocals: false,
      noUnusedParameters: false,
      // What imports types only is told apart by the compiler: the text is for readers.
      verbatimModuleSyntax: false,
    },
    // `millrace` is found as source, and nothing in a source names the declarations that it leans on.
    include: ['*.ts', '../../actors/**/*.d.ts'],
  });
}

function compiled(folder: string, settings: object): string {
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  // Not bin/tsc: a program without an extension does not pass the loaders that tap puts into children.
  return output([join(packageRoot(), 'node_modules', 'typescript', 'lib', 'tsc.js'), '-p', folder]);
}

/** What a program of Node says, if it fails; '' if it does not. */
function output(args: readonly string[]): string {
  const run = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: TIMEOUT_MS });
  return run.status === 0 ? '' : `${run.stdout}${run.stderr}`;
}
