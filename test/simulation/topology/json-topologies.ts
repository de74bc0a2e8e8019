import { type Infer, types } from '../../../core/index.js';
import { fromJson } from '../../../core/internal.js';
import { FileSink } from '../../../storage/index.js';
import type { Event } from './event.js';
import type { Topology } from './topology.js';
import type { TopologyKit } from './topology-kit.js';

const SHAPE = types.union('kind', {
  circle: types.object({ radius: types.float64 }),
  none: types.object({}),
});
/** Of all that JSON has and has not. */
const DOCUMENT = types.object({
  id: types.float64,
  small: types.int32,
  ratio: types.float64,
  even: types.boolean,
  at: types.timestamp,
  large: types.bigint,
  bytes: types.bytes,
  maybe: types.optional(types.string),
  nothing: types.void,
  list: types.array(types.int32),
  named: types.map(types.string, types.float64),
  numbered: types.map(types.int32, types.boolean),
  shape: SHAPE,
  anything: types.dynamic<Record<string, unknown>>(),
});
type Document = Infer<typeof DOCUMENT>;

/** As somebody else would write it: timestamps as text, and more than was asked for. */
function lineOf({ id, key, time, amount }: Event): string {
  return JSON.stringify({
    anything: { key: [key] },
    shape: shapeOf(amount),
    numbered: [[amount, true]],
    named: { [key]: amount / 4, ratio: ratioTextOf(amount) },
    list: [amount, -amount],
    maybe: amount % 3 === 0 ? null : key,
    bytes: Buffer.from(key).toString('base64'),
    large: amount % 2 === 0 ? amount : String(10n ** 20n + BigInt(amount)),
    at: new Date(time).toISOString(),
    even: id % 2 === 0,
    ratio: ratioTextOf(amount),
    small: amount,
    id,
    unasked: 'goes',
  });
}

function shapeOf(amount: number): Document['shape'] {
  return amount < 0 ? { kind: 'none' } : { kind: 'circle', radius: amount };
}

/** What JSON has no numbers for are texts. */
function ratioTextOf(amount: number): number | string {
  if (amount % 5 !== 0) return amount / 8;
  return amount < 0 ? '-Infinity' : amount === 0 ? 'NaN' : 'Infinity';
}

/** In the order of the declared fields. */
function writtenLineOf({ id, key, time, amount }: Event): string {
  return JSON.stringify({
    id,
    small: amount,
    ratio: ratioTextOf(amount),
    even: id % 2 === 0,
    at: time,
    large: amount % 2 === 0 ? String(amount) : String(10n ** 20n + BigInt(amount)),
    bytes: Buffer.from(key).toString('base64'),
    ...(amount % 3 === 0 ? {} : { maybe: key }),
    nothing: null,
    list: [amount, amount === 0 ? 0 : -amount],
    named: { [key]: amount / 4, ratio: ratioTextOf(amount) },
    numbered: [[amount, true]],
    shape: shapeOf(amount),
    anything: { key: [key] },
  });
}

/** The same values where no type says how they are written. */
function looseOf({ id, key, amount }: Event): unknown {
  return {
    id,
    large: BigInt(amount),
    bytes: new TextEncoder().encode(key),
    set: new Set([amount]),
    named: new Map([[key, { at: new Date(id) }]]),
    numbered: new Map([[amount, [null, amount / 0]]]),
  };
}

function looseLineOf({ id, key, amount }: Event): string {
  return JSON.stringify({
    id,
    large: String(amount),
    bytes: Buffer.from(key).toString('base64'),
    set: [amount],
    named: { [key]: { at: new Date(id).toISOString() } },
    numbered: [[amount, [null, null]]],
  });
}

/** One of a few: their lines are long. */
const isWritten = ({ id }: Event): boolean => id % 3 === 0;

/** Lines of JSON come in, and go out by their type and without one. */
export function jsonLines(kit: TopologyKit): Topology {
  const source = kit.source({ anyOrder: true });
  const [typed, loose] = [kit.jsonSink<Document>(), kit.jsonSink<unknown>()];
  const parallelism = kit.parallelism();
  return {
    name: 'json-lines',
    files: source.files,
    outputs: () => [
      { folder: '/out/typed', lines: source.events.filter(isWritten).map(writtenLineOf) },
      { folder: '/out/loose', lines: source.events.filter(isWritten).map(looseLineOf) },
    ],
    build: (env) => {
      const events = source.stream(env).filter(isWritten);
      const documents = events
        .map(lineOf)
        .rebalance()
        .map((line) => fromJson(DOCUMENT, JSON.parse(line)))
        .returns(DOCUMENT)
        .setParallelism(parallelism);
      typed(documents, FileSink.jsonLines('/out/typed', { type: DOCUMENT }), 'typed');
      loose(events.map(looseOf), FileSink.jsonLines('/out/loose'), 'loose');
    },
  };
}
