import t from 'tap';
import { RULES } from './rules.js';
import { treeOf } from './source-tree.js';

/** The messages of one rule on a small tree. A bar in a text goes away, so that this file stays tidy. */
function seen(id: string, files: Readonly<Record<string, string>>): string[] {
  const rule = RULES.find((candidate) => candidate.id === id);
  if (rule === undefined) throw new Error(`There is no rule ${id}`);
  const texts = Object.entries(files).map(([path, text]) => [path, text.replaceAll('¦', '')] as const);
  return rule.find(treeOf(new Map(texts))).map(({ path, line }) => `${path}:${line}`);
}

/** One planted violation, and a file beside it that is right. */
interface Case {
  readonly rule: string;
  readonly path: string;
  readonly wrong: string;
  readonly right: string;
}

const IMPORTS: readonly Case[] = [
  {
    rule: 'import-table',
    path: 'core/job/a.ts',
    wrong: "import { x } from 'node:fs';",
    right: "// import 'node:fs'",
  },
  {
    rule: 'import-table',
    path: 'core/job/a.ts',
    wrong: "import { x } from '../index.js';",
    right: "import { x } from '../base/prng.js';",
  },
  {
    rule: 'import-table',
    path: 'memory/ring.ts',
    wrong: "import { x } from '../core/base/prng.js';",
    right: "import { x } from '../core/internal.js';",
  },
  {
    rule: 'import-table',
    path: 'storage/a.ts',
    wrong: "import { SpscRing } from '../memory/index.js';",
    right: "import { MemoryBudget } from '../memory/index.js';",
  },
  {
    rule: 'import-table',
    path: 'actors/task/a.ts',
    wrong: "import { x } from '../../storage/index.js';",
    right: "import { x } from '../../memory/index.js';",
  },
  {
    rule: 'import-table',
    path: 'actors/task/a.ts',
    wrong: "import type { Worker } from 'node:worker_threads';",
    right: "import { join } from 'node:path';",
  },
  {
    rule: 'import-table',
    path: 'actors/cluster/a.ts',
    wrong: "import { Command } from 'commander';",
    right: "import * as Comlink from 'comlink';",
  },
  {
    rule: 'import-table',
    path: 'test/driver/a.ts',
    wrong: "import t from 'tap';",
    right: "import { x } from '../../core/base/prng.js';",
  },
  {
    rule: 'import-table',
    path: 'actors/dashboard/view/a.tsx',
    wrong: "import { x } from '../../cluster/cluster-gateway.js';",
    right: "import { x } from '../model/figures.js';\nimport { render } from 'preact';",
  },
  {
    rule: 'import-table',
    path: 'actors/dashboard/model/a.ts',
    wrong: "import { join } from 'node:path';",
    right: "import { layout } from '@dagrejs/dagre';",
  },
  {
    rule: 'import-table',
    path: 'actors/rest/a.ts',
    wrong: "import { x } from '../dashboard/model/figures.js';",
    right: "import { x } from '../cluster/cluster-gateway.js';",
  },
  {
    rule: 'core-floors',
    path: 'core/serde/a.ts',
    wrong: "import { x } from '../api/source.js';",
    right: "import { x } from '../element/watermark.js';",
  },
  {
    rule: 'job-modules',
    path: 'actors/task/a.ts',
    wrong: 'const job = await import(url);',
    right: "const s3 = await import('../x.js');",
  },
  {
    rule: 'declared-packages',
    path: 'storage/a.ts',
    wrong: "import { x } from 'left-pad';",
    right: "import { x } from 'node:fs';",
  },
];

