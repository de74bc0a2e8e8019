import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { KeyedStream } from '../../core/api/keyed-stream.js';
import type { SingleOutputStreamOperator } from '../../core/api/single-output-stream-operator.js';
import { Accumulators } from '../../core/operator/accumulator.js';
import type { Input, Output, StreamOperator } from '../../core/operator/stream-operator.js';
import { types } from '../../core/serde/types.js';
import { EventTimeSessionWindows } from '../../core/window/event-time-session-windows.js';
import { EventTimeTrigger } from '../../core/window/event-time-trigger.js';
import { SlidingEventTimeWindows } from '../../core/window/sliding-event-time-windows.js';
import { TumblingEventTimeWindows } from '../../core/window/tumbling-event-time-windows.js';
import { ThreadCodecFactory } from '../../memory/codec-factory.js';
import { InThreadStateWriter } from '../../storage/state/in-thread-state-writer.js';
import { LmdbStateBackend } from '../../storage/state/lmdb-state-backend.js';
import { lastOperator } from '../../test/last-operator.js';
import { OperatorWorld } from '../../test/operator-world.js';
import { cpuNanoseconds, medianOf, Report, SMALL } from '../harness.js';
import { KeySequence } from './keyed-state-bench.js';

/**
 * Sums of a number per key and window against the running sum per key, by the operators as tasks run them, on
 * the LMDB backend within managed memory. Time goes on by a millisecond a record, disorder included; the
 * watermark follows every thousand records. Tumbling windows hold a hundred records of each key; sliding ones are
 * ten times as long and begin as often, so that both fire as often; sessions last as long as a tumbling window.
 */
const KEYS = SMALL ? 100 : 10_000;
const RECORDS = SMALL ? 20_000 : 3_000_000;
const RUNS = SMALL ? 1 : 3;
const SIZE_MS = 100 * KEYS;
const DISORDER_MS = 500;
const WATERMARK_EVERY = 1000;
const MANAGED_BYTES = 64 * 1024 * 1024;
/** Between sessions, of all keys at once. */
const PAUSE_MS = SIZE_MS;

interface Payment {
  readonly account: number;
  readonly amount: number;
}

const payment = types.object({ account: types.int32, amount: types.int32 });
const add = (a: Payment, b: Payment): Payment => ({ account: a.account, amount: a.amount + b.amount });

type Job = (keyed: KeyedStream<Payment, number>) => SingleOutputStreamOperator<Payment>;

/** Adds up what comes out, so that nothing can be left out. */
class SummingOutput implements Output<Payment> {
  results = 0;
  amount = 0;

  collect(value: Payment): void {
    this.results++;
    this.amount += value.amount;
  }

  emitWatermark(): void {}
  emitIdle(): void {}
  emitActive(): void {}
  sideOutput(): void {}
}

const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
let stores = 0;

async function openOperator(job: Job, output: SummingOutput): Promise<StreamOperator> {
  const factory = lastOperator<Payment>((stream) => job(stream.keyBy((p) => p.account)), payment);
  const world = new OperatorWorld();
  world.managedBytes = MANAGED_BYTES;
  const writer = new InThreadStateWriter();
  world.backend = new LmdbStateBackend(join(folder, `${++stores}`), () => writer.connect());
  const store = await world.openStore({});
  const context = { ...world.context({}, store), codecs: new ThreadCodecFactory() };
  const operator = factory.create(
    { ...context, chainIndex: 0, accumulators: new Accumulators(context), userCode: { node: -1 } },
    output as Output<never>,
  );
  await operator.open();
  return operator;
}

/** Records a CPU second, in thousands. */
async function rate(job: Job, output: SummingOutput, pauseMs: number): Promise<number> {
  const operator = await openOperator(job, output);
  const input = operator.inputs[0] as unknown as Input<Payment>;
  const keys = new KeySequence(KEYS);
  let time = 0;
  const start = cpuNanoseconds();
  for (let i = 1; i <= RECORDS; i++) {
    time += i % SIZE_MS === 0 ? pauseMs : 1;
    // A fixed pattern of disorder, which reaches back by up to half a second.
    input.processElement({ account: keys.next(), amount: i & 7 }, time - ((i * 7919) % DISORDER_MS));
    if (i % WATERMARK_EVERY !== 0) continue;
    input.processWatermark(time - DISORDER_MS - 1);
    if (i % (16 * WATERMARK_EVERY) === 0) await turn();
  }
  input.processWatermark(Number.MAX_SAFE_INTEGER);
  const each = (cpuNanoseconds() - start) / RECORDS;
  await operator.close();
  return 1e6 / each;
}

const SUM: Job = (keyed) => keyed.reduce(add);
const TUMBLING: Job = (keyed) => keyed.window(TumblingEventTimeWindows.of(SIZE_MS)).reduce(add);
const SLIDING: Job = (keyed) => keyed.window(SlidingEventTimeWindows.of(10 * SIZE_MS, SIZE_MS)).reduce(add);
const UNSHARED: Job = (keyed) =>
  keyed
    .window(SlidingEventTimeWindows.of(10 * SIZE_MS, SIZE_MS))
    .trigger(EventTimeTrigger.create())
    .reduce(add);
const SESSION: Job = (keyed) => keyed.window(EventTimeSessionWindows.withGap(SIZE_MS / 5)).reduce(add);

const JOBS: readonly [name: string, job: Job, copies: number][] = [
  ['keyed sum', SUM, 0],
  ['tumbling', TUMBLING, 1],
  ['sliding, 10 windows a record', SLIDING, 10],
  ['sliding, no shared panes', UNSHARED, 10],
  ['session', SESSION, 1],
];

const report = new Report('windows');
const rates = new Map<string, number[]>(JOBS.map(([name]) => [name, []]));
/** Of all records. */
let total = 0;
for (let i = 1; i <= RECORDS; i++) total += i & 7;

// Interleaved, since the machine's pace changes.
for (let run = 0; run < RUNS; run++) {
  for (const [name, job, copies] of JOBS) {
    const output = new SummingOutput();
    rates.get(name)?.push(await rate(job, output, job === SESSION ? PAUSE_MS : 1));
    if (copies > 0 && output.amount !== copies * total) {
      throw new Error(`${name}: windows hold ${output.amount} in all, and should hold ${copies * total}`);
    }
  }
}
rmSync(folder, { recursive: true, force: true });
for (const [name, values] of rates) report.value(name, medianOf(values), 'k/s');
report.ratio('tumbling to keyed sum', 'tumbling', 'keyed sum', 0.5);
report.ratio('sliding to tumbling', 'sliding, 10 windows a record', 'tumbling', 0.5);
report.ratio('session to tumbling', 'session', 'tumbling', 1 / 3);
process.exitCode = report.finish() ? 0 : 1;
