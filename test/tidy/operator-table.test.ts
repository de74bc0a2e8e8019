import t from 'tap';
import { modulesFor, publicExports } from './doc-examples.js';
import {
  CLASS_TABLES,
  type OperatorRow,
  operatorExamples,
  operatorMethods,
  operatorRows,
} from './operator-table.js';
import { compileSnippets, runSnippet } from './snippet-compiler.js';
import { packageRoot, readTree, treeOf } from './source-tree.js';

const tree = readTree(packageRoot());
const readme = tree.documents.find(({ path }) => path === 'README.md')?.text ?? '';
const rows = operatorRows(readme);
const api = tree.sources.find(({ path }) => path === 'core/api/data-stream.ts');
const known = api === undefined ? new Map() : modulesFor(tree, api);

function namesOf(rows: readonly OperatorRow[], owner: string): string[] {
  return rows.filter(({ classes }) => classes.includes(owner)).flatMap(({ names }) => names);
}

t.test("every method of the streams stands in the README's tables", async (t) => {
  const methods = operatorMethods(tree);
  t.ok(methods.size >= 15, [...methods.keys()].join(' '));
  for (const [owner, names] of methods) {
    const told = namesOf(rows, owner);
    t.strictSame(
      names.filter((name) => !told.includes(name)),
      [],
      `${owner}: methods without a row`,
    );
  }
});

t.test('the tables name nothing that is not there', async (t) => {
  const methods = operatorMethods(tree);
  for (const { classes, names, line } of rows) {
    if (classes.some((owner) => CLASS_TABLES.has(owner))) continue;
    const there = classes.flatMap((owner) => methods.get(owner) ?? []);
    t.strictSame(
      names.filter((name) => !there.includes(name)),
      [],
      `README.md:${line}`,
    );
  }
});

t.test("every source, sink, window, trigger and evictor stands in the README's tables", async (t) => {
  const exported = publicExports(tree, 'actors/index.ts').filter(({ kind }) => kind === 'value');
  for (const [heading, named] of CLASS_TABLES) {
    const expected = exported.map(({ name }) => name).filter((name) => named.test(name));
    t.strictSame(namesOf(rows, heading).sort(), expected.sort(), heading);
  }
});

t.test('every example compiles, makes its operator, and uses what its row is about', async (t) => {
  for (const { names, example, line } of rows) {
    t.ok(
      names.some((name) => new RegExp(`\\b${name}\\b`).test(example)),
      `README.md:${line}: ${names.join(', ')}`,
    );
  }
  t.ok(rows.length > 60, `${rows.length} rows`);
  t.equal(runSnippet(operatorExamples(readme, known)), '');
});

t.test('an example that compiles and is refused is seen', async (t) => {
  const planted = [
    '# title',
    '## Operators',
    '```ts',
    "import { StreamExecutionEnvironment } from 'millrace';",
    'const env = new StreamExecutionEnvironment();',
    '```',
    '| `setParallelism` | number of subtasks | `env.fromData([1]).setParallelism(0)` |',
  ].join('\n');
  t.match(runSnippet(operatorExamples(planted, known)), /MR1001/);
});

t.test('an example that does not compile is seen, at its line', async (t) => {
  const planted = [
    '# title',
    '## Operators',
    '```ts',
    "import { StreamExecutionEnvironment } from 'millrace';",
    'const env = new StreamExecutionEnvironment();',
    '```',
    '### DataStream',
    '| `map` | maps | `env.fromData([1]).map(String)` |',
    '| `mop` | mops | `env.fromData([1], types.int32).mop(String)` |',
    '## Another',
    '| `map` | maps | `nothing` |',
  ].join('\n');
  const found = compileSnippets([operatorExamples(planted, known)]);
  t.match(found, /README\.md\.2\.ts[:(]9\D.*mop/s);
  t.notMatch(found, /[:(]8\D|nothing/);
});

t.test('methods are those that a user may call', async (t) => {
  const text = [
    'export class MopStream<T> extends DataStream<T> {',
    '  readonly #mop: string;',
    '  constructor() {}',
    '  static of() {}',
    '  mop<R>(',
    '    fn: R,',
    '  ): void {',
    '    if (fn) return;',
    '  }',
    '  override window(): void {}',
    '  protected hidden(): void {}',
    '  #own(): void {}',
    '}',
    'export class Mop {',
    '  unseen() {}',
    '}',
  ].join('\n');
  const planted = treeOf(new Map([['core/api/mop-stream.ts', text]]));
  t.strictSame(operatorMethods(planted).get('MopStream'), ['of', 'mop', 'window']);
  t.notOk(operatorMethods(planted).has('Mop'));
});
