import { readFileSync } from 'node:fs';
import { InternalTimerService } from '../../core/state/internal-timer-service.js';
import { StateNamespace } from '../../core/state/key-context.js';
import { LmdbStateStore } from '../../storage/state/lmdb-state-store.js';
import { cpuNanoseconds, Report, SMALL } from '../harness.js';
import { KeyedStateBench, KeySequence } from './keyed-state-bench.js';

/**
 * Ten million timers of event time, one for each key, registered in no order and fired by watermarks that pass 10,000
 * of them at a time; within managed memory. CPU time, helper threads included.
 */
const TIMERS = SMALL ? 10_000 : 10_000_000;
const SPREAD_MS = TIMERS;
const STEP_MS = SMALL ? 1000 : 10_000;
const MANAGED_BYTES = (SMALL ? 16 : 1024) * 1024 * 1024;

const report = new Report('timers');
const bench = await KeyedStateBench.open(MANAGED_BYTES);
const { keys, store } = bench.access;
let fired = 0;
let last = 0;
let early = 0;
const timers = new InternalTimerService(
  'timers',
  { keys, store },
  StateNamespace.VOID,
  { wallMs: () => 0, wakeAt: () => {}, mustYield: () => false },
  {
    onEventTime: (time) => {
      fired++;
      if (time < last) early++;
      last = time;
    },
    onProcessingTime: () => {},
  },
);
const before = anonymousBytes();
let most = 0;

/** Memory of this process that is no file's. */
function anonymousBytes(): number {
  const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

const sequence = new KeySequence(SPREAD_MS);
let start = cpuNanoseconds();
for (let key = 0; key < TIMERS; key++) {
  keys.setCurrentKey(key);
  timers.registerEventTimeTimer(sequence.next());
  if (key % 100_000 === 0) most = Math.max(most, anonymousBytes() - before);
}
const registerSeconds = (cpuNanoseconds() - start) / 1e9;
most = Math.max(most, anonymousBytes() - before);
const used = store instanceof LmdbStateStore ? store.usedBytes : Number.NaN;
start = cpuNanoseconds();
let longest = 0;
for (let time = STEP_MS; time <= SPREAD_MS; time += STEP_MS) {
  const begin = performance.now();
  timers.advanceWatermark(time);
  longest = Math.max(longest, performance.now() - begin);
  most = Math.max(most, anonymousBytes() - before);
}
const fireSeconds = (cpuNanoseconds() - start) / 1e9;
if (fired !== TIMERS || early > 0) throw new Error(`${fired} timers fired, ${early} of them out of order`);
report.value('registered a second', TIMERS / registerSeconds / 1000, 'k');
report.value('longest pass', longest, 'ms');
report.value('managed memory in use', used / 1e6, 'MB');
report.atMost('memory in use to managed memory', most / MANAGED_BYTES, 1.1, 'x');
report.atLeast('fired a second', TIMERS / fireSeconds / 1000, 500, 'k');
await bench.close();
process.exitCode = report.finish() ? 0 : 1;
