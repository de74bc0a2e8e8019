import t from 'tap';
import { modelGraph } from '../../model-graph.js';
import { JobMasterDriver, ScriptedStrategy } from './job-master-driver.js';

/** Two pipelines: regions 0 and 1. */
const apart = modelGraph(
  { name: 'source', parallelism: 1 },
  { name: 'other', parallelism: 1 },
  { name: 'sink', parallelism: 2, inputs: [0] },
  { name: 'other-sink', parallelism: 1, inputs: [1] },
);

/** Two lanes from one source: regions 0 and 1. */
const lanes = modelGraph(
  { name: 'source', parallelism: 2 },
  { name: 'sink', parallelism: 2, inputs: [0], partitioner: 'forward' },
);

function running(graph = apart, ...delaysMs: readonly number[]): JobMasterDriver {
  const strategy = new ScriptedStrategy(...(delaysMs.length === 0 ? [0, 0, 0] : delaysMs));
  const driver = new JobMasterDriver(graph, { strategy });
  driver.run();
  return driver;
}

/** A checkpoint of all that runs; of two sources both enumerators answer. */
function complete(driver: JobMasterDriver, checkpointId: number, ...sources: readonly string[]): void {
  driver.handle({ type: 'timer', timer: { name: 'checkpoint-due', id: driver.attempt } });
  for (const source of sources)
    driver.report(source, { type: 'enumerator-snapshot', checkpointId, state: Uint8Array.of(1) });
  driver.acknowledge(checkpointId, ...driver.tasks);
  driver.handle({ type: 'checkpoint-stored', checkpointId });
}

t.test('each region is launched by itself', async (t) => {
  const driver = new JobMasterDriver(apart);
  t.same(driver.done, ['launch 1', 'launch 1']);
  t.match(driver.effects, [{ region: { id: 0 } }, { region: { id: 1 } }]);
});

t.test(
  'only what exchanges data with the failed task is restarted, from the newest checkpoint',
  async (t) => {
    const driver = running();
    complete(driver, 1, 'source.0', 'other.0');
    driver.fail('sink.1');
    t.same(
      driver.sent.filter((each) => each.endsWith('cancel')),
      ['source.0 <- cancel', 'sink.0 <- cancel'],
    );
    t.same(driver.done, ['terminate 1']);
    t.equal(driver.status, 'RESTARTING');
    driver.gone();
    t.match(driver.effects, [
      { type: 'launch', attempt: 2, region: { id: 0 }, restore: { checkpointId: 1 } },
    ]);
    t.equal(driver.status, 'RUNNING');
    t.equal(driver.attemptOf('source.0'), 2);
    t.equal(driver.attemptOf('other.0'), 1);
    const { restarts, lastFailure } = driver.master.view.status();
    t.equal(restarts, 1);
    t.same(lastFailure?.restartedTasks, ['source (1/1)', 'sink (1/2)', 'sink (2/2)']);
    t.equal(lastFailure?.taskName, 'sink (2/2)');
  },
);

t.test('those that go on are heard, and what the restarted ones said before is not', async (t) => {
  const driver = running();
  driver.fail('sink.0');
  driver.gone();
  driver.report('sink.1', { type: 'data-finished' }, 1);
  t.same(driver.traces, ['job.stale-event']);
  driver.report('other.0', { type: 'split-requested' });
  t.same(driver.sent, ['other.0 <- split-requested']);
});

t.test('checkpoints that were under way are given up, and begin again when all tasks run', async (t) => {
  const driver = running();
  driver.handle({ type: 'timer', timer: { name: 'checkpoint-due', id: 1 } });
  driver.fail('source.0');
  t.ok(driver.sent.includes('other.0 <- checkpoint-aborted'));
  t.equal(driver.master.view.checkpoints()?.history[0]?.failure?.message?.includes('restarted'), true);
  driver.handle({ type: 'checkpoint-requested', requestId: 7 });
  t.match(driver.effects, [
    { type: 'request-settled', outcome: { reason: 'NOT_ALL_REQUIRED_TASKS_RUNNING' } },
  ]);
  driver.gone();
  driver.run('source.0', 'sink.0');
  t.notOk(driver.done.includes('tasks-running'));
  driver.run('sink.1');
  t.ok(driver.done.includes('tasks-running'));
  complete(driver, 2, 'source.0', 'other.0');
  t.ok(driver.sent.includes('other-sink.0 <- checkpoint-completed'));
  t.ok(driver.sent.includes('sink.1 <- checkpoint-completed'));
});

t.test('one that was being stored is waited for, and those that go on hear of it', async (t) => {
  const driver = running();
  driver.handle({ type: 'timer', timer: { name: 'checkpoint-due', id: 1 } });
  for (const source of ['source.0', 'other.0'])
    driver.report(source, { type: 'enumerator-snapshot', checkpointId: 1, state: Uint8Array.of(1) });
  driver.acknowledge(1, ...driver.tasks);
  driver.fail('source.0');
  driver.gone();
  t.same(driver.done, [], 'its outcome is open');
  driver.handle({ type: 'checkpoint-stored', checkpointId: 1 });
  t.ok(driver.sent.includes('other-sink.0 <- checkpoint-completed'));
  t.notOk(driver.sent.includes('sink.0 <- checkpoint-completed'));
  t.match(driver.effects.at(-1), { type: 'launch', attempt: 2, restore: { checkpointId: 1 } });
});

