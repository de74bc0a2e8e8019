import t from 'tap';
import { runWorld } from './drawn-world.js';
import { drawWorldOptions } from './world-draws.js';
import { formatLine } from './world-trace.js';

async function linesOf(seed: number): Promise<{ readonly lines: readonly string[]; readonly hash: string }> {
  const lines: string[] = [];
  const { hash } = await runWorld(drawWorldOptions(seed), { onLine: (line) => lines.push(formatLine(line)) });
  return { lines, hash };
}

t.test('a seed gives the same world, line by line', async (t) => {
  for (const seed of [2, 3, 8]) {
    const [first, second] = [await linesOf(seed), await linesOf(seed)];
    t.ok(first.lines.length > 100, `seed ${seed} has a history`);
    t.same(second.lines, first.lines, `seed ${seed} twice`);
    t.equal(second.hash, first.hash, `the hash of seed ${seed}`);
  }
});

t.test('the hash does not depend on whether anybody reads the lines', async (t) => {
  const { hash } = await linesOf(5);
  t.equal((await runWorld(drawWorldOptions(5))).hash, hash);
});

t.test('other seeds give other worlds', async (t) => {
  const [one, other] = [await linesOf(11), await linesOf(12)];
  t.not(one.hash, other.hash);
});