const WORDING: readonly Case[] = [
  {
    rule: 'core-purity',
    path: 'core/a/b.ts',
    wrong: 'const now = Date.now();',
    right: 'const now = clock.now(); // not Date.now()',
  },
  {
    rule: 'core-purity',
    path: 'core/a/b.ts',
    wrong: 'const id = process.pid;',
    right: 'f({ process: 1 }).process(g);',
  },
  {
    rule: 'core-purity',
    path: 'core/a/b.ts',
    wrong: 'const b = new TextEncoder();',
    right: "const b = 'TextEncoder';",
  },
  {
    rule: 'time-and-chance',
    path: 'actors/task/a.ts',
    wrong: 'setTimeout(f, 1);',
    right: 'timers.setTimeout(f, 1);',
  },
  {
    rule: 'time-and-chance',
    path: 'actors/dashboard/view/a.tsx',
    wrong: 'const a = <i />; const b = <b>{Date.now()}</b>;',
    right: "const a = <i />; const b = <b>{'Date.now()'}</b>; const c = wallMs();",
  },
  {
    rule: 'shared-memory',
    path: 'actors/task/a.ts',
    wrong: 'Atomics.load(a, 0);',
    right: '// Atomics live elsewhere',
  },
  { rule: 'unfinished', path: 'core/a.ts', wrong: '// TO¦DO: more', right: '// Todos los flujos' },
  { rule: 'unfinished', path: 'actors/a.ts', wrong: 'class XForTes¦t {}', right: 'class X {}' },
  { rule: 'unfinished', path: 'bench/a.ts', wrong: 'Math.random();', right: "f('Math.random');" },
  { rule: 'honest-tests', path: 'test/a.test.ts', wrong: 't.sk¦ip(f);', right: 't.test(f);' },
  { rule: 'honest-tests', path: 'test/a.test.ts', wrong: 'fc.assert(p);', right: "check('name', p);" },
  {
    rule: 'honest-tests',
    path: 'test/a.test.ts',
    wrong: 'await new Promise((resolve) => setTimeout(resolve, 10));',
    right: 'await new Promise((_, reject) => { setTimeout(() => reject(late), 10); });',
  },
  { rule: 'types-tight', path: 'core/a.ts', wrong: 'f(x!.y);', right: 'if (!x && x !== y) f(`$¦{x}!`);' },
  { rule: 'types-tight', path: 'core/a.ts', wrong: '// @ts-ignore¦', right: '// the compiler is right' },
  {
    rule: 'types-tight',
    path: 'core/index.ts',
    wrong: "export * from './a.js';",
    right: "export { a } from './a.js';",
  },
  {
    rule: 'any',
    path: 'storage/a.ts',
    wrong: 'const x: any = 1;',
    right: 'let any = false; any = true; Promise.any([]); // at any time',
  },
  { rule: 'any', path: 'core/a.ts', wrong: 'const m = new Map<string, any>();', right: 'f(x, any);' },
  {
    rule: 'empty-catch',
    path: 'storage/a.ts',
    wrong: 'try { f(); } catch {¦}',
    right: 'try { f(); } catch { /* gone already */ }',
  },
];

const SHAPES: readonly Case[] = [
  { rule: 'file-length', path: 'core/a.ts', wrong: 'x;\n'.repeat(401), right: 'x;\n'.repeat(400) },
  {
    rule: 'function-length',
    path: 'core/a.ts',
    wrong: `function f(): Map<string, { a: 1 }> {\n${'x;\n'.repeat(69)}}`,
    right: `function f(): { a: 1 } {\n${'x;\n'.repeat(68)}}\nif (x) {\n${'x;\n'.repeat(80)}}`,
  },
  {
    rule: 'constructor-parameters',
    path: 'core/a.ts',
    wrong: 'class A { constructor(a: 1, b: 2, c: 3, d: 4, e: 5, f: 6) {} }',
    right: 'class A { constructor(a: 1, b: Map<2, 2>, c: [3, 3], d: 4, e: { x: 5; y: 5 },) {} }',
  },
  {
    rule: 'line-length',
    path: 'core/a.ts',
    wrong: `// ${'x'.repeat(120)}`,
    right: `f('${'x'.repeat(120)}');`,
  },
  { rule: 'names', path: 'core/base/string-utils.ts', wrong: '', right: '' },
  {
    rule: 'names',
    path: 'core/a.ts',
    wrong: 'class ClockImpl {}',
    right: 'class Utilization {} class Implicit {}',
  },
  {
    rule: 'names',
    path: 'core/a.ts',
    wrong: 'interface IClock {}',
    right: 'interface IdleStrategy {} interface IO {}',
  },
  { rule: 'test-suffixes', path: 'test/fault/a.test.ts', wrong: '', right: '' },
  {
    rule: 'links',
    path: 'README.md',
    wrong: '[a](core/nothing.md)',
    right: '# A b\n[a](#a-b) [b](https://example.org)',
  },
  {
    rule: 'readme-commands',
    path: 'README.md',
    wrong: '',
    right: '`npm ci && npm start` `npm ci && npm test`',
  },
  { rule: 'top-folders', path: 'lib/a.ts', wrong: '', right: '' },
  { rule: 'no-machine', path: 'core/a.ts', wrong: "f('/ho¦me/someone');", right: "f('./home/someone');" },
  {
    rule: 'no-machine',
    path: 'package-lock.json',
    wrong: '"resolved": "https://r.example/x"',
    right: '"version": "1"',
  },
];

