import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { withAddresses, withPlace } from './module-places.js';
import { packageRoot } from './source-tree.js';

t.test('a module keeps its own address when it is merged, and texts keep their words', async (t) => {
  const code = `
    const home = new URL('.', import.meta.url); // import.meta.url
    const hint = 'Write defineJob(import.meta.url, build).';`;
  const placed = withPlace(code, 'core/a.js');
  t.equal(placed, code.replace('import.meta.url', 'MODULE_PLACE("core/a.js")'));
  t.match(withAddresses(placed, 'b.js'), `new URL('.', new URL("./core/a.js", import.meta.url).href);`);
  t.match(withAddresses(placed, 'chunks/b.js'), 'new URL("../core/a.js", import.meta.url).href');
  t.throws(() => withAddresses(`'MODULE_PLACE(\\"core/a.js\\")'`, 'b.js'), /became no address/);
});

t.test('what is shipped says what a user is to write', async (t) => {
  const bundle = join(packageRoot(), 'dist', 'bundle');
  const files = readdirSync(bundle, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.js'),
  );
  const texts = files.map((name) => readFileSync(join(bundle, name), 'utf8')).join('\n');
  t.notOk(texts.includes('MODULE_PLACE'));
  t.ok(texts.includes('export default defineJob(import.meta.url, (env, params) => { ... })'));
});
