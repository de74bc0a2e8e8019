import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { MillraceProcess } from '../fault/millrace-process.js';
import { packageRoot } from '../tidy/source-tree.js';

const sources = join(packageRoot(), 'test', 'examples');
const compiled = join(packageRoot(), 'dist', 'test', 'examples');
const examples = readdirSync(sources).flatMap((name) => /^(.*)\.txt$/.exec(name)?.[1] ?? []);

t.test('every example has its output beside it', async (t) => {
  const jobs = readdirSync(sources).flatMap((name) => /^([^.]+)\.ts$/.exec(name)?.[1] ?? []);
  t.strictSame(jobs, examples);
  t.ok(jobs.length >= 3, `${jobs.length} examples`);
});

for (const name of examples) {
  t.test(`${name} prints what it says`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-example-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const { code, stdout, stderr } = await new MillraceProcess(folder, [join(compiled, `${name}.js`)]).ended;
    t.equal(code, 0, stderr);
    // What two subtasks print comes in any order.
    const lines = stdout.split('\n').filter((line) => line !== '');
    t.equal(`${lines.sort().join('\n')}\n`, readFileSync(join(sources, `${name}.txt`), 'utf8'));
    t.notMatch(stderr, /keeps state and has no uid/);
  });
}
