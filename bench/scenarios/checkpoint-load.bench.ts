import { setImmediate as turn } from 'node:timers/promises';
import { types } from '../../core/serde/types.js';
import { LOOK_AHEAD_RECORDS } from '../../core/state/look-ahead.js';
import { ValueStateDescriptor } from '../../core/state/state-descriptor.js';
import { cpuNanoseconds, medianOf, Report, SMALL } from '../harness.js';
import { KeyedStateBench, KeySequence } from './keyed-state-bench.js';

/**
 * What records lose while a checkpoint of ten million keys is being written, and how large an increment is beside
 * what has changed. Records are counted by the wall, in slices of a millisecond as a task's loop has them.
 */
const KEYS = SMALL ? 10_000 : 10_000_000;
const KEYS_OF_INCREMENTS = SMALL ? 10_000 : 1_000_000;
const CHANGED_OF_INCREMENTS = KEYS_OF_INCREMENTS / 10;
const INT_KEY_BYTES = 6;
const SLICE_MS = 1;
const QUIET_MS = SMALL ? 20 : 3000;
const RUNS = SMALL ? 1 : 3;
const MANAGED_BYTES = 1024 * 1024 * 1024;

const report = new Report('checkpoint-load');
const bench = await KeyedStateBench.open(MANAGED_BYTES);
const { keys, ahead } = bench.access;
const count = bench.access.getState(new ValueStateDescriptor('count', types.int32));
const sequence = new KeySequence(KEYS);
const records = new Array<number>(LOOK_AHEAD_RECORDS).fill(0);

interface Rates {
  /** Thousand updates a second by the wall, and a CPU second, helper threads included. */
  readonly wall: number;
  readonly cpu: number;
}

/** As a task and a keyed operator take records: with a look ahead at some of them. */
function updateBatch(): void {
  for (let i = 0; i < LOOK_AHEAD_RECORDS; i++) records[i] = sequence.next();
  if (ahead.pays) ahead.touch(records, LOOK_AHEAD_RECORDS, (record) => record);
  for (const record of records) {
    keys.setCurrentKey(record);
    count.update((count.value() ?? 0) + 1);
  }
}

/** Updates until `isOver`, with turns of the event loop. */
async function updateUntil(isOver: () => boolean): Promise<Rates> {
  const start = performance.now();
  const startCpu = cpuNanoseconds();
  let updates = 0;
  do {
    const slice = performance.now();
    while (performance.now() - slice < SLICE_MS) {
      for (let i = 0; i < 256; i += LOOK_AHEAD_RECORDS) updateBatch();
      updates += 256;
    }
    await turn();
  } while (!isOver());
  return {
    wall: updates / (performance.now() - start),
    cpu: updates / ((cpuNanoseconds() - startCpu) / 1e6),
  };
}

async function quietly(): Promise<Rates> {
  const end = performance.now() + QUIET_MS;
  return updateUntil(() => performance.now() >= end);
}

/** The file of an increment, to the bytes of keys and values in it. */
async function increment<T>(
  descriptor: ValueStateDescriptor<T>,
  valueAt: (key: number) => T,
  valueBytes: number,
) {
  const fresh = await KeyedStateBench.open(MANAGED_BYTES);
  const state = fresh.access.getState(descriptor);
  for (const rows of [KEYS_OF_INCREMENTS, CHANGED_OF_INCREMENTS]) {
    for (let key = 0; key < rows; key++) {
      fresh.access.keys.setCurrentKey(key);
      state.update(valueAt(key));
    }
    fresh.checkpoint();
    await fresh.written();
  }
  const file = fresh.handle?.files.at(-1);
  if (file?.entryCount !== CHANGED_OF_INCREMENTS) throw new Error(`${file?.entryCount} rows were written`);
  await fresh.close();
  return file.sizeBytes / (CHANGED_OF_INCREMENTS * (INT_KEY_BYTES + valueBytes));
}

for (let key = 0; key < KEYS; key++) {
  keys.setCurrentKey(key);
  count.update(key);
}
const before = await quietly();
const between: Rates[] = [];
const during: Rates[] = [];
for (let run = 0; run < RUNS; run++) {
  bench.checkpoint();
  during.push(await updateUntil(() => !bench.isWriting));
  await bench.written();
  between.push(await quietly());
  report.value(`written by checkpoint ${run + 1}`, (bench.handle?.files.at(-1)?.sizeBytes ?? 0) / 1e6, 'MB');
}
await bench.close();
const medianRate = (rates: readonly Rates[], of: (rate: Rates) => number) => medianOf(rates.map(of));
const wall = (rate: Rates): number => rate.wall;
report.value('before the first checkpoint', before.wall, 'k/s');
report.value('between checkpoints', medianRate(between, wall), 'k/s');
report.value('while one is written', medianRate(during, wall), 'k/s');
report.ratio('while one is written to before', 'while one is written', 'before the first checkpoint', 0.8);
const cpu = medianRate(during, (it) => it.cpu);
report.value('the same a CPU second, writing included', cpu / before.cpu, 'x');
report.value('and to between checkpoints', cpu / medianRate(between, (it) => it.cpu), 'x');
const ofInts = await increment(new ValueStateDescriptor('count', types.int32), (key) => key, 4);
report.atMost('bytes of an increment to those changed: int32 by int', ofInts, 1.3, 'x');
const ofFloats = await increment(new ValueStateDescriptor('number', types.float64), (key) => key, 8);
report.atMost('bytes of an increment to those changed: float64 by int', ofFloats, 1.3, 'x');
process.exitCode = report.finish() ? 0 : 1;
