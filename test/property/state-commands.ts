import fc from 'fast-check';

/** A command over a keyed state store: plain data, so that a counterexample can be read and replayed. */
export type StateCommand =
  | { op: 'put'; table: 0 | 1 | 2; key: number; element: number; size: number; seed: number }
  | { op: 'get' | 'delete'; table: 0 | 1 | 2; key: number; element: number }
  | {
      op: 'fill';
      table: 0 | 1 | 2;
      from: number;
      count: number;
      step: number;
      seed: number;
      deleting: boolean;
    }
  /** `growth`: rows of table 0 that come with each row that is shown, which may move the others. */
  | { op: 'scan'; key: number; deleting: boolean; limit: number; growth: number }
  | { op: 'scanKeyGroup'; table: 0 | 1 | 2; keyGroup: number }
  | { op: 'snapshot'; write: boolean }
  | { op: 'write' | 'step' | 'failNext' | 'complete' | 'restore' }
  /** A whole one, at once, that is completed or given up. */
  | { op: 'checkpoint'; completes: boolean }
  | { op: 'abort'; which: number };

export const KEY_GROUPS = { start: 4, end: 7 };

const KEYS = 8;

/** What follows the key in a row: prefixes of each other, extremes, and longer than an LMDB key may be. */
export const ELEMENTS: readonly Uint8Array[] = [
  Uint8Array.of(),
  Uint8Array.of(0),
  Uint8Array.of(0, 0),
  Uint8Array.of(1),
  Uint8Array.of(1, 255),
  Uint8Array.of(255),
  Uint8Array.of(255, 255, 255),
  new Uint8Array(1897).fill(7),
  new Uint8Array(1898).fill(7),
  new Uint8Array(1899).fill(7),
  new Uint8Array(2500).fill(7),
  Uint8Array.from({ length: 2500 }, (_, i) => (i < 2400 ? 7 : i % 5)),
  Uint8Array.from({ length: 2500 }, (_, i) => (i < 2400 ? 7 : i % 3)),
  Uint8Array.of(8),
];

const table = fc.constantFrom<0 | 1 | 2>(0, 1, 2);
/** Mostly a few, so that one row has a history. */
const key = fc.oneof(fc.nat({ max: 1 }), fc.nat({ max: KEYS - 1 }));
const element = fc.oneof(
  { weight: 3, arbitrary: fc.nat({ max: 1 }) },
  { weight: 3, arbitrary: fc.nat({ max: 6 }) },
  { weight: 1, arbitrary: fc.nat({ max: ELEMENTS.length - 1 }) },
);
const size = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 24 }) },
  { weight: 1, arbitrary: fc.integer({ min: 20_000, max: 70_000 }) },
);

/** Bytes of every value of table 2. */
export const fixedBytes = fc.constantFrom<4 | 8>(4, 8);

export const stateCommands: fc.Arbitrary<StateCommand[]> = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        op: fc.constant<'put'>('put'),
        table,
        key,
        element,
        size,
        seed: fc.nat({ max: 255 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ op: fc.constantFrom<'get' | 'delete'>('get', 'delete'), table, key, element }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        op: fc.constant<'scan'>('scan'),
        key,
        deleting: fc.boolean(),
        limit: fc.nat({ max: 12 }),
        growth: fc.constantFrom(0, 0, 1, 4),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        op: fc.constant<'fill'>('fill'),
        table: fc.constantFrom<0 | 1 | 2>(0, 1, 2, 2),
        from: fc.nat({ max: 4000 }),
        count: fc.oneof(fc.nat({ max: 10 }), fc.nat({ max: 2000 })),
        step: fc.integer({ min: 1, max: 3 }),
        seed: fc.nat({ max: 255 }),
        deleting: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        op: fc.constant<'scanKeyGroup'>('scanKeyGroup'),
        table: fc.constantFrom<0 | 1 | 2>(0, 1, 2),
        keyGroup: fc.integer({ min: KEY_GROUPS.start, max: KEY_GROUPS.end }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ op: fc.constant<'snapshot'>('snapshot'), write: fc.boolean() }) },
    {
      weight: 5,
      arbitrary: fc.record({
        op: fc.constantFrom<'write' | 'step' | 'failNext' | 'complete' | 'restore'>(
          'write',
          'step',
          'step',
          'step',
          'complete',
          'complete',
          'failNext',
          'restore',
        ),
      }),
    },
    { weight: 1, arbitrary: fc.record({ op: fc.constant<'abort'>('abort'), which: fc.nat({ max: 3 }) }) },
    {
      weight: 3,
      arbitrary: fc.record({ op: fc.constant<'checkpoint'>('checkpoint'), completes: fc.boolean() }),
    },
  ),
  { minLength: 1, maxLength: 120, size: 'max' },
);
