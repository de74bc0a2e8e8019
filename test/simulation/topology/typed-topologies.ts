import { inspect, isDeepStrictEqual } from 'node:util';
import {
  type Infer,
  type KeyedProcessFunction,
  type MapState,
  MapStateDescriptor,
  type TypeDescriptor,
  types,
  type ValueState,
  ValueStateDescriptor,
} from '../../../core/index.js';
import { EVENT, type Event } from './event.js';
import { byKey } from './keyed-topologies.js';
import type { Topology } from './topology.js';
import type { TopologyKit } from './topology-kit.js';

const POINT = types.object({ x: types.float64, y: types.float64 });
/** A value of every type that there is. */
const RICH = types.object({
  event: EVENT,
  small: types.int32,
  large: types.bigint,
  flag: types.boolean,
  text: types.string,
  bytes: types.bytes,
  maybe: types.optional(types.string),
  nothing: types.void,
  list: types.array(types.optional(POINT)),
  table: types.map(types.string, types.array(types.int32)),
  numbers: types.map(types.int32, types.boolean),
  shape: types.union('kind', {
    circle: types.object({ radius: types.float64 }),
    square: types.object({ side: types.int32, at: POINT }),
    none: types.object({}),
  }),
  anything: types.dynamic(),
});
type Rich = Infer<typeof RICH>;
/** An optional field may be absent, or there and undefined. */
const NAMES = RICH.fields.map(({ name }) => name) as (keyof Rich)[];
type Shape = Rich['shape'];

const TEXTS = ['', 'a', 'Grüße', '漢字', '\u{1f600}', '\0', 'long '.repeat(60)] as const;
const NUMBERS = [0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, -1e300, 5e-324, 2 ** 53 - 1] as const;

/** The same for an event each time. `declared`: with what they alone carry: a zero with a sign, half a pair. */
function richOf(event: Event, declared: boolean): Rich {
  const { id, amount, key } = event;
  const pick = <T>(from: readonly [T, ...T[]], by: number): T => from[Math.abs(by) % from.length] ?? from[0];
  const point = { x: declared && id % 4 === 0 ? -0 : pick(NUMBERS, id), y: pick(NUMBERS, amount) };
  const shapes: readonly [Shape, ...Shape[]] = [
    { kind: 'circle', radius: pick(NUMBERS, id) },
    { kind: 'square', side: amount, at: point },
    { kind: 'none' },
  ];
  const size = Math.abs(amount) % 5;
  return {
    event,
    small: Math.imul(id, 0x9e3779b9),
    large: BigInt(amount) ** 15n,
    flag: id % 2 === 0,
    text: declared && id % 5 === 0 ? '\ud800' : pick(TEXTS, id),
    bytes: Uint8Array.from({ length: size * 7 }, (_, index) => index * id),
    ...(amount % 3 === 0 ? { maybe: key } : {}),
    nothing: undefined,
    list: Array.from({ length: size }, (_, index) => (index % 2 === 0 ? point : undefined)),
    table: new Map(Array.from({ length: size }, (_, index) => [pick(TEXTS, index), [index, amount]])),
    numbers: new Map([
      [amount, true],
      [-1 - amount, false],
    ]),
    shape: pick(shapes, amount),
    anything: { date: new Date(id), set: new Set([amount, key]), deep: [[{ id }]] },
  };
}

/** Another key for each key of events. */
interface KeyKind<K> {
  readonly of: (key: string) => K;
  readonly type: TypeDescriptor<K>;
}

function kindOf<K>(of: (key: string) => K, type: TypeDescriptor<K>): KeyKind<unknown> {
  return { of, type } as KeyKind<unknown>;
}

