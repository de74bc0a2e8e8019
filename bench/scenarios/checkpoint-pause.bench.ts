import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { types } from '../../core/serde/types.js';
import { ValueStateDescriptor } from '../../core/state/state-descriptor.js';
import { Report, SMALL } from '../harness.js';
import { KeyedStateBench, KeySequence } from './keyed-state-bench.js';

/**
 * What a checkpoint costs the task: from the last barrier to the next record, with 1 M keys of state of which
 * 100 k have changed. Garbage collections fall into other pauses too; those that fell into these are counted.
 */
const KEYS = SMALL ? 1000 : 1_000_000;
const CHANGED = SMALL ? 100 : 100_000;
const CHECKPOINTS = SMALL ? 5 : 200;
const MANAGED_BYTES = 512 * 1024 * 1024;

const collections: { readonly startMs: number; readonly endMs: number }[] = [];
const observer = new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) {
    collections.push({ startMs: startTime, endMs: startTime + duration });
  }
});
observer.observe({ entryTypes: ['gc'] });

const bench = await KeyedStateBench.open(MANAGED_BYTES);
const { keys } = bench.access;
const count = bench.access.getState(new ValueStateDescriptor('count', types.int32));
const text = bench.access.getState(new ValueStateDescriptor('text', types.string));
for (let key = 0; key < KEYS; key++) {
  keys.setCurrentKey(key);
  count.update(key);
  text.update(`text of ${key}`);
}
const sequence = new KeySequence(KEYS);
const pauses: { readonly startMs: number; readonly endMs: number }[] = [];
for (let round = 0; round < CHECKPOINTS; round++) {
  for (let i = 0; i < CHANGED; i++) {
    keys.setCurrentKey(sequence.next());
    count.update(round);
    if (i % 4 === 0) text.update(`round ${round}`);
    if (i % 4096 === 0) await turn();
  }
  await bench.written();
  const startMs = performance.now();
  bench.checkpoint();
  keys.setCurrentKey(sequence.next());
  count.update((count.value() ?? 0) + 1);
  pauses.push({ startMs, endMs: performance.now() });
}
await bench.close();
await turn();
observer.disconnect();

const report = new Report('checkpoint-pause');
const lengths = pauses.map(({ startMs, endMs }) => endMs - startMs).sort((a, b) => a - b);
const at = (share: number) => lengths[Math.min(lengths.length - 1, Math.floor(lengths.length * share))] ?? 0;
const hit = pauses.filter((pause) =>
  collections.some(({ startMs, endMs }) => startMs < pause.endMs && endMs > pause.startMs),
);
report.value('pauses', lengths.length, '');
report.value('with a garbage collection inside', hit.length, '');
report.value('median', at(0.5), 'ms');
report.value('longest', at(1), 'ms');
report.atMost('99th percentile', at(0.99), 2, 'ms');
process.exitCode = report.finish() ? 0 : 1;
