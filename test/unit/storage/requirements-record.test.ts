import t from 'tap';
import { encodeUtf8, isMillraceError } from '../../../core/internal.js';
import { sealedLine, sealedText } from '../../../storage/checkpoint/sealed-text.js';
import { MemoryObjectStore, RequirementsRecord } from '../../../storage/index.js';

/** What rescales have asked for, as a later process finds it. */

const wish = (upperBound: number) => ({
  declared: { counts: { lowerBound: 1, upperBound: 1 }, ['__proto__']: { lowerBound: 1, upperBound: 1 } },
  wanted: { counts: { lowerBound: 1, upperBound } },
});

t.test(
  'the newest wish of a run is what a later leader of it finds, and the only one that is kept',
  async (t) => {
    const store = new MemoryObjectStore();
    const first = new RequirementsRecord(store, { run: 3, epoch: 3 });
    t.equal(await first.load(), undefined);
    for (const bound of [2, 3, 4]) await first.keep(wish(bound));
    t.same(await new RequirementsRecord(store, { run: 3, epoch: 9 }).load(), wish(4));
    t.equal((await store.list('')).length, 1);
  },
);

t.test('a wish of an earlier run counts for nothing', async (t) => {
  const store = new MemoryObjectStore();
  await new RequirementsRecord(store, { run: 3, epoch: 3 }).keep(wish(2));
  const next = new RequirementsRecord(store, { run: 12, epoch: 12 });
  t.equal(await next.load(), undefined);
  await next.keep(wish(5));
  t.equal((await store.list('')).length, 1);
  await new RequirementsRecord(store, { run: 3, epoch: 3 }).keep(wish(2));
  t.same(await next.load(), wish(5), 'not even when it comes late');
});

t.test('a wish that a paused leader writes late is not taken for that of its successor', async (t) => {
  const store = new MemoryObjectStore();
  const paused = new RequirementsRecord(store, { run: 3, epoch: 5 });
  await paused.keep(wish(2));
  await new RequirementsRecord(store, { run: 3, epoch: 10 }).keep(wish(3));
  await paused.keep(wish(7));
  t.same(await new RequirementsRecord(store, { run: 3, epoch: 20 }).load(), wish(3));
});

t.test('what cannot be understood is told, and is nothing else', async (t) => {
  for (const text of ['', '{', '[]', 'null', '{"declared":{}}', '{"declared":{"a":1},"wanted":{}}']) {
    t.equal(await codeOfLoading(sealedLine(encodeUtf8(text))), 'MR3004', text);
  }
});

t.test('no bit of it may turn', async (t) => {
  const sealed = sealedText(wish(3));
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const bytes = Uint8Array.from(sealed);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    if ((await codeOfLoading(bytes)) !== 'MR3004') t.fail(`bit ${bit}`);
  }
  t.equal(await codeOfLoading(sealed), undefined);
});

async function codeOfLoading(bytes: Uint8Array): Promise<string | undefined> {
  const store = new MemoryObjectStore();
  await store.createIfAbsent('requirements/0000000003-0000000003-0000000001', bytes);
  const error = await new RequirementsRecord(store, { run: 3, epoch: 4 }).load().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return isMillraceError(error) ? error.code : undefined;
}
