import { setImmediate as turn } from 'node:timers/promises';
import { types } from '../../core/serde/types.js';
import { type StateDescriptor, ValueStateDescriptor } from '../../core/state/state-descriptor.js';
import { medianOf, Report, SMALL } from '../harness.js';
import { KeyedStateBench, KeySequence } from './keyed-state-bench.js';

/**
 * What records lose while a checkpoint of ten million keys is being written, and how large an increment is beside
 * what has changed. Records are counted by the wall, in slices of a millisecond as a task's loop has them.
 */
const KEYS = SMALL ? 10_000 : 10_000_000;
const OBJECTS = SMALL ? 1000 : 500_000;
const SLICE_MS = 1;
const QUIET_MS = SMALL ? 20 : 3000;
const RUNS = SMALL ? 1 : 3;
const MANAGED_BYTES = 1024 * 1024 * 1024;

const report = new Report('checkpoint-load');
const bench = await KeyedStateBench.open(MANAGED_BYTES);
const { keys } = bench.access;
const countOf = new ValueStateDescriptor('count', types.int32);
const count = bench.access.getState(countOf);
const sequence = new KeySequence(KEYS);

/** Updates a second until `isOver`, with turns of the event loop. */
async function rateUntil(isOver: () => boolean): Promise<number> {
  const start = performance.now();
  let updates = 0;
  do {
    const slice = performance.now();
    while (performance.now() - slice < SLICE_MS) {
      for (let i = 0; i < 256; i++) {
        keys.setCurrentKey(sequence.next());
        count.update((count.value() ?? 0) + 1);
      }
      updates += 256;
    }
    await turn();
  } while (!isOver());
  return updates / (performance.now() - start);
}

async function quietRate(): Promise<number> {
  const end = performance.now() + QUIET_MS;
  return rateUntil(() => performance.now() >= end);
}

/** The keys' and values' bytes of rows that are about to be written, and the file that comes of them. */
async function increment<T>(
  of: StateDescriptor & ValueStateDescriptor<T>,
  rows: number,
  valueAt: (key: number) => T,
  bytes: number,
) {
  const state = bench.access.getState(of);
  for (let key = 0; key < rows; key++) {
    keys.setCurrentKey(key);
    state.update(valueAt(key));
  }
  bench.checkpoint();
  await bench.written();
  const file = bench.handle?.files.at(-1);
  if (file?.entryCount !== rows) throw new Error(`${file?.entryCount} rows of ${rows}`);
  await bench.close();
  return file.sizeBytes / (rows * bytes);
}

for (let key = 0; key < KEYS; key++) {
  keys.setCurrentKey(key);
  count.update(key);
}
const without: number[] = [await quietRate()];
const during: number[] = [];
for (let run = 0; run < RUNS; run++) {
  bench.checkpoint();
  during.push(await rateUntil(() => !bench.isWriting));
  await bench.written();
  without.push(await quietRate());
  report.value(`written by checkpoint ${run + 1}`, (bench.handle?.files.at(-1)?.sizeBytes ?? 0) / 1e6, 'MB');
}
report.value('without a checkpoint', medianOf(without), 'k/s');
report.value('while one is written', medianOf(during), 'k/s');
report.ratio('while one is written to without', 'while one is written', 'without a checkpoint', 0.8);
bench.checkpoint();
await bench.written();
const INT_KEY = 6;
report.atMost(
  'bytes of an increment to those changed: int32 by int',
  await increment(countOf, OBJECTS, (key) => key, INT_KEY + 4),
  1.3,
  'x',
);
report.atMost(
  'bytes of an increment to those changed: float64 by int',
  await increment(new ValueStateDescriptor('number', types.float64), OBJECTS, (key) => key, INT_KEY + 8),
  1.3,
  'x',
);
await bench.close();
process.exitCode = report.finish() ? 0 : 1;
