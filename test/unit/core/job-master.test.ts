import t from 'tap';
import { MillraceError } from '../../../core/base/millrace-error.js';
import { toWireError } from '../../../core/protocol/wire-error.js';
import { modelGraph } from '../../model-graph.js';
import { wireError } from './coordinator-driver.js';
import { JobMasterDriver, ScriptedStrategy } from './job-master-driver.js';

const PIPELINE = modelGraph(
  { name: 'source', parallelism: 2 },
  { name: 'sink', parallelism: 1, inputs: [0] },
);

t.test('a job is deployed, runs, and takes checkpoints once all its tasks run', async (t) => {
  const driver = new JobMasterDriver(PIPELINE);
  t.same(driver.done, ['launch 1']);
  t.equal(driver.status, 'RUNNING');
  driver.run('source.0', 'source.1');
  t.same(driver.done, []);
  driver.run('sink.0');
  t.same(driver.done, ['tasks-running', 'arm checkpoint-due in 100']);
  t.match(driver.master.view.status(), { tasksRunning: 3, tasks: 3, attempt: 1, restarts: 0 });
  t.equal(
    driver.master.view.describe(),
    "job 'model' RUNNING, attempt 1, 3/3 tasks running; next checkpoint 1, pending []",
  );
});

t.test(
  'a failed task takes the attempt down; the next one restores the newest completed checkpoint',
  async (t) => {
    const driver = new JobMasterDriver(PIPELINE);
    driver.run();
    driver.complete(1);
    driver.nowMs = 1000;
    driver.fail('sink.0');
    t.equal(driver.status, 'RESTARTING');
    t.same(driver.sent, ['source.0 <- cancel', 'source.1 <- cancel']);
    t.same(driver.done, ['terminate 1']);
    driver.report('source.0', { type: 'canceled' });
    driver.exit('source.0');
    t.same(driver.effects, [], 'the others have not gone yet');
    driver.gone();
    t.equal(driver.status, 'RUNNING');
    t.match(driver.effects.at(-1), {
      type: 'launch',
      attempt: 2,
      restore: {
        checkpointId: 1,
        enumerators: [Uint8Array.of(1), undefined],
        subtasks: [[{ operators: {} }, {}], [{}]],
      },
    });
    driver.nowMs = 1200;
    driver.run();
    t.match(driver.master.view.status(), {
      attempt: 2,
      restarts: 1,
      restoredCheckpointId: 1,
      lastFailure: {
        attempt: 1,
        failedMs: 1_001_000,
        recoveryMs: 200,
        restoredCheckpointId: 1,
        rootCause: {
          code: 'MR5001',
          what: 'it broke',
          where: { job: 'model', operator: 'sink', uid: 'sink-uid', subtask: 0 },
        },
      },
    });
  },
);

t.test('without a completed checkpoint the next attempt starts where the job was started', async (t) => {
  const first = new JobMasterDriver(PIPELINE);
  first.run();
  first.fail('sink.0');
  t.match(first.gone().at(-1), { type: 'launch', attempt: 2, restore: undefined });
  first.run();
  first.complete(1);
  const restored = { ...first.takeManifest(), checkpointId: 7 };
  const second = new JobMasterDriver(PIPELINE, { restored });
  t.match(second.effects, [{ type: 'launch', attempt: 1, restore: { checkpointId: 7 } }]);
  second.run();
  second.fail('sink.0');
  t.match(second.gone().at(-1), { type: 'launch', attempt: 2, restore: { checkpointId: 7 } });
});

t.test('a restart waits for its delay and for the threads, whichever is later', async (t) => {
  const driver = new JobMasterDriver(PIPELINE, { strategy: new ScriptedStrategy(500, 500) });
  driver.run();
  driver.fail('sink.0');
  t.same(driver.done, ['arm restart-due in 500', 'terminate 1']);
  driver.handle({ type: 'timer', timer: { name: 'restart-due', id: 1 } });
  t.same(driver.done, []);
  driver.gone();
  t.same(driver.done, ['launch 2']);
  driver.run();
  driver.fail('sink.0');
  driver.gone();
  t.same(driver.done, []);
  driver.handle({ type: 'timer', timer: { name: 'restart-due', id: 1 } });
  t.same(driver.done, [], 'the timer of the first attempt is stale');
  driver.handle({ type: 'timer', timer: { name: 'restart-due', id: 2 } });
  t.same(driver.done, ['launch 3']);
});

