import { type StateOptions, type TypeDescriptor, types } from '../../core/index.js';

/** What the states of the golden job are declared as. */
export interface GoldenTypes {
  /** Of the records, which windows, joins and requests under way hold. */
  readonly record: TypeDescriptor<{ n: number }>;
  /** Of the keys that are declared, by kind. */
  readonly keys: Readonly<Record<string, TypeDescriptor<unknown>>>;
  readonly row: TypeDescriptor<unknown>;
  /** A value of `row`. */
  rowOf(n: number): unknown;
  readonly count: TypeDescriptor<number>;
  readonly element: TypeDescriptor<unknown>;
  readonly entry: TypeDescriptor<{ count: number; seen: boolean }>;
  readonly mean: TypeDescriptor<{ sum: number; count: number }>;
  readonly loose: TypeDescriptor<unknown>;
  readonly ending: StateOptions;
  readonly endless: StateOptions;
}

const TTL: StateOptions = { ttl: { ttl: '1 d' } };

const shape = types.union('kind', {
  circle: types.object({ radius: types.float64 }),
  square: types.object({ side: types.int32 }),
});

/** Every kind of type. */
const row = types.object({
  int32: types.int32,
  float64: types.float64,
  string: types.string,
  boolean: types.boolean,
  timestamp: types.timestamp,
  bigint: types.bigint,
  bytes: types.bytes,
  void: types.void,
  dynamic: types.dynamic(),
  absent: types.optional(types.string),
  present: types.optional(types.string),
  array: types.array(types.optional(types.int32)),
  map: types.map(types.string, types.int32),
  nested: types.object({ a: types.int32, 'b c': types.string }),
  shape,
});

/** Moved, removed (bytes, void), renamed (string), added (state, note), widened (int32, array, map, nested, shape). */
const changedRow = types.object(
  {
    added: types.withDefault(types.object({ since: types.timestamp }), { since: 5 }),
    text: types.string,
    int32: types.bigint,
    float64: types.float64,
    boolean: types.optional(types.boolean),
    timestamp: types.float64,
    bigint: types.bigint,
    dynamic: types.object({ n: types.int32 }),
    absent: types.withDefault(types.string, 'was absent'),
    present: types.withDefault(types.string, 'was absent'),
    array: types.array(types.optional(types.float64)),
    map: types.map(types.string, types.bigint),
    nested: types.object(
      { c: types.string, a: types.float64, note: types.optional(types.string) },
      { renamed: { c: 'b c' } },
    ),
    shape: types.union('kind', {
      dot: types.object({}),
      square: types.object({ side: types.float64 }),
      circle: types.object({ radius: types.float64, color: types.withDefault(types.string, 'red') }),
    }),
  },
  { renamed: { text: 'string' } },
);

export function rowOf(n: number): unknown {
  return {
    int32: -n,
    float64: n + 0.25,
    string: `text ${n} é 😀`,
    boolean: n % 2 === 0,
    timestamp: 1_700_000_000_000 + n,
    bigint: 2n ** 80n + BigInt(n),
    bytes: Uint8Array.of(n, 0, 255),
    void: undefined,
    dynamic: { n },
    absent: undefined,
    present: `present ${n}`,
    array: [n, undefined],
    map: new Map([['m', n]]),
    nested: { a: n, 'b c': 'd' },
    shape: shapeOf(n),
  };
}

function shapeOf(n: number): object {
  return n % 2 === 0 ? { kind: 'circle', radius: n } : { kind: 'square', side: n };
}

/** What {@link rowOf} is, declared as it has been changed. */
export function changedRowOf(n: number): unknown {
  return {
    added: { since: 5 },
    text: `text ${n} é 😀`,
    int32: BigInt(-n),
    float64: n + 0.25,
    boolean: n % 2 === 0,
    timestamp: 1_700_000_000_000 + n,
    bigint: 2n ** 80n + BigInt(n),
    dynamic: { n },
    absent: 'was absent',
    present: `present ${n}`,
    array: [n, undefined],
    map: new Map([['m', BigInt(n)]]),
    nested: { c: 'd', a: n, note: undefined },
    shape: n % 2 === 0 ? { kind: 'circle', radius: n, color: 'red' } : { kind: 'square', side: n },
  };
}

export function declaredTypes(which: 'stored' | 'changed'): GoldenTypes {
  if (which === 'stored') {
    return {
      record: types.object({ n: types.int32 }),
      keys: {
        int32: types.int32,
        string: types.string,
        object: types.object({ id: types.int32, name: types.string }),
      } as GoldenTypes['keys'],
      row: row as TypeDescriptor<unknown>,
      rowOf,
      count: types.int32,
      element: types.string as TypeDescriptor<unknown>,
      entry: types.object({ count: types.int32 }) as unknown as GoldenTypes['entry'],
      mean: types.object({ sum: types.int32, count: types.int32 }),
      loose: types.dynamic(),
      ending: TTL,
      endless: {},
    };
  }
  return {
    record: types.object({ source: types.optional(types.string), n: types.float64 }),
    keys: {
      int32: types.float64,
      float64: types.float64,
      string: types.string,
      object: types.object({ name: types.string, id: types.float64, more: types.optional(types.string) }),
    } as GoldenTypes['keys'],
    row: changedRow as TypeDescriptor<unknown>,
    rowOf: changedRowOf,
    count: types.float64,
    element: types.optional(types.string) as TypeDescriptor<unknown>,
    entry: types.object({ seen: types.withDefault(types.boolean, false), count: types.float64 }),
    mean: types.object({ count: types.int32, sum: types.float64 }),
    loose: types.object({ n: types.int32, at: types.array(types.int32) }) as TypeDescriptor<unknown>,
    ending: {},
    endless: TTL,
  };
}