const numberOf = (key: string): number => {
  const [split = 0, own = 0] = (key.match(/\d+/g) ?? []).map(Number);
  return split * 1000 + own;
};
const KINDS: readonly [KeyKind<unknown>, ...KeyKind<unknown>[]] = [
  kindOf((key) => key, types.string),
  kindOf((key) => `${key} ${'Grüße '.repeat(numberOf(key) % 20)}`, types.string),
  kindOf(numberOf, types.int32),
  kindOf((key) => numberOf(key) - 500.5, types.float64),
  kindOf((key) => BigInt(numberOf(key)) * 10n ** 20n - 5n, types.bigint),
  kindOf((key) => new TextEncoder().encode(key), types.bytes),
  kindOf((key) => [key, String(key.length)], types.array(types.string)),
  kindOf(
    (key) => ({ odd: numberOf(key) % 2 === 1, key, place: { number: numberOf(key) } }),
    types.object({ odd: types.boolean, key: types.string, place: types.object({ number: types.int32 }) }),
  ),
];

/** Values of every type in channels and state, under keys of every type, declared or not: they stay what they are. */
export function typedRecords(kit: TopologyKit): Topology {
  const source = kit.source({ keysBySplit: true });
  const sink = kit.sink('/out/pairs');
  const parallelism = kit.parallelism();
  const { prng } = kit;
  const key = prng.pick(KINDS);
  const inner = prng.pick(KINDS);
  const [declared, keyDeclared] = [prng.chance(0.7), prng.chance(0.5)];
  return {
    name: 'typed-records',
    files: source.files,
    outputs: () => [
      {
        folder: '/out/pairs',
        lines: [...byKey(source.events).values()].flatMap((events) =>
          events.map(({ id }, index) => {
            const places = new Set(events.slice(0, index).map((event) => placeOf(event.id)));
            return `${events[index - 1]?.id ?? 'none'} ${id} ${places.size}`;
          }),
        ),
      },
    ],
    build: (env) => {
      // By key from the source on: events of a key keep their order at any parallelism of what comes between.
      const rich = source
        .stream(env)
        .keyBy((event) => event.key)
        .process<Rich>({ processElement: (event, _ctx, out) => out.collect(richOf(event, declared)) });
      const keyOf = ({ event }: Rich): unknown => key.of(event.key);
      const told = (declared ? rich.returns(RICH) : rich)
        .keyBy(keyOf, keyDeclared ? key.type : undefined)
        .process(compared(declared ? RICH : undefined, inner))
        .setParallelism(parallelism);
      sink(told, 'pairs');
    },
  };
}

const placeOf = (id: number): string => `s${id % 3}k7`;

/** Tells each event with the one before, of the same key, and how many places of its map are taken. */
function compared(
  type: TypeDescriptor<Rich> | undefined,
  inner: KeyKind<unknown>,
): KeyedProcessFunction<unknown, Rich, string> {
  let last: ValueState<Rich>;
  let some: MapState<unknown, Rich>;
  const rights = new Map<number, Rich>();
  const mustBeRight = (rich: Rich): void => {
    const right = rights.get(rich.event.id) ?? richOf(rich.event, type !== undefined);
    rights.set(rich.event.id, right);
    mustBe(rich, right, type !== undefined);
  };
  return {
    open(ctx) {
      last = ctx.getState(new ValueStateDescriptor('last', type));
      some = ctx.getMapState(new MapStateDescriptor('some', inner.type, type));
    },
    processElement(rich, _ctx, out) {
      mustBeRight(rich);
      const before = last.value();
      if (before !== undefined) mustBeRight(before);
      last.update(rich);
      const place = (id: number): unknown => inner.of(placeOf(id));
      const known = [...some.entries()];
      for (const [at, value] of known) {
        // Each once: when it is replaced.
        if (placeOf(value.event.id) === placeOf(rich.event.id)) mustBeRight(value);
        if (!isDeepStrictEqual(at, place(value.event.id)))
          throw new Error(`Not where it was put: ${String(at)}.`);
      }
      some.put(place(rich.event.id), rich);
      out.collect(`${before?.event.id ?? 'none'} ${rich.event.id} ${known.length}`);
    },
  };
}

function mustBe(rich: Rich, right: Rich, declared: boolean): void {
  // Undeclared bytes come back as a Buffer.
  const come = declared ? rich : { ...rich, bytes: Uint8Array.from(rich.bytes) };
  for (const name of NAMES)
    if (!isDeepStrictEqual(come[name], right[name]))
      throw new Error(
        `Event ${rich.event.id} has the ${name} ${inspect(rich[name])}, not ${inspect(right[name])}.`,
      );
}