t.test('a restart waits for the outcome of a checkpoint that is being stored', async (t) => {
  const driver = new JobMasterDriver(PIPELINE);
  driver.run();
  driver.handle({ type: 'timer', timer: { name: 'checkpoint-due', id: 1 } });
  driver.report('source.0', { type: 'enumerator-snapshot', checkpointId: 1, state: new Uint8Array() });
  driver.acknowledge(1, ...driver.tasks);
  t.ok(driver.done.includes('store-checkpoint'));
  driver.fail('sink.0');
  driver.gone();
  t.same(driver.done, []);
  driver.handle({ type: 'checkpoint-stored', checkpointId: 1 });
  t.match(driver.effects.at(-1), { type: 'launch', attempt: 2, restore: { checkpointId: 1 } });
});

t.test('further failures of an attempt that goes down belong to its failure', async (t) => {
  const strategy = new ScriptedStrategy(0);
  const driver = new JobMasterDriver(PIPELINE, { strategy });
  driver.run();
  driver.fail('sink.0', 'MR5001', 'first');
  driver.fail('source.0', 'MR6001', 'second, and fatal');
  driver.exit('source.1', new Error('third'));
  t.equal(strategy.askedMs.length, 1);
  t.match(driver.master.view.status().lastFailure, {
    rootCause: { what: 'first' },
    concurrent: [{ error: { what: 'second, and fatal' }, taskName: 'source (1/2)' }],
  });
  driver.gone();
  t.equal(driver.attempt, 2);
});

t.test('a thread that goes without a word fails the attempt', async (t) => {
  const driver = new JobMasterDriver(PIPELINE);
  driver.run();
  driver.exit('source.1', new Error('heap'));
  t.match(driver.master.view.status().lastFailure?.rootCause, {
    code: 'MR5003',
    what: 'The thread of source (2/2) exited before the task had ended.',
    cause: { what: 'Error: heap' },
  });
  const other = new JobMasterDriver(PIPELINE);
  other.exit('source.1', new MillraceError('MR5005', 'Out of memory.'));
  t.match(other.master.view.status().lastFailure?.rootCause, {
    code: 'MR5005',
    where: { operator: 'source' },
  });
});

t.test('a task that has finished may go', async (t) => {
  const driver = new JobMasterDriver(PIPELINE, { checkpointing: 'off' });
  driver.run();
  driver.report('source.1', { type: 'finished' });
  driver.exit('source.1');
  t.equal(driver.status, 'RUNNING');
  t.match(driver.master.view.status(), { tasksRunning: 2, tasksFinished: 1 });
});

t.test('an attempt that cannot be launched has failed', async (t) => {
  const driver = new JobMasterDriver(PIPELINE, { strategy: new ScriptedStrategy(500) });
  const error = toWireError(new MillraceError('MR5008', 'no thread'));
  driver.handle({ type: 'launch-failed', attempt: 1, regionId: 0, error });
  t.equal(driver.status, 'RESTARTING');
  driver.handle({ type: 'timer', timer: { name: 'restart-due', id: 1 } });
  t.same(driver.done, ['launch 2']);
  driver.handle({
    type: 'launch-failed',
    attempt: 2,
    regionId: 0,
    error: toWireError(new MillraceError('MR4004', 'no buffers')),
  });
  t.equal(driver.status, 'FAILING');
});

t.test('an attempt whose threads cannot be ended has no successor', async (t) => {
  const driver = new JobMasterDriver(PIPELINE);
  driver.run();
  driver.fail('sink.0');
  driver.handle({
    type: 'attempt-terminated',
    attempt: 1,
    regionId: 0,
    error: wireError('MR3001', 'a thread hangs'),
  });
  t.equal(driver.status, 'FAILING');
  t.notOk(driver.done.includes('launch 2'));
});

t.test('what an older attempt still says is ignored', async (t) => {
  const driver = new JobMasterDriver(PIPELINE);
  driver.run();
  driver.fail('sink.0');
  driver.gone();
  driver.report('source.0', { type: 'finished' }, 1);
  t.same(driver.effects, []);
  t.same(driver.traces, ['job.stale-event']);
  driver.gone(1);
  t.same(driver.effects, []);
  t.equal(driver.status, 'RUNNING');
});

