import { spawnSync } from 'node:child_process';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { types } from '../../core/serde/types.js';
import type { KeyedStateAccess } from '../../core/state/keyed-state-access.js';
import { LOOK_AHEAD_RECORDS } from '../../core/state/look-ahead.js';
import { ValueStateDescriptor } from '../../core/state/state-descriptor.js';
import { cpuNanoseconds, medianOf, Report, SMALL } from '../harness.js';
import { type Bid, bidType, makeBids } from './bid.js';
import { type BenchBackend, KeyedStateBench, KeySequence } from './keyed-state-bench.js';

/**
 * A count, or an object of 120 bytes, per key: 1 M keys, integers and texts, drawn evenly and by Zipf's law, all
 * within managed memory, a checkpoint every second; against the same loop over a Map, without checkpoints, and
 * against the heap backend. CPU time, helper threads included. Each kind has a process of its own, as it would have a
 * thread: code that has seen one kind of keys only is not what it is after two.
 */
const KEYS = SMALL ? 1000 : 1_000_000;
const COUNT_UPDATES = SMALL ? 20_000 : 8_000_000;
const OBJECT_UPDATES = SMALL ? 20_000 : 2_000_000;
/** The heap backend takes its time. */
const HEAP_UPDATES = SMALL ? 20_000 : 2_000_000;
const RUNS = SMALL ? 1 : 3;
/** Keys that are drawn before, and taken one after another again and again. */
const DRAWN = SMALL ? 20_000 : 4_000_000;
/** Updates between two looks at the clock and turns of the event loop. */
const SLICE = 4096;
const CHECKPOINT_EVERY_MS = 1000;
const MANAGED_BYTES = 512 * 1024 * 1024;
/** How often the second key comes in the place of the first. */
const ZIPF_EXPONENT = 0.99;

const DRAWS = ['even', 'Zipf'] as const;
const KEY_KINDS = ['int', 'text'] as const;
const VALUES = ['count', 'object'] as const;

type Key = number | string;

interface Kind {
  readonly draw: (typeof DRAWS)[number];
  readonly keys: (typeof KEY_KINDS)[number];
  readonly value: (typeof VALUES)[number];
}

/** Thousand updates a CPU second. */
interface Rates {
  readonly map: number;
  readonly lmdb: number;
  readonly heap: number | undefined;
}

/** The keys in the order in which they come. */
function keysOf({ draw, keys }: Kind): readonly Key[] {
  const numbers = draw === 'even' ? evenly() : byZipf();
  if (keys === 'int') return numbers;
  const texts = Array.from({ length: KEYS }, (_, i) => `user-${i}`);
  return numbers.map((number) => texts[number] ?? '');
}

function evenly(): number[] {
  const sequence = new KeySequence(KEYS);
  return Array.from({ length: DRAWN }, () => sequence.next());
}

/** The key of rank n comes n^-0.99 times as often as that of rank 1; neighbours in rank are none as keys. */
function byZipf(): number[] {
  const sums = new Float64Array(KEYS);
  let sum = 0;
  for (let rank = 0; rank < KEYS; rank++) {
    sum += (rank + 1) ** -ZIPF_EXPONENT;
    sums[rank] = sum;
  }
  const steps = 2 ** 30;
  const sequence = new KeySequence(steps);
  return Array.from({ length: DRAWN }, () => {
    const wanted = (sequence.next() / steps) * sum;
    let low = 0;
    let high = KEYS - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return (low * 7919) % KEYS;
  });
}

const BIDS = makeBids(1000);

function nextBid(before: Bid | undefined, i: number): Bid {
  const from = before ?? BIDS[i % BIDS.length];
  if (from === undefined) throw new Error('there are bids');
  return { ...from, price: from.price + 1 };
}

