import t from 'tap';
import { keyTypeEvolution } from '../../../core/serde/key-type-evolution.js';
import type { TypeNode } from '../../../core/serde/type-descriptor.js';
import { typeEvolution } from '../../../core/serde/type-evolution.js';
import { types } from '../../../core/serde/types.js';
import { stateTableType } from '../../../core/state/state-entry.js';
import { stateEvolution } from '../../../core/state/state-evolution.js';
import { refused } from '../../refused.js';

const point = types.object({ x: types.int32, y: types.int32 });

/** What becomes of a value, or where it is refused. */
function outcome(stored: TypeNode, declared: TypeNode, value: unknown): unknown {
  const evolution = typeEvolution(stored, declared);
  if (evolution.kind === 'refuse')
    return `refused at '${evolution.path}': ${evolution.stored} to ${evolution.declared}`;
  return evolution.kind === 'as-is' ? 'as it is' : evolution.convert(value);
}

t.test('numbers are widened, and never narrowed', async (t) => {
  t.same(outcome(types.int32, types.float64, 5), 5);
  t.same(outcome(types.int32, types.bigint, -5), -5n);
  t.equal(outcome(types.timestamp, types.float64, 5), 'as it is', 'the same bytes');
  t.equal(outcome(types.float64, types.int32, 5), "refused at '': float64 to int32");
  t.equal(outcome(types.float64, types.timestamp, 5), "refused at '': float64 to timestamp");
  t.equal(
    outcome(types.int32, types.timestamp, 5),
    "refused at '': int32 to timestamp",
    'a count is no time',
  );
  t.equal(outcome(types.string, types.bytes, ''), "refused at '': string to bytes");
  t.equal(outcome(types.int32, types.string, 5), "refused at '': int32 to string");
  t.equal(outcome(types.boolean, types.int32, true), "refused at '': boolean to int32");
});

t.test('what may be absent needs something to stand for it', async (t) => {
  const maybe = types.optional(types.int32);
  t.equal(outcome(types.int32, maybe, 5), 5);
  t.equal(outcome(maybe, types.optional(types.bigint), undefined), undefined);
  t.equal(outcome(maybe, types.optional(types.bigint), 5), 5n);
  t.equal(outcome(maybe, types.int32, 5), "refused at '': int32? to int32");
  t.equal(outcome(maybe, types.withDefault(types.float64, 9), undefined), 9);
  t.equal(outcome(maybe, types.withDefault(types.float64, 9), 5), 5);
  t.equal(outcome(types.void, maybe, undefined), undefined);
  t.equal(outcome(types.void, types.withDefault(types.string, 'x'), undefined), 'x');
});

t.test('fields come, go, move and are renamed', async (t) => {
  const stored = types.object({ name: types.string, at: point, old: types.bytes });
  const declared = types.object(
    {
      at: types.object({ y: types.float64, x: types.int32, z: types.withDefault(types.int32, 0) }),
      title: types.string,
      tags: types.withDefault(types.array(types.string), []),
      note: types.optional(types.string),
    },
    { renamed: { title: 'name' } },
  );
  t.same(outcome(stored, declared, { name: 'n', at: { x: 1, y: 2 }, old: new Uint8Array(1) }), {
    at: { y: 2, x: 1, z: 0 },
    title: 'n',
    tags: [],
    note: undefined,
  });
  const missing = types.object({ name: types.string, at: types.object({ x: types.int32, z: types.int32 }) });
  t.equal(outcome(stored, missing, {}), "refused at 'at.z': nothing to int32");
  const onlyRenamed = types.object({ title: types.string }, { renamed: { title: ['heading', 'name'] } });
  t.equal(
    outcome(types.object({ name: types.string }), onlyRenamed, {}),
    'as it is',
    'names are not in the bytes',
  );
  t.equal(
    outcome(types.object({ title: types.string, name: types.string }), onlyRenamed, {}),
    "refused at 'title': one of 'title', 'heading', 'name' to string",
    'nobody knows which is meant',
  );
  t.same(
    outcome(types.object({ a: types.int32, b: types.int32 }), types.object({ b: types.int32 }), {
      a: 1,
      b: 2,
    }),
    {
      a: 1,
      b: 2,
    },
  );
});