t.test(
  'what fails while others are restarted is restarted with them, and nobody is asked again',
  async (t) => {
    const strategy = new ScriptedStrategy(50);
    const driver = new JobMasterDriver(apart, { strategy });
    driver.run();
    driver.fail('sink.0');
    driver.gone();
    driver.fail('other-sink.0');
    t.same(driver.done, ['terminate 1']);
    driver.gone(1, 1);
    driver.handle({ type: 'timer', timer: { name: 'restart-due', id: 1 } });
    t.same(driver.done, ['launch 2', 'launch 2']);
    t.equal(strategy.askedMs.length, 1);
    const failure = driver.master.view.status().lastFailure;
    t.match(failure?.concurrent, [{ taskName: 'other-sink (1/1)' }]);
    t.equal(failure?.restartedTasks.length, 5);
  },
);

t.test('a failure of the job as a whole restarts all of it', async (t) => {
  const driver = new JobMasterDriver(apart, { checkpointing: { tolerableFailedCheckpoints: 0 } });
  driver.run();
  driver.handle({ type: 'timer', timer: { name: 'checkpoint-due', id: 1 } });
  const error = { code: 'MR3001', what: 'disk', where: {}, why: undefined, hint: undefined } as const;
  driver.report('source.0', {
    type: 'checkpoint-declined',
    checkpointId: 1,
    reason: 'CHECKPOINT_DECLINED',
    error: { ...error, stack: undefined, cause: undefined },
  });
  t.same(
    driver.done.filter((each) => each.startsWith('terminate')),
    ['terminate 1', 'terminate 1'],
  );
});

t.test('a job that is to end with a savepoint restarts as a whole', async (t) => {
  const driver = running();
  const savepoint = { folder: '/savepoints', stop: 'suspend' } as const;
  driver.handle({ type: 'checkpoint-requested', requestId: 1, savepoint });
  driver.fail('sink.0');
  t.same(
    driver.done.filter((each) => each.startsWith('terminate')),
    ['terminate 1', 'terminate 1'],
  );
});

t.test('a reader that is restarted alone is sent its splits again; its enumerator goes on', async (t) => {
  const driver = running(lanes);
  driver.report('source.0', { type: 'splits-assigned', subtask: 1, splits: ['a'] });
  complete(driver, 1, 'source.0');
  driver.report('source.0', { type: 'splits-assigned', subtask: 1, splits: ['b'] });
  driver.fail('sink.1');
  driver.report('source.0', { type: 'splits-assigned', subtask: 1, splits: ['c'] });
  t.same(driver.sent, [], 'nobody is there to get it');
  driver.gone(1, 1);
  t.same(driver.done, ['launch 2']);
  t.match(
    driver.effects.filter(({ type }) => type === 'send'),
    [
      { task: { subtask: 1, attempt: 2 }, message: { splits: ['b'] } },
      { task: { subtask: 1, attempt: 2 }, message: { splits: ['c'] } },
    ],
  );
});

t.test('with an enumerator go the readers that got what it will not know of, and no others', async (t) => {
  const driver = running(lanes);
  driver.report('source.0', { type: 'splits-assigned', subtask: 1, splits: ['a'] });
  driver.fail('sink.0');
  t.same(driver.done, ['terminate 1', 'terminate 1']);

  const later = running(lanes);
  later.report('source.0', { type: 'splits-assigned', subtask: 1, splits: ['a'] });
  complete(later, 1, 'source.0');
  later.report('source.1', { type: 'split-requested' });
  later.fail('sink.0');
  t.same(later.done, ['terminate 1']);
  later.gone(1, 0);
  t.same(later.done, ['launch 2']);
  t.same(later.sent, ['source.0 <- split-requested'], 'the other one still waits for its split');
});

t.test('a region that could not be launched is launched again', async (t) => {
  const driver = new JobMasterDriver(apart);
  const error = { code: 'MR4005', what: 'no memory', where: {}, why: undefined, hint: undefined } as const;
  driver.handle({
    type: 'launch-failed',
    attempt: 1,
    regionId: 1,
    error: { ...error, code: 'MR5003', stack: undefined, cause: undefined },
  });
  t.match(driver.effects, [{ type: 'launch', attempt: 2, region: { id: 1 } }]);
});

t.test('a job is cancelled whatever of it is down', async (t) => {
  const driver = running(apart, 1000);
  driver.fail('sink.0');
  driver.gone();
  driver.handle({ type: 'cancel-requested' });
  t.equal(driver.status, 'CANCELLING');
  t.ok(driver.done.includes('terminate 1'));
  driver.gone(1, 1);
  driver.handle({ type: 'result-stored' });
  t.equal(driver.status, 'CANCELED');
});