function mapOfCounts(keys: readonly Key[]): number {
  const counts = new Map<Key, number>();
  const start = cpuNanoseconds();
  for (let i = 0; i < COUNT_UPDATES; i++) {
    const key = keys[i % DRAWN] ?? 0;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return (cpuNanoseconds() - start) / COUNT_UPDATES;
}

function mapOfObjects(keys: readonly Key[]): number {
  const last = new Map<Key, Bid>();
  const start = cpuNanoseconds();
  for (let i = 0; i < OBJECT_UPDATES; i++) {
    const key = keys[i % DRAWN] ?? 0;
    last.set(key, nextBid(last.get(key), i));
  }
  return (cpuNanoseconds() - start) / OBJECT_UPDATES;
}

type Update = (i: number) => void;

function counting(access: KeyedStateAccess): Update {
  const count = access.getState(new ValueStateDescriptor('count', types.int32));
  return () => count.update((count.value() ?? 0) + 1);
}

function keepingBids(access: KeyedStateAccess): Update {
  const last = access.getState(new ValueStateDescriptor('last', bidType));
  return (i) => last.update(nextBid(last.value(), i));
}

async function keyed(
  keys: readonly Key[],
  updates: number,
  backend: BenchBackend,
  updateOf: (access: KeyedStateAccess) => Update,
): Promise<number> {
  const bench = await KeyedStateBench.open(MANAGED_BYTES, backend);
  const handle = handlerOf(keys, bench.access, updateOf(bench.access));
  const start = cpuNanoseconds();
  let next = performance.now() + CHECKPOINT_EVERY_MS;
  for (let i = 0; i < updates; ) {
    i = handle(i, Math.min(updates, i + SLICE));
    if (performance.now() >= next && !bench.isWriting) {
      next += CHECKPOINT_EVERY_MS;
      bench.checkpoint();
    }
    await turn();
  }
  await bench.written();
  const each = (cpuNanoseconds() - start) / updates;
  await bench.close();
  return each;
}

/** What a task and a keyed operator do with the records [i, end), a look ahead included. Returns `end`. */
function handlerOf(keys: readonly Key[], { keys: context, ahead }: KeyedStateAccess, update: Update) {
  const records = new Array<Key>(LOOK_AHEAD_RECORDS).fill(0);
  return (from: number, end: number): number => {
    let i = from;
    while (i < end) {
      const count = Math.min(LOOK_AHEAD_RECORDS, end - i);
      for (let j = 0; j < count; j++) records[j] = keys[(i + j) % DRAWN] ?? 0;
      if (ahead.pays) ahead.touch(records, count, keyOf);
      for (let j = 0; j < count; j++) {
        context.setCurrentKey(keyOf(records[j] ?? 0));
        update(i++);
      }
    }
    return i;
  };
}

function keyOf(record: Key): Key {
  return record;
}

async function measure(kind: Kind): Promise<Rates> {
  const keys = keysOf(kind);
  const isCount = kind.value === 'count';
  const updates = isCount ? COUNT_UPDATES : OBJECT_UPDATES;
  const map: number[] = [];
  const lmdb: number[] = [];
  const heap: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    map.push(isCount ? mapOfCounts(keys) : mapOfObjects(keys));
    lmdb.push(await keyed(keys, updates, 'lmdb', isCount ? counting : keepingBids));
  }
  if (isCount) heap.push(await keyed(keys, HEAP_UPDATES, 'heap', counting));
  const rate = (times: readonly number[]) => 1e6 / medianOf(times);
  return { map: rate(map), lmdb: rate(lmdb), heap: isCount ? rate(heap) : undefined };
}

/** In a process of its own, which prints the rates as its last line. */
function measureApart(kind: Kind): Rates {
  const { stdout, status } = spawnSync(
    process.execPath,
    [fileURLToPath(import.meta.url), JSON.stringify(kind)],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (status !== 0) throw new Error(`${JSON.stringify(kind)} ended with ${status}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Rates;
}

function compareAll(): boolean {
  const report = new Report('key-kinds');
  for (const value of VALUES) {
    for (const keys of KEY_KINDS) {
      for (const draw of DRAWS) {
        const name = `${value} by ${keys}, ${draw}`;
        const { map, lmdb, heap } = measureApart({ draw, keys, value });
        report.value(`${name}: Map`, map, 'k/s');
        report.value(`${name}: keyed state`, lmdb, 'k/s');
        report.atLeast(`${name}: keyed state to Map`, lmdb / map, value === 'count' ? 1 : 0.3, 'x');
        if (heap !== undefined) report.atLeast(`${name}: and to the heap backend`, lmdb / heap, 1, 'x');
      }
    }
  }
  return report.finish();
}

const [chosen] = process.argv.slice(2);
if (chosen === undefined) process.exitCode = compareAll() ? 0 : 1;
else console.log(JSON.stringify(await measure(JSON.parse(chosen) as Kind)));
