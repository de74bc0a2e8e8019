import fc from 'fast-check';
import t, { type Test } from 'tap';
import { FileSource, WatermarkStrategy } from '../../../actors/index.js';
import { check } from '../../check.js';
import { faultPlans, type PlannedFault, type Simulation, simulate } from '../../driver/index.js';
import { FAULT_KINDS } from '../../driver/planned-fault.js';
import { lastTotals, lostTotals, ordersTo, windowsToFiles } from './simulated-jobs.js';
import {
  type Database,
  fencedLastOfUserSink,
  forgettingCommitterSink,
  forgottenBatchSink,
  hastySink,
  inRows,
  insertSink,
  inTable,
  lastOfUserSink,
  type Row,
  refusingSink,
  slowUpsertSink,
  transactionSink,
  unawaitedSink,
  unrestoredBatchSink,
  upsertSink,
} from './simulated-sinks.js';

t.setTimeout(900_000);

/** Within so many each mistake shows. */
const SEEDS_FEW = 40;

/** Fails without faults never, and under them soon; the message says so. */
async function isCaught<W, R>(t: Test, simulation: Simulation<W, R>, says: RegExp): Promise<void> {
  t.equal((await simulate({ ...simulation, faults: [] })).failure, undefined, 'without faults it is right');
  for (let seed = 1; seed <= SEEDS_FEW; seed++) {
    const { failure, faults, hash } = await simulate({ ...simulation, seed });
    if (failure === undefined) continue;
    t.comment(failure.message);
    t.equal(failure.code, 'MR5016');
    t.match(failure.message, says, `seed ${seed}`);
    const again = await simulate({ ...simulation, seed, faults });
    t.equal(again.hash, hash, 'the plan that it tells is the same run');
    t.equal(again.failure?.message, failure.message);
    return;
  }
  t.fail(`${SEEDS_FEW} seeds have not caught it`);
}

t.test('what is wrong is caught', async (t) => {
  t.test('a sink that is not idempotent', (t) =>
    isCaught(
      t,
      ordersTo(insertSink, inRows),
      /came too often.*operator Sink: to-db, seed \d+, faults \[.*came (?:twice|\d+ times, not 1): in turn \d+ from 'Sink: to-db' and in turn \d+ .*since the job .* \(after \w+ in turn \d+\).* and made it again.*idempotently/,
    ),
  );
  t.test('a sink that commits before the checkpoint', (t) =>
    isCaught(t, ordersTo(hastySink, inRows), /came too often.*once the checkpoint is complete/),
  );
  t.test('a committer that commits again', (t) =>
    isCaught(t, ordersTo(forgettingCommitterSink, inRows), /came too often.*perhaps more than once/),
  );
  t.test('a sink that leaves its buffer out of the checkpoint', (t) =>
    isCaught(
      t,
      ordersTo(forgottenBatchSink, inTable),
      /missing.*went on in turn .* from checkpoint.*snapshotState/,
    ),
  );
  t.test('a sink that does not ask for its restored state', (t) =>
    isCaught(t, ordersTo(unrestoredBatchSink, inTable), /missing.*take it up again from `restored`/),
  );
  t.test('a sink that waits for nobody', (t) =>
    isCaught(t, ordersTo(unawaitedSink, inTable), /missing.*when flush/),
  );
  t.test('a function that keeps what it knows in itself', (t) =>
    isCaught(t, lostTotals, /nobody expected.*keep it in state/),
  );
  t.test('a sink that lets a process write late that was taken over', (t) =>
    isCaught(t, lastTotals(lastOfUserSink), /nobody expected.*after takeOver in turn .*`epoch`/),
  );
  t.test('the same, where nothing else is done to it', (t) => {
    const simulation = lastTotals(lastOfUserSink);
    return isCaught(t, { ...simulation, faultKinds: ['takeOver'] }, /after takeOver in turn .*`epoch`/);
  });
  t.test('a sink that fails when a row comes again', (t) =>
    isCaught(t, ordersTo(refusingSink, inTable), /does not come to its end.*There is a row \d+/),
  );
});

t.test(
  'a process that was taken over and writes late is caught, and one that is fenced is not',
  async (t) => {
    const caught: string[] = [];
    for (let turn = 150; turn <= 600; turn += 25) {
      const faults: readonly PlannedFault[] = [{ turn, kind: 'takeOver', seed: turn }];
      const { failure } = await simulate({ ...lastTotals(lastOfUserSink), faults });
      if (failure !== undefined) caught.push(failure.message);
      (await simulate({ ...lastTotals(fencedLastOfUserSink), faults })).expectOk();
    }
    t.ok(caught.length > 0, `${caught.length} times`);
    for (const message of caught) t.match(message, /nobody expected.*after takeOver in turn .*`epoch`/);
  },
);

t.test('a run is told by its seed and its faults', async (t) => {
  const simulation = ordersTo(upsertSink, inTable);
  const report = await simulate({ ...simulation, seed: 3 });
  const { faults, hash, turns, checkpoints } = report;
  t.ok(faults.length > 0 && checkpoints > 3, `${faults.length} faults, ${checkpoints} checkpoints`);
  t.equal((await simulate({ ...simulation, seed: 3 })).hash, hash, 'the same seed');
  t.not((await simulate({ ...simulation, seed: 4 })).hash, hash, 'another');
  const kill: PlannedFault = { turn: Math.floor(turns / 3), kind: 'killTask', seed: 5 };
  const planned = await simulate({ ...simulation, faults: [kill] });
  t.strictSame(planned.faults, [kill]);
  t.equal(planned.recoveries, 1);
});

t.test('a run that is given the faults of one that drew them is the same run', async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const simulation = { ...lastTotals(lastOfUserSink), seed };
    const { faults, hash, turns, results } = await simulate(simulation);
    const again = await simulate({ ...simulation, faults });
    t.strictSame([again.hash, again.turns, again.faults], [hash, turns, faults], `seed ${seed}`);
    t.strictSame(again.results, results);
  }
});

