import t from 'tap';
import {
  DOORS,
  examplesOf,
  exampleTags,
  moduleOf,
  modulesFor,
  publicExports,
  STAGE,
} from './doc-examples.js';
import { compileSnippets, type Snippet } from './snippet-compiler.js';
import { packageRoot, readTree, treeOf } from './source-tree.js';

const tree = readTree(packageRoot());
const DOCUMENTED = /^(?:core|memory|storage|actors|test\/driver)\//;

t.test('the doors of the package are found', async (t) => {
  for (const door of Object.keys(DOORS)) t.ok(publicExports(tree, door).length > 0, door);
});

t.test(
  'each name that a user imports has a doc comment, and each class and function an example',
  async (t) => {
    const all = Object.keys(DOORS).flatMap((door) => publicExports(tree, door));
    const bare = all.filter(({ doc }) => doc === undefined).map(({ path, name }) => `${path} ${name}`);
    t.strictSame(bare, [], 'without a doc comment');
    const dry = all
      .filter(({ kind, doc }) => kind === 'value' && doc !== undefined && !/@example\b/.test(doc))
      .map(({ path, name }) => `${path} ${name}`);
    t.strictSame(dry, [], 'without an example');
  },
);

t.test('every example is in a form that is compiled', async (t) => {
  for (const file of tree.sources.filter(({ path }) => DOCUMENTED.test(path))) {
    t.equal(examplesOf(file).length, exampleTags(file), file.path);
  }
});

t.test('examples compile against the types of the package', async (t) => {
  const snippets: Snippet[] = [STAGE];
  for (const file of tree.sources.filter(({ path }) => DOCUMENTED.test(path))) {
    const known = modulesFor(tree, file);
    for (const example of examplesOf(file)) snippets.push(moduleOf(example, known));
  }
  t.ok(snippets.length > 40, `${snippets.length - 1} examples`);
  t.equal(compileSnippets(snippets), '');
});

t.test('an example that does not compile is seen, at its line', async (t) => {
  const text =
    '/**\n * @example\n * ```ts\n * env.fromSequence(1, 9)\n *   .mop(1);\n * ```\n */\nexport {};\n';
  const at = tree.sources.find(({ path }) => path === 'core/api/data-stream.ts');
  if (at === undefined) throw new Error('data-stream.ts has moved');
  const planted = { path: 'core/api/planted.ts', text };
  const broken = examplesOf(planted).map((example) => moduleOf(example, modulesFor(tree, at)));
  t.match(compileSnippets([STAGE, ...broken]), /core\.api\.planted\.4\.ts[:(]5\D.*mop/s);
});

t.test('a name without a doc comment, and one without an example, are seen', async (t) => {
  const files = {
    'actors/index.ts': "export { Bare, Dry } from './dry.js';\n",
    'actors/dry.ts': 'export class Bare {}\n\n/** Says what it is. */\nexport class Dry {}\n',
  };
  const found = publicExports(treeOf(new Map(Object.entries(files))), 'actors/index.ts');
  t.strictSame(
    found.map(({ name, doc }) => [name, doc]),
    [
      ['Bare', undefined],
      ['Dry', '/** Says what it is. */'],
    ],
  );
});
