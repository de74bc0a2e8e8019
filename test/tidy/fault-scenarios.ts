import { posix } from 'node:path';
import { document } from './project-rules.js';
import { LITERAL } from './source-scanner.js';
import { type Finding, findingAt, type SourceFile, type SourceTree } from './source-tree.js';

/** The faults through which a job's promise must hold, by number; the page says what each of them is. */
export const SCENARIOS = 20;
export const SCENARIO_PAGE = 'test/fault/README.md';

/** Numbers that stand in titles of a test file: `[scenario 8] ...`, `[scenario 3, 16] ...`. */
export function scenariosOf({ path, text, kinds }: SourceFile): ReadonlySet<number> {
  const numbers = new Set<number>();
  if (!/^test\/(?!tidy\/).*\.test\.ts$/.test(path)) return numbers;
  for (const match of text.matchAll(/\[scenario (\d+(?:, \d+)*)\] /g)) {
    if (kinds[match.index] !== LITERAL) continue;
    for (const number of (match[1] ?? '').split(', ')) numbers.add(Number(number));
  }
  return numbers;
}

/** Each scenario has a test that names it, and the page's row of it links to the files of all that do, and no other. */
export function faultScenarios(tree: SourceTree): Finding[] {
  const page = document(tree, SCENARIO_PAGE);
  if (page === undefined) return [{ path: SCENARIO_PAGE, line: 1, message: 'does not exist' }];
  const found: Finding[] = [];
  const rows = rowsOf(page.text);
  for (let number = 1; number <= SCENARIOS; number++) {
    const files = tree.sources.filter((file) => scenariosOf(file).has(number)).map(({ path }) => path);
    const row = rows.get(number);
    if (files.length === 0) found.push(findingAt(page, 0, `scenario ${number} is named by no test`));
    if (row === undefined) {
      found.push(findingAt(page, 0, `there is no row of scenario ${number}`));
      continue;
    }
    for (const path of files.filter((path) => !row.files.has(path)))
      found.push(findingAt(page, row.offset, `the row of scenario ${number} does not link to ${path}`));
    for (const path of [...row.files].filter((path) => !files.includes(path)))
      found.push(findingAt(page, row.offset, `${path} has no test of scenario ${number}`));
  }
  return found;
}

interface Row {
  readonly offset: number;
  readonly files: ReadonlySet<string>;
}

/** Rows `| 8 | ... | [a](a.test.ts), ... |`, with the files they link to. */
function rowsOf(text: string): Map<number, Row> {
  const rows = new Map<number, Row>();
  for (const match of text.matchAll(/^\| (\d+) \|.*$/gm)) {
    const links = [...match[0].matchAll(/\]\(([^)\s]+)\)/g)];
    const files = links.map(([, target = '']) => posix.join(posix.dirname(SCENARIO_PAGE), target));
    rows.set(Number(match[1]), { offset: match.index, files: new Set(files) });
  }
  return rows;
}
