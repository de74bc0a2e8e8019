import t, { type Test } from 'tap';
import { type Simulation, simulate } from '../../driver/index.js';
import { keptTotals, ordersTo, ownSource, timers, windowsToFiles } from './simulated-jobs.js';
import {
  inRows,
  inTable,
  keptBatchSink,
  slowUpsertSink,
  transactionSink,
  upsertSink,
} from './simulated-sinks.js';

t.setTimeout(900_000);

/** Of each job; `MILLRACE_SIMULATIONS` asks for more. */
const SEEDS = Number(process.env.MILLRACE_SIMULATIONS ?? 25);

async function staysRight<W, R>(t: Test, simulation: Simulation<W, R>): Promise<void> {
  const { results: expected } = await simulate({ ...simulation, faults: [] });
  let [faults, recoveries, checkpoints] = [0, 0, 0];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const report = await simulate({ expected, ...simulation, seed });
    if (report.failure !== undefined) t.fail(report.failure.message);
    faults += report.faults.length;
    recoveries += report.recoveries;
    checkpoints += report.checkpoints;
  }
  t.comment(`${faults} faults, ${recoveries} recoveries, ${checkpoints} checkpoints in ${SEEDS} runs`);
  t.ok(expected.length > 10 && recoveries > SEEDS / 2, `${recoveries} recoveries`);
}

t.test('a sink that writes by a key', (t) => staysRight(t, ordersTo(upsertSink, inTable)));

t.test('a sink that commits with checkpoints', (t) => staysRight(t, ordersTo(transactionSink, inRows)));

t.test('a sink whose buffer is in the checkpoint', (t) => staysRight(t, ordersTo(keptBatchSink, inTable)));

t.test('a sink that waits for a slow database', (t) => staysRight(t, ordersTo(slowUpsertSink, inTable)));

t.test('a function with its state in the engine', (t) => staysRight(t, keptTotals));

t.test('windows, and files of the simulated disk', (t) => staysRight(t, windowsToFiles));

t.test('timers', (t) => staysRight(t, timers));

t.test('a source of the user', (t) => staysRight(t, ownSource));