t.test('a checkpoint that does not fit the graph fails the job before a thread starts', async (t) => {
  const ran = new JobMasterDriver(PIPELINE);
  ran.run();
  ran.complete(1);
  const other = modelGraph(
    { name: 'another', parallelism: 2 },
    { name: 'sink', parallelism: 1, inputs: [0] },
  );
  const driver = new JobMasterDriver(other, { restored: ran.takeManifest() });
  t.equal(driver.status, 'FAILING');
  t.notOk(driver.done.includes('launch 1'));
  driver.handle({ type: 'result-stored' });
  t.match(driver.outcome, { error: { code: 'MR5006', cause: { code: 'MR2101' } } });
});

t.test('splits and requests for them go to their subtask, in order', async (t) => {
  const driver = new JobMasterDriver(PIPELINE);
  driver.run();
  driver.report('source.1', { type: 'split-requested' });
  t.match(driver.effects, [
    { task: { vertexId: 0, subtask: 0 }, message: { type: 'split-requested', subtask: 1 } },
  ]);
  driver.report('source.0', { type: 'splits-assigned', subtask: 1, splits: ['x'] });
  t.match(driver.effects, [{ task: { subtask: 1 }, message: { type: 'splits-assigned', splits: ['x'] } }]);
  driver.report('source.0', { type: 'no-more-splits', subtask: 1 });
  t.same(driver.sent, ['source.1 <- no-more-splits']);
});

t.test('a reader that ends by itself is told to the enumerator, as long as there is one', async (t) => {
  const driver = new JobMasterDriver(PIPELINE, { checkpointing: 'off' });
  driver.run();
  driver.report('source.1', { type: 'reader-ended' });
  t.match(driver.effects, [
    { task: { vertexId: 0, subtask: 0 }, message: { type: 'reader-ended', subtask: 1 } },
  ]);
  driver.report('source.0', { type: 'finished' });
  driver.report('source.1', { type: 'reader-ended' });
  t.same(driver.sent, []);
});

t.test('a request that finds the enumerator gone is answered: there is no more', async (t) => {
  const driver = new JobMasterDriver(PIPELINE, { checkpointing: 'off' });
  driver.run();
  driver.report('source.0', { type: 'finished' });
  driver.report('source.1', { type: 'split-requested' });
  t.same(driver.sent, ['source.1 <- no-more-splits']);
});

t.test('a split for a reader that has ended, or that there is not, fails the attempt', async (t) => {
  for (const subtask of [1, 2]) {
    const driver = new JobMasterDriver(PIPELINE, { checkpointing: 'off' });
    driver.run();
    driver.report('source.1', { type: 'finished' });
    driver.report('source.0', { type: 'no-more-splits', subtask: 1 });
    t.same(driver.sent, []);
    driver.report('source.0', { type: 'splits-assigned', subtask, splits: [1] });
    t.equal(driver.status, 'RESTARTING');
    t.match(driver.master.view.status().lastFailure?.rootCause, {
      code: 'MR6003',
      where: { operator: 'source' },
    });
  }
});

t.test('reports that are data are handed on', async (t) => {
  const driver = new JobMasterDriver(PIPELINE);
  driver.run();
  driver.report('sink.0', { type: 'collected', uid: 'sink', writer: '0-0', sequence: 1, values: ['hello'] });
  t.match(driver.effects, [{ type: 'deliver', task: { vertexId: 1 }, report: { values: ['hello'] } }]);
});

t.test(
  'tasks of a later attempt are told to finish as they come, once the draining savepoint is there',
  async (t) => {
    const driver = new JobMasterDriver(PIPELINE, { strategy: new ScriptedStrategy(0) });
    driver.run();
    driver.handle({ type: 'checkpoint-requested', requestId: 1, savepoint: { folder: '/s', stop: 'drain' } });
    for (const task of driver.tasks) driver.report(task, { type: 'data-finished' });
    driver.completePending(1);
    driver.handle({ type: 'checkpoints-retained', error: undefined });
    driver.fail('sink.0');
    driver.gone();
    t.equal(driver.attempt, 2);
    driver.run('source.0', 'source.1');
    driver.handle({ type: 'savepoint-exported', checkpointId: 1, path: '/s/p' });
    t.same(driver.sent, ['source.0 <- finish', 'source.1 <- finish']);
    driver.run('sink.0');
    t.same(driver.sent, ['sink.0 <- finish']);
    t.notOk(
      driver.done.includes('arm checkpoint-due in 100'),
      'and no checkpoint says that it came to its end',
    );
    driver.finishAll();
    for (const task of driver.tasks) driver.exit(task);
    driver.gone();
    t.match(
      driver.effects.find(({ type }) => type === 'store-result'),
      { result: { state: 'FINISHED', savepointPath: '/s/p' } },
    );
  },
);