t.test('runs that are begun together go one after another', async (t) => {
  const simulation = ordersTo(slowUpsertSink, inTable);
  const alone = await simulate({ ...simulation, seed: 9 });
  const together = await Promise.all([9, 10, 9].map((seed) => simulate({ ...simulation, seed })));
  t.strictSame([together[0]?.hash, together[2]?.hash], [alone.hash, alone.hash]);
});

t.test('the kinds of faults can be chosen', async (t) => {
  const kinds = new Set<string>();
  for (let seed = 1; seed <= 20; seed++) {
    const simulation = ordersTo(upsertSink, inTable);
    const report = await simulate({ ...simulation, seed, faultKinds: ['killProcess', 'losePower'] });
    for (const { kind } of report.faults) kinds.add(kind);
  }
  t.strictSame([...kinds].sort(), ['killProcess', 'losePower']);
});

t.test('one kind of faults alone brings some to most runs', async (t) => {
  const simulation = ordersTo(upsertSink, inTable);
  for (const kind of FAULT_KINDS) {
    let runs = 0;
    for (let seed = 1; seed <= 6; seed++) {
      const { faults } = await simulate({ ...simulation, seed, faultKinds: [kind] });
      if (faults.length > 0) runs++;
    }
    t.ok(runs > 3, `${kind}: ${runs} of 6`);
  }
});

t.test('a property is made small to one fault', async (t) => {
  let smallest: readonly PlannedFault[] = [];
  const simulation = ordersTo(insertSink, inRows);
  const property = fc.asyncProperty(
    faultPlans(fc, { kinds: ['killTask', 'killProcess'] }),
    async (faults) => {
      const { failure } = await simulate({ ...simulation, faults });
      if (failure === undefined) return;
      smallest = faults;
      throw failure;
    },
  );
  await t.rejects(check('an insert is idempotent', property, { runs: 30 }), /MR5016/);
  t.equal(smallest.length, 1, JSON.stringify(smallest));
});

t.test('a property of what is right holds', async () => {
  const simulation = ordersTo(upsertSink, inTable);
  const property = fc.asyncProperty(faultPlans(fc, { faultsMax: 3 }), async (faults) => {
    (await simulate({ ...simulation, faults })).expectOk();
  });
  await check('an upsert is idempotent', property, { runs: 20 });
});

t.test('files that are there before, LMDB, barriers that overtake', async (t) => {
  const lines: Simulation<undefined, string> = {
    ...windowsToFiles,
    files: { '/in/a.txt': 'one\ntwo\n', '/in/b.txt': 'three\n' },
    job: (env, io) => {
      env.fromSource(FileSource.textLines('/in'), WatermarkStrategy.noWatermarks(), 'lines').print();
      windowsToFiles.job(env, io);
    },
    unaligned: true,
    stateBackend: 'lmdb',
  };
  for (let seed = 1; seed <= 5; seed++) (await simulate({ ...lines, seed })).expectOk();
  t.pass();
});

t.test('order within a group is compared where it is asked for', async (t) => {
  const simulation: Simulation<Database, Row> = {
    ...ordersTo(transactionSink, inRows),
    orderedBy: ({ user }) => user,
    parallelism: 1,
  };
  (await simulate({ ...simulation, faults: [] })).expectOk();
  const backwards = { ...simulation, output: (database: Database) => database.rows.toReversed(), faults: [] };
  const { failure } = await simulate(backwards);
  t.match(failure?.message, /out of order.*Of 'user-0', .* came before .*So it is without any fault/);
});

t.test('what is wrong without any fault is said to be', async (t) => {
  const { failure } = await simulate({ ...ordersTo(upsertSink, inTable), expected: [], faults: [] });
  t.match(failure?.message, /60 results nobody expected.*So it is without any fault/);
});

t.test('a job that waits for something real is told so', async (t) => {
  const never = ordersTo(
    () => ({ createWriter: () => ({ write() {}, flush: () => new Promise(() => {}) }) }),
    inTable,
  );
  const { failure } = await simulate({ ...never, faults: [] });
  t.match(failure?.message, /does not come to its end.*by `sleep` of the simulation/);
});

t.test('a promise whose rejection nobody handles is told', async (t) => {
  const careless = ordersTo(
    () => ({
      createWriter: () => ({ write: ({ id }) => void Promise.reject(new Error(`no ${id}`)), flush() {} }),
    }),
    inTable,
  );
  const { failure } = await simulate({ ...careless, faults: [] });
  t.match(failure?.message, /went wrong while it ran.*Nobody handles a rejection: Error: no \d+.*Await/);
});

t.test('a run that goes another way the second time is told so', async (t) => {
  let runs = 0;
  const simulation = ordersTo(upsertSink, inTable);
  const { failure } = await simulate({
    ...simulation,
    world: () => {
      runs++;
      return simulation.world();
    },
    job: (env, io) => {
      // What it reads hangs on how often it was run.
      const { length } = Array.from({ length: runs * 5 });
      env
        .fromSource(
          io.source(Array.from({ length }, (_, id) => ({ id, user: '', amount: 0 }))),
          WatermarkStrategy.noWatermarks(),
          'n',
        )
        .sinkTo(upsertSink(io), 'to-db');
    },
  });
  t.match(failure?.message, /went another way when it was made again/);
});