t.test('it goes as deep as types do', async (t) => {
  const deep = (leaf: TypeNode) => types.array(types.map(types.string, types.object({ at: leaf } as never)));
  t.same(outcome(deep(types.int32), deep(types.bigint), [new Map([['k', { at: 5 }]])]), [
    new Map([['k', { at: 5n }]]),
  ]);
  t.equal(outcome(deep(types.string), deep(types.int32), []), "refused at '[][].at': string to int32");
  const keyed = types.map(types.int32, types.string);
  t.same(outcome(keyed, types.map(types.bigint, types.string), new Map([[5, 'a']])), new Map([[5n, 'a']]));
  t.equal(
    outcome(keyed, types.map(types.string, types.string), new Map()),
    "refused at '[key]': int32 to string",
  );
});

t.test('variants may be added, not taken away', async (t) => {
  const circle = types.object({ radius: types.int32 });
  const square = types.object({ side: types.int32 });
  const stored = types.union('kind', { circle, square });
  t.equal(outcome(stored, types.union('kind', { circle, square, dot: types.object({}) }), {}), 'as it is');
  const moved = types.union('kind', { square, circle: types.object({ radius: types.bigint }) });
  t.same(outcome(stored, moved, { kind: 'circle', radius: 5 }), { kind: 'circle', radius: 5n });
  t.equal(
    outcome(stored, types.union('kind', { circle }), {}),
    "refused at 'square': {side:int32} to nothing",
  );
  t.match(outcome(stored, types.union('type', { circle, square }), {}), /refused at ''/);
  t.match(outcome(stored, circle, {}), /refused at ''/);
});

t.test(
  'undeclared values have to be of the declared type, and declared ones may be undeclared',
  async (t) => {
    t.same(outcome(types.dynamic(), point, { x: 1, y: 2 }), { x: 1, y: 2 });
    t.same(outcome(point, types.dynamic(), { x: 1, y: 2 }), { x: 1, y: 2 });
    t.equal(outcome(types.dynamic(), types.dynamic(), 1), 'as it is');
  },
);

t.test('keys stay what they were', async (t) => {
  const kind = (stored: TypeNode, declared: TypeNode) => keyTypeEvolution(stored, declared).kind;
  t.equal(kind(types.int32, types.float64), 'as-is', 'a number is the same key');
  t.equal(kind(types.int32, types.bigint), 'refuse');
  t.equal(kind(types.float64, types.int32), 'refuse');
  t.equal(kind(types.string, types.dynamic()), 'as-is');
  t.equal(kind(types.dynamic(), types.string), 'check');
  t.equal(
    kind(point, types.object({ y: types.float64, x: types.int32, z: types.optional(types.string) })),
    'as-is',
  );
  t.equal(kind(point, types.object({ x: types.int32 })), 'refuse');
  t.equal(
    kind(point, types.object({ x: types.int32, y: types.int32, z: types.withDefault(types.int32, 0) })),
    'refuse',
  );
  t.equal(kind(types.array(types.dynamic()), types.array(types.string)), 'check');
});

t.test('a state stays of its kind, and its life may change', async (t) => {
  const evolution = (stored: string, declared: string) => {
    const found = stateEvolution(stateTableType(stored), stateTableType(declared));
    return found.kind === 'migrate' ? found.change.ttl : found.kind;
  };
  t.equal(evolution('value<int32>', 'value<int32>'), 'as-is');
  t.equal(evolution('value<int32>', 'value<float64>'), 'unchanged');
  t.equal(evolution('value<int32>', 'value<int32> with ttl'), 'begins');
  t.equal(evolution('map<string,int32> with ttl', 'map<string,float64>'), 'ends');
  t.equal(evolution('list<int32>', 'list<int32> with ttl'), 'begins');
  t.equal(evolution('list<int32> with ttl', 'list<int32>'), 'refuse', 'it may have gaps');
  t.equal(evolution('value<int32>', 'value<int32> per window'), 'refuse');
  t.equal(evolution('value<int32>', 'reducing<int32>'), 'refuse');
  t.equal(
    evolution('map<timestamp,int32> in slices of 4 ms per window', 'map<timestamp,int32> per window'),
    'refuse',
  );
  t.equal(evolution('map<string,int32>', 'map<int32,int32>'), 'refuse');
});

