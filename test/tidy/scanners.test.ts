import t from 'tap';
import { functionsOf } from './function-scanner.js';
import { exportsOf, importsOf } from './module-scanner.js';
import { blank, CODE, COMMENT, classify } from './source-scanner.js';

function codeOf(text: string): string {
  return blank(text, classify(text), CODE);
}

/** A bar stands where the linter would take a text for a template. */
function unbarred(text: string): string {
  return text.replaceAll('¦', '');
}

t.test('comments and the insides of literals are told from code', async (t) => {
  const cases: [string, string][] = [
    ['a(); // b', 'a();     '],
    ['a /* b */ c', 'a         c'],
    ["f('it\\'s // no comment')", "f('                   ')"],
    ['`a $¦{b + `c $¦{d}`} e`', '`  $¦{b + `  $¦{d}`}  `'],
    ['`$¦{{ a: 1 }} b`', '`$¦{{ a: 1 }}  `'],
    ['x = /[/"]\\/b/g;', 'x = /       /g;'],
    ['return /a b/;', 'return /   /;'],
    ['a = b / c / d;', 'a = b / c / d;'],
    ['f(a) / 2 / 1', 'f(a) / 2 / 1'],
  ];
  for (const [text, code] of cases) t.equal(codeOf(unbarred(text)), unbarred(code), text);
  t.equal(blank('a // b\nc', classify('a // b\nc'), COMMENT), '  // b\n ');
});

t.test('imports are read with their names', async (t) => {
  const text = [
    "import a, { b as c, type D } from './x.js';",
    "import type { E } from './types.js';",
    "import { type F } from './types.js';",
    "import * as ns from 'pkg';",
    "import 'side';",
    "export { g } from '../y.js';",
    "const s = await import('lazy');",
    'const t = await import(path);',
    "new URL('./thread.js', import.meta.url);",
    '// import { no } from "no";',
    "const text = `import { no } from 'no';`;",
  ].join('\n');
  const found = importsOf(text, codeOf(text))
    .sort((a, b) => a.offset - b.offset)
    .map(({ specifier, names, typeOnly, kind }) => [specifier, names.join(' '), typeOnly ? 'type' : kind]);
  t.strictSame(found, [
    ['./x.js', 'b D default', 'static'],
    ['./types.js', 'E', 'type'],
    ['./types.js', 'F', 'type'],
    ['pkg', '*', 'static'],
    ['side', '', 'static'],
    ['../y.js', 'g', 'static'],
    ['lazy', '*', 'dynamic'],
    [undefined, '*', 'dynamic'],
    ['./thread.js', '*', 'url'],
  ]);
});

t.test('exports are read with their kinds', async (t) => {
  const text = [
    'export const a = 1;',
    'export async function b() {}',
    'export abstract class C {}',
    'export interface D {}',
    'const e = 1;',
    'export { e as f, type D as G };',
  ].join('\n');
  t.strictSame(
    exportsOf(text).map(({ name, kind }) => `${kind} ${name}`),
    ['value a', 'value b', 'value C', 'type D', 'value f', 'type G'],
  );
});

t.test('functions are found with their bodies', async (t) => {
  const cases: [string, string[]][] = [
    ['function a(b: number): void {\n}', ['a 2']],
    ['class A { #b<T>(c: T): { d: T } {\n\n} get e(): number { return 1; } }', ['#b 3', 'e 1']],
    ['const f = async (a: number): Promise<void> => {\n};', ['f 2']],
    ['const g = (a: number): number =>\n  a + 1;', ['g 2']],
    ['class B { h(): Array<string | { a: 1 }> {\n\n} }', ['h 3']],
    ['function i(x: unknown): asserts x is B {\n}', ['i 2']],
    ['if (a) {\n} else if (b) {\n}\nfor (const c of d) {\n}\nswitch (e) {\n}', []],
    ['const x = a ? f(b) : { c: 1 };\nconst y = (a);', []],
  ];
  for (const [text, expected] of cases) {
    const found = functionsOf(codeOf(text)).map(
      ({ name, start, end }) => `${name} ${text.slice(start, end + 1).split('\n').length}`,
    );
    t.strictSame(found.sort(), expected, text);
  }
});

t.test('parameters are counted, destructured and generic ones too', async (t) => {
  const cases: [string, number][] = [
    ['function f() {}', 0],
    ['function f(a: Map<string, number>, { b, c }: B, ...d: [1, 2]) {}', 3],
    ['function f(\n  a: (b: 1, c: 2) => void,\n  d = [1, 2],\n) {}', 2],
  ];
  for (const [text, count] of cases) t.equal(functionsOf(codeOf(text))[0]?.parameterCount, count, text);
});
