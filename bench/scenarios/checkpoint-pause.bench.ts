import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { types } from '../../core/serde/types.js';
import { ValueStateDescriptor } from '../../core/state/state-descriptor.js';
import { Report, SMALL } from '../harness.js';
import { KeyedStateBench, KeySequence } from './keyed-state-bench.js';

/**
 * What a checkpoint costs the task: from the last barrier to the next record, with a million keys and with ten, of
 * which a tenth has changed each time, evenly drawn; a text for each hundredth. Garbage collections fall into other
 * pauses too: the pauses without one inside are what the state needs, those with one are counted apart.
 */
const SIZES = SMALL ? [1000, 10_000] : [1_000_000, 10_000_000];
const CHECKPOINTS = SMALL ? 5 : 200;
/** With the larger state, whose changes take ten times as long. */
const CHECKPOINTS_OF_LARGE = SMALL ? 5 : 100;
const MANAGED_BYTES = 1024 * 1024 * 1024;
/** Updates between two turns of the event loop: about a millisecond. */
const SLICE = 4096;
const TEXT_EVERY = 100;

interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

const collections: Span[] = [];
const observer = new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) {
    collections.push({ startMs: startTime, endMs: startTime + duration });
  }
});
observer.observe({ entryTypes: ['gc'] });

async function pausesWith(size: number): Promise<Span[]> {
  const bench = await KeyedStateBench.open(MANAGED_BYTES);
  const { keys } = bench.access;
  const count = bench.access.getState(new ValueStateDescriptor('count', types.int32));
  const text = bench.access.getState(new ValueStateDescriptor('text', types.string));
  for (let key = 0; key < size; key++) {
    keys.setCurrentKey(key);
    count.update(key);
    if (key % TEXT_EVERY === 0) text.update(`text of ${key}`);
  }
  const sequence = new KeySequence(size);
  const pauses: Span[] = [];
  const rounds = size === SIZES[0] ? CHECKPOINTS : CHECKPOINTS_OF_LARGE;
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < size / 10; i++) {
      const key = sequence.next();
      keys.setCurrentKey(key);
      count.update(round);
      if (key % TEXT_EVERY === 0) text.update(`round ${round}`);
      if (i % SLICE === 0) await turn();
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
  return pauses;
}

function isHit(pause: Span): boolean {
  return collections.some(({ startMs, endMs }) => startMs < pause.endMs && endMs > pause.startMs);
}

const report = new Report('checkpoint-pause');
const percentiles: number[] = [];
for (const size of SIZES) {
  const pauses = await pausesWith(size);
  const name = `${size / 1_000_000} M keys`;
  const lengths = (of: readonly Span[]) => of.map((it) => it.endMs - it.startMs).sort((a, b) => a - b);
  const quiet = lengths(pauses.filter((pause) => !isHit(pause)));
  const hit = lengths(pauses.filter(isHit));
  const at = (share: number) => quiet[Math.min(quiet.length - 1, Math.floor(quiet.length * share))] ?? 0;
  report.value(`${name}: pauses with a garbage collection inside`, hit.length, '');
  report.value(`${name}: longest of them`, hit.at(-1) ?? 0, 'ms');
  report.value(`${name}: median`, at(0.5), 'ms');
  report.value(`${name}: longest`, at(1), 'ms');
  report.atMost(`${name}: 99th percentile`, at(0.99), 1, 'ms');
  percentiles.push(at(0.5));
}
observer.disconnect();
report.atMost(
  'median of the larger to that of the smaller',
  (percentiles[1] ?? 0) / (percentiles[0] ?? 1),
  2,
  'x',
);
process.exitCode = report.finish() ? 0 : 1;
