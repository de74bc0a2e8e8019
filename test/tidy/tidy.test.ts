import t from 'tap';
import { unusedErrorCodes } from './dead-code.js';
import { document } from './project-rules.js';
import { RULES } from './rules.js';
import { packageRoot, readTree, show } from './source-tree.js';

const tree = readTree(packageRoot());

t.test('the tree is read', async (t) => {
  t.ok(tree.sources.length > 10, 'sources');
  t.ok(document(tree, 'package.json'), 'documents');
});

for (const rule of RULES) {
  t.test(`${rule.id}: ${rule.says}`, async (t) => {
    t.equal(rule.find(tree).map(show).join('\n'), '');
  });
}

t.test('the style page names every check, and no other', async (t) => {
  const page = document(tree, 'test/tidy/README.md')?.text ?? '';
  const named = [...page.matchAll(/^\|[^|]*\|([^|]*)\|$/gm)].flatMap((row) =>
    [...(row[1] ?? '').matchAll(/`([\w-]+)`/g)].map((match) => match[1] ?? ''),
  );
  const others = [
    'biome',
    'tsc',
    'readme-snippets',
    'doc-examples',
    'operator-table',
    's3-section',
    'fault-scenarios',
  ];
  const checks = new Set([...RULES.map(({ id }) => id), ...others]);
  t.strictSame(
    named.filter((id) => !checks.has(id)),
    [],
    'named on the page, but no check',
  );
  t.strictSame(
    [...checks].filter((id) => !named.includes(id)),
    [],
    'a check that the page does not name',
  );
});

t.test('error codes that nothing raises yet are told', async (t) => {
  const unused = unusedErrorCodes(tree, 'core/base/error-table.ts', /^(?:core|memory|storage|actors)\//);
  t.comment(`error codes in the table that no other file names: ${unused.join(' ') || 'none'}`);
});
