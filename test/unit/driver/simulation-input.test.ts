import fc from 'fast-check';
import t from 'tap';
import { faultPlans, type Simulation, simulate } from '../../driver/index.js';
import { ordersTo } from './simulated-jobs.js';
import { type Database, inTable, type Row, upsertSink } from './simulated-sinks.js';

const WRONG_CALLS: readonly (readonly [given: Readonly<Record<string, unknown>>, says: RegExp])[] = [
  [{ seed: -1 }, /The seed is -1\..*0 or more/],
  [{ seed: '7' }, /The seed is '7'/],
  [{ sead: 1 }, /no option 'sead'.*'seed'/],
  [{ world: undefined }, /takes a function as 'world', and was given undefined/],
  [{ job: 3 }, /takes a function as 'job', and was given 3/],
  [{ output: [] }, /takes a function as 'output', and was given an array/],
  [{ output: () => 3 }, /output returned 3/],
  [{ output: async () => [] }, /output returned a promise.*at once/],
  [{ expected: 60 }, /The results expected are 60/],
  [{ orderedBy: 'user' }, /orderedBy is 'user'/],
  [{ unaligned: 'yes' }, /unaligned is 'yes'/],
  [{ stateBackend: 'rocksdb' }, /no state backend 'rocksdb'.*'heap' or 'lmdb'/],
  [{ checkpointIntervalMs: 0.5 }, /is 0\.5\. \[checkpointIntervalMs\].* 1 or more/],
  [{ checkpointIntervalMs: '3 s' }, /is '3 s'.*number of virtual milliseconds/],
  [{ files: { '/in': 3 } }, /The file '\/in' is 3/],
  [{ faultKinds: ['kilTask'] }, /no kind of fault 'kilTask'. \[faultKinds\].*Did you mean 'killTask'/],
  [{ faultKinds: 'killTask' }, /kinds of faults are 'killTask'.*an array/],
  [{ faultKinds: [] }, /No kind of fault may come.*faults: \[\]/],
  [{ faults: { turn: 1, kind: 'killTask', seed: 1 } }, /The faults are an object.*Give an array/],
  [{ faults: [null] }, /A fault is null. \[faults\[0\]\].*killTask/],
  [
    { faults: [{ turn: 1, kind: 'burn', seed: 1 }] },
    /no kind of fault 'burn'.*Kinds are killTask, killProcess/,
  ],
  [
    { faults: [{ turn: -3, kind: 'killTask', seed: 1 }] },
    /turn of a fault is -3\. \[faults\[0\]\].*1 or more/,
  ],
  [{ faults: [{ turn: 1, kind: 'killTask' }] }, /seed of a fault is undefined/],
  [{ faults: [{ turn: 1, knd: 'killTask', seed: 1 }] }, /no option 'knd'.*'kind'/],
];

t.test('what is wrong with the call is told at once', async (t) => {
  const simulation = ordersTo(upsertSink, inTable);
  for (const [given, says] of WRONG_CALLS) {
    const call = simulate({ ...simulation, ...given } as never);
    await t.rejects(call, { code: 'MR1001', message: says }, JSON.stringify(given));
  }
  await t.rejects(simulate(undefined as never), /MR1001 simulate was given undefined.*world, job and output/);
  t.throws(() => faultPlans(fc, { maxFaults: 3 } as never), /MR1001 faultPlans has no option 'maxFaults'/);
  (await simulate({ ...simulation, checkpointIntervalMs: 1.15, faults: [] })).expectOk();
});

t.test('what is wrong with the graph is told at once', async (t) => {
  const simulation = ordersTo(upsertSink, inTable);
  await t.rejects(simulate({ ...simulation, job: () => {} }), /MR1005/);
  const batch: Simulation<Database, Row> = {
    ...simulation,
    job: (env, io) => simulation.job(env.setRuntimeMode('BATCH'), io),
  };
  await t.rejects(simulate(batch), /MR1001 .* batch/);
});

t.test('a job that is described asynchronously is refused, and leaves the next call alone', async (t) => {
  const simulation = ordersTo(upsertSink, inTable);
  const late: typeof simulation = {
    ...simulation,
    job: async (env, io) => {
      await Promise.resolve();
      simulation.job(env, io);
    },
  };
  const [refused, next] = await Promise.allSettled([simulate(late), simulate({ ...simulation, faults: [] })]);
  t.match(refused, { reason: { code: 'MR5002', message: /The job of the simulation returned a promise/ } });
  t.match(next, { value: { failure: undefined } });
});
