import t from 'tap';
import { faultScenarios, SCENARIO_PAGE, SCENARIOS } from './fault-scenarios.js';
import { packageRoot, readTree, show, treeOf } from './source-tree.js';

t.test('each fault scenario is tried by a test that names it, and the page says which', async (t) => {
  t.equal(faultScenarios(readTree(packageRoot())).map(show).join('\n'), '');
});

/** A tree in which one file of tests names all scenarios, and a page that says so, each with something changed. */
function findings(change: { readonly tests?: [string, string]; readonly page?: [string, string] }): string[] {
  const numbers = Array.from({ length: SCENARIOS }, (_, index) => index + 1);
  const tests = `t.test('[scenario ${numbers.join(', ')}] all', check); // [scenario 21] aside`;
  const page = numbers.map((number) => `| ${number} | a fault | [all](all.fault.test.ts) |`).join('\n');
  const replaced = (text: string, [from, to]: readonly [string, string] = ['', '']) => text.replace(from, to);
  const files = new Map([
    ['test/fault/all.fault.test.ts', replaced(tests, change.tests)],
    ['test/fault/other.fault.test.ts', "t.test('none', check); // [scenario 1] in a comment names nothing"],
    [SCENARIO_PAGE, replaced(page, change.page)],
  ]);
  return faultScenarios(treeOf(files)).map(({ message }) => message);
}

t.test('what is missing, and what is said of too much, is told', async (t) => {
  t.strictSame(findings({}), []);
  t.strictSame(findings({ tests: [', 7', ''] }), [
    'scenario 7 is named by no test',
    'test/fault/all.fault.test.ts has no test of scenario 7',
  ]);
  t.strictSame(findings({ page: ['| 8 |', '| eight |'] }), ['there is no row of scenario 8']);
  t.strictSame(findings({ page: ['[all](all.fault.test.ts)', 'none'] }), [
    'the row of scenario 1 does not link to test/fault/all.fault.test.ts',
  ]);
  t.strictSame(
    findings({ page: ['(all.fault.test.ts) |', '(all.fault.test.ts), [o](other.fault.test.ts) |'] }),
    ['test/fault/other.fault.test.ts has no test of scenario 1'],
  );
});