/** Rules of which the path itself is the violation: where the same text is right. */
const RIGHT_PATHS: Readonly<Record<string, string>> = {
  'core/base/string-utils.ts': 'core/base/text.ts',
  'test/fault/a.test.ts': 'test/fault/a.fault.test.ts',
  'lib/a.ts': 'core/a.ts',
};

for (const { rule, path, wrong, right } of [...IMPORTS, ...WORDING, ...SHAPES]) {
  t.test(`${rule} sees ${JSON.stringify(wrong.slice(0, 60) || path)} and only that`, async (t) => {
    t.ok(seen(rule, { [path]: wrong })[0]?.startsWith(`${path.split('/')[0]}`), 'the wrong one is seen');
    t.strictSame(seen(rule, { [RIGHT_PATHS[path] ?? path]: right }), [], 'the right one is not');
  });
}

t.test('one-place allows one file or one folder, not two', async (t) => {
  const use = "import { open } from 'lmdb';";
  t.strictSame(seen('one-place', { 'storage/state/a.ts': use, 'storage/state/b.ts': use }), []);
  t.equal(seen('one-place', { 'storage/state/a.ts': use, 'storage/b.ts': use }).length, 2);
});

t.test('a file is alive if a way leads to it from a door or a program', async (t) => {
  const files = {
    'package.json': '{ "bin": { "millrace": "dist/actors/boot/millrace.js" } }',
    'actors/boot/millrace.ts': "import { a } from '../a.js';\nnew URL('./thread.js', import.meta.url);",
    'actors/a.ts': 'export const a = 1;',
    'actors/boot/thread.ts': 'a();',
    'actors/b.ts': "import { c } from './c.js';",
    'actors/c.ts': "import { b } from './b.js';",
  };
  t.strictSame(seen('dead-files', files), ['actors/b.ts:1', 'actors/c.ts:1']);
});

t.test('a file with JSX is alive if the page leads to it', async (t) => {
  const files = {
    'actors/dashboard/index.html': '<script type="module" src="./main.tsx"></script>',
    'actors/dashboard/main.tsx': "import { A } from './view/a.js';\nconst a = <A />;",
    'actors/dashboard/view/a.tsx': 'export function A() {}',
    'actors/dashboard/view/b.tsx': 'export function B() {}',
  };
  t.strictSame(seen('dead-files', files), ['actors/dashboard/view/b.tsx:1']);
  t.strictSame(seen('dead-exports', files), ['actors/dashboard/view/b.tsx:1']);
});

t.test('an export is alive if another file names it', async (t) => {
  const files = {
    'core/a.ts': 'export const used = 1;\nexport function dead(): void {}\nexport type Free = 1;\n',
    'test/a.test.ts': "import { used as other } from '../core/a.js';",
  };
  t.strictSame(seen('dead-exports', files), ['core/a.ts:2']);
});
