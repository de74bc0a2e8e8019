import { setImmediate as turn } from 'node:timers/promises';
import { types } from '../../core/serde/types.js';
import { LOOK_AHEAD_RECORDS } from '../../core/state/look-ahead.js';
import { ValueStateDescriptor } from '../../core/state/state-descriptor.js';
import { cpuNanoseconds, medianOf, Report, SMALL } from '../harness.js';
import { type Bid, bidType, makeBids } from './bid.js';
import { KeyedStateBench, KeySequence } from './keyed-state-bench.js';

/**
 * A count, and an object, per key: 1 M keys drawn evenly, from empty, a checkpoint every second, all within
 * managed memory; against the same loop over a Map, without checkpoints. CPU time, helper threads included.
 */
const KEYS = SMALL ? 1000 : 1_000_000;
const UPDATES = SMALL ? 20_000 : 30_000_000;
const OBJECT_UPDATES = SMALL ? 20_000 : 4_000_000;
/** Where a million keys come to lie in memory makes a third of the pace of the Map. */
const RUNS = SMALL ? 1 : 5;
const OBJECT_RUNS = SMALL ? 1 : 3;
/** Updates between two looks at the clock and turns of the event loop: about a millisecond. */
const SLICE = 4096;
const CHECKPOINT_EVERY_MS = 1000;
const MANAGED_BYTES = 512 * 1024 * 1024;

const BIDS = makeBids(1000);

function mapOfNumbers(): number {
  const keys = new KeySequence(KEYS);
  const counts = new Map<number, number>();
  const start = cpuNanoseconds();
  for (let i = 0; i < UPDATES; i++) {
    const key = keys.next();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return (cpuNanoseconds() - start) / UPDATES;
}

/** Each update reads the object of the key and puts another in its place. */
function mapOfObjects(): number {
  const keys = new KeySequence(KEYS);
  const last = new Map<number, Bid>();
  const start = cpuNanoseconds();
  for (let i = 0; i < OBJECT_UPDATES; i++) {
    const key = keys.next();
    last.set(key, nextBid(last.get(key), i));
  }
  return (cpuNanoseconds() - start) / OBJECT_UPDATES;
}

function nextBid(before: Bid | undefined, i: number): Bid {
  const from = before ?? BIDS[i % BIDS.length];
  if (from === undefined) throw new Error('there are bids');
  return { ...from, price: from.price + 1 };
}

interface Measured {
  readonly each: number;
  readonly checkpoints: number;
  readonly megabytes: number;
}

/** Handles a record whose key is current; `i` counts the records. */
type Update = (i: number) => void;

/** Runs updates in slices, with turns of the event loop and a checkpoint every second between them. */
async function keyed(updates: number, updateOf: (bench: KeyedStateBench) => Update): Promise<Measured> {
  const bench = await KeyedStateBench.open(MANAGED_BYTES);
  const handle = handlerOf(bench, updateOf(bench));
  const start = cpuNanoseconds();
  let next = performance.now() + CHECKPOINT_EVERY_MS;
  for (let i = 0; i < updates; ) {
    const end = Math.min(updates, i + SLICE);
    i = handle(i, end);
    if (performance.now() >= next && !bench.isWriting) {
      next += CHECKPOINT_EVERY_MS;
      bench.checkpoint();
    }
    await turn();
  }
  await bench.written();
  const each = (cpuNanoseconds() - start) / updates;
  const { checkpoints, writtenBytes } = bench;
  await bench.close();
  return { each, checkpoints, megabytes: writtenBytes / 1e6 };
}

/** What a task and a keyed operator do with the records [i, end), a look ahead included. Returns `end`. */
function handlerOf(bench: KeyedStateBench, update: Update): (i: number, end: number) => number {
  const keys = new KeySequence(KEYS);
  const contexts = bench.access.keys;
  const { ahead } = bench.access;
  const records = new Array<number>(LOOK_AHEAD_RECORDS).fill(0);
  return (from, end) => {
    let i = from;
    while (i < end) {
      const count = Math.min(LOOK_AHEAD_RECORDS, end - i);
      for (let j = 0; j < count; j++) records[j] = keys.next();
      if (ahead.pays) ahead.touch(records, count, keyOf);
      for (let j = 0; j < count; j++) {
        contexts.setCurrentKey(keyOf(records[j] ?? 0));
        update(i++);
      }
    }
    return i;
  };
}

function keyOf(record: number): number {
  return record;
}

function counting(bench: KeyedStateBench): Update {
  const count = bench.access.getState(new ValueStateDescriptor('count', types.int32));
  return () => count.update((count.value() ?? 0) + 1);
}

function keepingBids(bench: KeyedStateBench): Update {
  const last = bench.access.getState(new ValueStateDescriptor('last', bidType));
  return (i) => last.update(nextBid(last.value(), i));
}

const report = new Report('keyed-count');

/** Interleaved, since the machine's pace changes; rates in thousand updates a CPU second. */
async function compare(
  name: string,
  runs: number,
  map: () => number,
  state: () => Promise<Measured>,
  atLeast: number,
) {
  const maps: number[] = [];
  const states: Measured[] = [];
  for (let run = 0; run < runs; run++) {
    maps.push(1e6 / map());
    states.push(await state());
  }
  const last = states.at(-1);
  report.value(`${name}: Map`, medianOf(maps), 'k/s');
  report.value(`${name}: keyed state`, medianOf(states.map(({ each }) => 1e6 / each)), 'k/s');
  report.value(`${name}: checkpoints in the last run`, last?.checkpoints ?? 0, '');
  report.value(`${name}: written by them`, last?.megabytes ?? 0, 'MB');
  report.ratio(`${name}: keyed state to Map`, `${name}: keyed state`, `${name}: Map`, atLeast);
}

await compare('int count', RUNS, mapOfNumbers, () => keyed(UPDATES, counting), 1);
await compare('120 B object', OBJECT_RUNS, mapOfObjects, () => keyed(OBJECT_UPDATES, keepingBids), 0.3);
process.exitCode = report.finish() ? 0 : 1;