t.test('a declaration that cannot be meant is refused when it is made', async (t) => {
  const refusal = (make: () => unknown) => refused(make);
  t.equal(refusal(() => types.withDefault(types.int32, 1.5)).code, 'MR2001');
  t.equal(refusal(() => types.withDefault(types.optional(types.int32), 1)).code, 'MR2001');
  t.match(
    refusal(() => types.object({ a: types.int32 }, { renamed: { b: 'c' } })).message,
    /'b' has former names/,
  );
  t.match(
    refusal(() => types.object({ a: types.int32, b: types.int32 }, { renamed: { a: 'b' } })).message,
    /a field of the same object/,
  );
  t.match(
    refusal(() => types.object({ a: types.int32, b: types.int32 }, { renamed: { a: 'c', b: 'c' } })).message,
    /as another field was/,
  );
});

const firstOf = types.object({ name: types.string });
const secondOf = types.withMigration(
  types.object({ first: types.string, last: types.string }),
  firstOf,
  ({ name }) => ({ first: name.split(' ')[0] ?? '', last: name.split(' ')[1] ?? '' }),
);
const thirdOf = types.withMigration(
  types.object({ initials: types.string, note: types.withDefault(types.string, 'none') }),
  secondOf,
  ({ first, last }) => ({ initials: `${first[0]}${last[0]}`, note: 'migrated' }),
);

t.test('what code has to change goes through all versions in turn, at any depth', async (t) => {
  t.same(outcome(firstOf, secondOf, { name: 'Ada Lovelace' }), { first: 'Ada', last: 'Lovelace' });
  t.same(outcome(firstOf, thirdOf, { name: 'Ada Lovelace' }), { initials: 'AL', note: 'migrated' });
  t.same(
    outcome(
      types.object({ by: types.array(firstOf), n: types.int32 }),
      types.object({ n: types.float64, by: types.array(types.optional(thirdOf)) }),
      { by: [{ name: 'Ada Lovelace' }], n: 1 },
    ),
    { by: [{ initials: 'AL', note: 'migrated' }], n: 1 },
  );
  t.same(
    outcome(types.object({ initials: types.string }), thirdOf, { initials: 'AL' }),
    { initials: 'AL', note: 'none' },
    'what the table makes of it needs no code',
  );
  const wider = types.withMigration(types.string, types.float64, (n) => n.toFixed(1));
  t.equal(
    outcome(types.int32, wider, 5),
    '5.0',
    'what can become the former type can become the present one',
  );
  t.equal(outcome(types.boolean, wider, true), "refused at '': boolean to string");
});

t.test('a migration is chosen before a default that would do', async (t) => {
  const celsius = types.object({ celsius: types.float64 });
  const kelvin = types.withMigration(
    types.object({ kelvin: types.withDefault(types.float64, 0) }),
    celsius,
    (value) => ({ kelvin: value.celsius + 273 }),
  );
  t.same(outcome(celsius, kelvin, { celsius: 1 }), { kelvin: 274 });
});

t.test('a migration that makes one key of two is refused, and loses neither', async (t) => {
  const numbered = types.withMigration(types.int32, types.string, Number);
  const of = (key: TypeNode) => types.map(key as typeof types.string, types.int32);
  t.same(outcome(of(types.string), of(numbered), new Map([['1', 10]])), new Map([[1, 10]]));
  const two = new Map([
    ['1', 10],
    ['01', 20],
  ]);
  t.match(
    refused(() => outcome(of(types.string), of(numbered), two)),
    { code: 'MR2103', what: /two the same/ },
  );
});

t.test('a migration that fails says where', async (t) => {
  const broken = types.withMigration(types.int32, types.string, (text) => Number(text));
  const at = (declared: TypeNode, value: unknown) =>
    refused(() => outcome(types.object({ n: types.string }), declared, value));
  const error = at(types.object({ n: broken }), { n: 'x' });
  t.match(error, {
    code: 'MR2103',
    what: "The migration of the field 'n' of a stored value to int32 failed.",
  });
  const same = () => types.withMigration(types.int32, types.withDefault(types.int32, 1), (n) => n);
  t.match(refused(same), { code: 'MR2001', what: /the same: int32/ });
  t.match(
    refused(() => types.withMigration(types.int32, types.string, 5 as never)),
    { code: 'MR2001' },
  );
});
