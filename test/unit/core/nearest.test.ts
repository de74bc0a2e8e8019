import t from 'tap';
import { levenshtein, nearest } from '../../../core/base/nearest.js';

t.test('the distance counts insertions, deletions and substitutions', async (t) => {
  const cases: [string, string, number][] = [
    ['', '', 0],
    ['abc', '', 3],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['interval', 'intervall', 1],
    ['flaw', 'lawn', 2],
  ];
  for (const [a, b, distance] of cases) t.equal(levenshtein(a, b), distance, `${a} -> ${b}`);
});

t.test('a typing error finds the word that was meant', async (t) => {
  const words = ['parallelism.default', 'pipeline.name', 'heartbeat.interval', 'heartbeat.timeout'];
  t.equal(nearest('paralelism.default', words), 'parallelism.default');
  t.equal(nearest('PIPELINE.NAME', words), 'pipeline.name');
  t.equal(nearest('hearbeat.intervl', words), 'heartbeat.interval');
  t.equal(nearest('x', words), undefined);
  t.equal(nearest('something.else.entirely', words), undefined);
  t.equal(nearest('anything', []), undefined);
});

t.test('of equally near words the first wins', async (t) => {
  t.equal(nearest('bat', ['cat', 'rat', 'hat']), 'cat');
});
