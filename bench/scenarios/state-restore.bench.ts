import type { TypeDescriptor } from '../../core/serde/type-descriptor.js';
import { types } from '../../core/serde/types.js';
import { ValueStateDescriptor } from '../../core/state/state-descriptor.js';
import type { ValueState } from '../../core/state/value-state.js';
import { Report, SMALL } from '../harness.js';
import { KeyedStateBench } from './keyed-state-bench.js';

/** Restoring 10 M keys of 16 bytes, key and value, from a base and an increment, into managed memory. Wall time. */
const KEYS = SMALL ? 1000 : 10_000_000;
const CHANGED = KEYS / 10;
const MANAGED_BYTES = 1024 * 1024 * 1024;
const descriptor = new ValueStateDescriptor('value', types.float64);

async function fill(bench: KeyedStateBench, count: number): Promise<void> {
  const { keys } = bench.access;
  const value = bench.access.getState(descriptor);
  for (let key = 0; key < count; key++) {
    keys.setCurrentKey(key);
    value.update(key);
  }
  bench.checkpoint();
  await bench.written();
}

/** Entries a second, in millions. */
async function restored(type: TypeDescriptor<number | undefined>): Promise<number> {
  const declared = new ValueStateDescriptor<number | undefined>('value', type);
  let value: ValueState<number | undefined> | undefined;
  const start = performance.now();
  await bench.restore(MANAGED_BYTES, (access) => {
    value = access.getState(declared);
  });
  const seconds = (performance.now() - start) / 1000;
  for (const key of [0, CHANGED, KEYS - 1]) {
    bench.access.keys.setCurrentKey(key);
    if (value?.value() !== key) throw new Error(`${key} is ${value?.value()}`);
  }
  return entries / seconds / 1e6;
}

const report = new Report('state-restore');
const bench = await KeyedStateBench.open(MANAGED_BYTES);
await fill(bench, KEYS);
await fill(bench, CHANGED);
const files = bench.handle?.files ?? [];
const entries = files.reduce((sum, file) => sum + file.entryCount, 0);
report.value('entries', entries, '');
report.value('bytes of the files', files.reduce((sum, it) => sum + it.sizeBytes, 0) / 1e6, 'MB');
report.atLeast('restored a second', await restored(types.float64), 1, 'M');
report.value('restored a second, of another type', await restored(types.optional(types.float64)), 'M');
await bench.close();
process.exitCode = report.finish() ? 0 : 1;
