import t from 'tap';
import { fromJson, toJson } from '../../../core/serde/json-conversion.js';
import { type Infer, typeId } from '../../../core/serde/type-descriptor.js';
import { validateType } from '../../../core/serde/type-validation.js';
import { types } from '../../../core/serde/types.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <T extends true>(): T => true as T;

t.test('the TypeScript type of a descriptor is inferred to the field', async (t) => {
  const flight = types.object({
    time: types.timestamp,
    delay: types.int32,
    gate: types.optional(types.string),
    legs: types.array(types.object({ to: types.string })),
    seats: types.map(types.string, types.bigint),
    raw: types.bytes,
  });
  interface Flight {
    time: number;
    delay: number;
    gate?: string | undefined;
    legs: { to: string }[];
    seats: Map<string, bigint>;
    raw: Uint8Array;
  }
  holds<Equal<Infer<typeof flight>, { [K in keyof Flight]: Flight[K] }>>();
  const shape = types.union('kind', {
    circle: types.object({ radius: types.float64 }),
    square: types.object({ side: types.float64 }),
  });
  holds<Equal<Infer<typeof shape>, { kind: 'circle'; radius: number } | { kind: 'square'; side: number }>>();
  const evolved = types.object(
    { count: types.withDefault(types.int32, 0), by: types.withDefault(types.array(types.string), []) },
    { renamed: { count: 'n' } },
  );
  holds<Equal<Infer<typeof evolved>, { count: number; by: string[] }>>();
  t.equal(typeId(evolved), '{count:int32,by:[string]}', 'what was before is not in the text');
  const anything = types.dynamic<{ a: 1 }>();
  holds<Equal<Infer<typeof anything>, { a: 1 }>>();
  t.equal(
    typeId(flight),
    '{time:timestamp,delay:int32,gate:string?,legs:[{to:string}],seats:map<string,bigint>,raw:bytes}',
  );
  t.equal(typeId(shape), 'union(kind)<circle:{radius:float64}|square:{side:float64}>');
});

t.test('descriptors are frozen', async (t) => {
  const type = types.object({ a: types.int32 });
  t.ok(Object.isFrozen(type) && Object.isFrozen(type.fields) && Object.isFrozen(type.fields[0]));
  t.ok(Object.isFrozen(types.string) && Object.isFrozen(types.array(types.string)));
});

t.test('declarations that make no sense are refused where they are made', async (t) => {
  const loose = types as unknown as Record<string, (...args: unknown[]) => unknown>;
  const bad: [string, () => unknown][] = [
    ['field without a type', () => loose.object?.({ a: undefined })],
    ['a builder that was not called', () => loose.object?.({ a: types.array })],
    ['no fields', () => loose.object?.(null)],
    ['__proto__', () => loose.object?.(JSON.parse('{"__proto__":{"kind":"int32"}}'))],
    ['optional twice', () => types.optional(types.optional(types.int32))],
    ['optional void', () => types.optional(types.void)],
    ['array of nothing', () => types.array(types.void)],
    ['array of empty objects', () => types.array(types.object({}))],
    ['map by object', () => types.map(types.object({}), types.int32)],
    ['union without variants', () => types.union('kind', {})],
    ['union of a non-object', () => loose.union?.('kind', { a: types.int32 })],
    ['union whose variant declares the tag', () => types.union('a', { x: types.object({ a: types.int32 }) })],
    ['unknown kind', () => loose.array?.({ kind: 'int64' })],
  ];
  for (const [name, make] of bad) t.throws(make, { code: 'MR2001' }, name);
});

t.test('a descriptor from elsewhere is checked as a whole', async (t) => {
  t.doesNotThrow(() => validateType({ kind: 'array', element: { kind: 'int32' } }));
  const field = (name: string) => ({ name, type: { kind: 'int32' } });
  t.throws(() => validateType({ kind: 'object', fields: [field('a'), field('a')], strict: false }), {
    code: 'MR2001',
  });
  t.throws(() => validateType({ kind: 'object', fields: [field('__proto__')], strict: false }), {
    code: 'MR2001',
  });
  const endless: { kind: string; element: unknown } = { kind: 'array', element: null };
  endless.element = endless;
  t.throws(() => validateType(endless), { code: 'MR2001', message: /deeper/ });
});

t.test('JSON becomes what the type declares', async (t) => {
  const type = types.object({
    time: types.timestamp,
    count: types.int32,
    share: types.float64,
    name: types.string,
    ok: types.boolean,
    big: types.bigint,
    raw: types.bytes,
    note: types.optional(types.string),
    tags: types.array(types.string),
    by: types.map(types.string, types.int32),
    any: types.dynamic(),
  });
  const json =
    JSON.parse(`{"time":"2026-01-31T12:30:05.250+02:00","count":-0,"share":"Infinity","name":"ü","ok":true,
    "big":"123456789012345678901234567890","raw":"AQL/","note":null,"tags":["a"],"by":{"x":1,"__proto__":2},
    "any":{"deep":[1]},"ignored":1,"__proto__":{"polluted":true}}`);
  const value = fromJson(type, json);
  t.same(value, {
    time: Date.UTC(2026, 0, 31, 10, 30, 5, 250),
    count: 0,
    share: Number.POSITIVE_INFINITY,
    name: 'ü',
    ok: true,
    big: 123456789012345678901234567890n,
    raw: new Uint8Array([1, 2, 255]),
    note: undefined,
    tags: ['a'],
    by: new Map([
      ['x', 1],
      ['__proto__', 2],
    ]),
    any: { deep: [1] },
  });
  t.equal((value as { polluted?: boolean }).polluted, undefined, 'no prototype was merged');
  t.same(fromJson(type, JSON.parse(JSON.stringify(toJson(type, value)))), value, 'and back');
});

t.test('a refused value is named by its path', async (t) => {
  const type = types.object({
    order: types.object({ lines: types.array(types.object({ price: types.int32 })) }),
  });
  const bad = (price: unknown) => () => fromJson(type, { order: { lines: [{ price: 1 }, { price }] } });
  t.throws(bad('9'), {
    code: 'MR2002',
    message: /'order\.lines\[1\]\.price' is the text "9", where a 32-bit integer/,
  });
  t.throws(bad(2 ** 31), { code: 'MR2002' });
  t.throws(bad(0.5), { code: 'MR2002' });
  t.throws(bad(null), { code: 'MR2002', message: /is null/ });
  t.throws(() => fromJson(type, {}), { code: 'MR2002', message: /'order' is missing/ });
  t.throws(() => fromJson(type, [1]), { code: 'MR2002', message: /The value is an array of 1/ });
  t.throws(() => fromJson(types.object({ constructor: types.string }), {}), {
    code: 'MR2002',
    message: /missing/,
  });
});

t.test('a strict type refuses fields it does not name', async (t) => {
  const type = types.object({ a: types.int32 }, { strict: true });
  t.same(fromJson(type, { a: 1 }), { a: 1 });
  t.throws(() => fromJson(type, { a: 1, b: 2 }), { code: 'MR2002', message: /'b' is not a field/ });
  t.throws(() => fromJson(type, JSON.parse('{"a":1,"__proto__":{}}')), { code: 'MR2002' });
  const union = types.union('kind', { x: type });
  t.same(fromJson(union, { kind: 'x', a: 1 }), { kind: 'x', a: 1 });
  t.throws(() => fromJson(union, { kind: 'y' }), {
    code: 'MR2002',
    message: /'kind' is the text "y"/,
    hint: /'x'/,
  });
});
