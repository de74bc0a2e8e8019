import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { LmdbEnvironment } from '../../../storage/state/lmdb-environment.js';
import { LmdbRows } from '../../../storage/state/lmdb-rows.js';

const HEAD = 'h'.repeat(1900);

function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text));
}

t.test(
  'long keys whose hashes are equal are told apart, and come in the order of the whole keys',
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-lmdb-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const environment = new LmdbEnvironment(join(folder, 'rows'));
    // Every key has one of two hashes, the greater key the smaller one.
    const rows = new LmdbRows(environment, (key, into, at) => into.setUint8(at, (key.at(-1) ?? 0) % 2));
    const tails = ['', 'a', 'b', 'c', 'd', 'aa', 'ab'];
    environment.transact(() => {
      for (const tail of tails) rows.put(3, 9, bytes(HEAD + tail), bytes(`value of ${tail}`));
      rows.put(3, 9, bytes('g'), bytes('before'));
      rows.put(3, 9, bytes('i'), bytes('after'));
      rows.put(3, 8, bytes(`${HEAD}a`), bytes('of another key group'));
      rows.put(4, 9, bytes(`${HEAD}a`), bytes('of another table'));
    });
    environment.refresh();
    const text = (found: Uint8Array | undefined) => found && Buffer.from(found).toString();
    for (const tail of tails) t.equal(text(rows.get(3, 9, bytes(HEAD + tail))), `value of ${tail}`);
    t.equal(rows.get(3, 9, bytes(`${HEAD}e`)), undefined);
    const scan = (prefix: string, limit = 100, after?: string) => {
      const seen: string[] = [];
      const from = after === undefined ? undefined : bytes(after);
      rows.scan({ table: 3, keyGroup: 9, prefix: bytes(prefix), after: from }, (key) => {
        return seen.push(Buffer.from(key).toString().replace(HEAD, 'H')) < limit;
      });
      return seen;
    };
    t.same(scan(''), ['g', 'H', 'Ha', 'Haa', 'Hab', 'Hb', 'Hc', 'Hd', 'i']);
    t.same(scan('h'), ['H', 'Ha', 'Haa', 'Hab', 'Hb', 'Hc', 'Hd']);
    t.same(scan(`${HEAD}a`), ['Ha', 'Haa', 'Hab']);
    t.same(scan('', 4), ['g', 'H', 'Ha', 'Haa']);
    t.same(scan('', 100, 'g'), ['H', 'Ha', 'Haa', 'Hab', 'Hb', 'Hc', 'Hd', 'i']);
    t.same(scan('h', 100, HEAD), ['Ha', 'Haa', 'Hab', 'Hb', 'Hc', 'Hd']);
    t.same(scan('', 2, `${HEAD}aa`), ['Hab', 'Hb']);
    t.same(scan('', 9, `${HEAD}d`), ['i']);
    t.same(scan('', 9, 'i'), []);
    environment.transact(() => {
      for (const tail of ['a', 'c', 'aa']) rows.put(3, 9, bytes(HEAD + tail), undefined);
      rows.put(3, 9, bytes(`${HEAD}b`), bytes('again'));
    });
    environment.refresh();
    t.same(scan(HEAD), ['H', 'Hab', 'Hb', 'Hd']);
    t.equal(text(rows.get(3, 9, bytes(`${HEAD}b`))), 'again');
    await environment.remove();
  },
);

t.test('a moment shows what was committed before it, whatever is committed later', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-lmdb-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const environment = new LmdbEnvironment(join(folder, 'rows'));
  const rows = new LmdbRows(environment);
  environment.transact(() => rows.put(0, 0, bytes('key'), bytes('old')));
  const moment = environment.snapshot();
  environment.transact(() => {
    rows.put(0, 0, bytes('key'), bytes('new'));
    rows.put(0, 0, bytes('kez'), bytes('more'));
  });
  const seen: string[] = [];
  rows.visitAll(
    moment,
    undefined,
    (_table, _keyGroup, key, value) => seen.push(`${Buffer.from(key)}=${Buffer.from(value)}`) > 0,
    () => true,
  );
  t.same(seen, ['key=old']);
  moment.close();
  moment.close();
  environment.refresh();
  t.equal(Buffer.from(rows.get(0, 0, bytes('key')) ?? []).toString(), 'new');
  await environment.remove();
});
