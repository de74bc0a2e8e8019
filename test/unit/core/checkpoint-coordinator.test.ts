import t from 'tap';
import { modelGraph } from '../../model-graph.js';
import { CoordinatorDriver, METRICS } from './coordinator-driver.js';

const PIPELINE = modelGraph(
  { name: 'source', parallelism: 2 },
  { name: 'sink', parallelism: 1, inputs: [0] },
);
const ONE_TASK = modelGraph({ name: 'source', parallelism: 1 });

t.test('the first checkpoint is due an interval after all tasks run', async (t) => {
  t.same(new CoordinatorDriver(PIPELINE).done, ['arm checkpoint-due in 100']);
});

t.test('the enumerator is asked first; its readers are triggered when it has answered', async (t) => {
  const driver = new CoordinatorDriver(PIPELINE);
  driver.due();
  t.same(driver.sent, ['source.0 <- snapshot-enumerator 1']);
  t.same(driver.done, ['arm checkpoint-due in 100', 'arm checkpoint-timeout in 1000']);
  driver.enumerator(1, 'source.0');
  t.same(driver.sent, ['source.0 <- trigger-checkpoint 1', 'source.1 <- trigger-checkpoint 1']);
  driver.enumerator(1, 'source.0');
  t.same(driver.sent, [], 'a second answer changes nothing');
});

t.test(
  'each source is triggered behind its own enumerator, and nothing new begins before the last',
  async (t) => {
    const graph = modelGraph({ name: 'a', parallelism: 1 }, { name: 'b', parallelism: 1 });
    const driver = new CoordinatorDriver(graph, { maxConcurrentCheckpoints: 2 });
    driver.due();
    t.same(driver.sent, ['a.0 <- snapshot-enumerator 1', 'b.0 <- snapshot-enumerator 1']);
    driver.enumerator(1, 'b.0');
    t.same(driver.sent, ['b.0 <- trigger-checkpoint 1']);
    driver.due();
    t.same(driver.sent, [], 'the first is still being triggered');
    driver.enumerator(1, 'a.0');
    t.same(driver.sent, [
      'a.0 <- trigger-checkpoint 1',
      'a.0 <- snapshot-enumerator 2',
      'b.0 <- snapshot-enumerator 2',
    ]);
  },
);

t.test('while one is pending the next waits, and begins when that one is complete', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK);
  driver.due();
  driver.due();
  t.same(driver.sent, []);
  driver.enumerator(1, 'source.0');
  driver.acknowledge(1, 'source.0');
  driver.stored(1);
  t.same(driver.sent, ['source.0 <- checkpoint-completed 1', 'source.0 <- snapshot-enumerator 2']);
});

t.test('the minimum pause is measured from the completion of the last checkpoint', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK, { minPauseMs: 80, maxConcurrentCheckpoints: 5 });
  driver.complete(1);
  driver.nowMs = 30;
  driver.due();
  t.same(driver.sent, []);
  t.same(driver.done, ['arm checkpoint-due in 100', 'arm checkpoint-due in 50']);
  driver.nowMs = 80;
  driver.due();
  t.same(driver.sent, ['source.0 <- snapshot-enumerator 2']);
});

t.test('a declined checkpoint is aborted, and its tasks hear of it', async (t) => {
  const driver = new CoordinatorDriver(PIPELINE, { tolerableFailedCheckpoints: 1 });
  driver.due();
  driver.enumerator(1, 'source.0');
  driver.decline(1, 'sink.0');
  t.same(driver.sent, [
    'source.0 <- checkpoint-aborted 1',
    'source.1 <- checkpoint-aborted 1',
    'sink.0 <- checkpoint-aborted 1',
  ]);
  t.equal(driver.verdict, undefined);
  driver.decline(1, 'source.0');
  t.same(driver.effects, [], 'declined once is enough');
  t.match(driver.coordinator.statistics, { failed: 1, completed: 0, pending: 0 });
});

t.test('one failure more than is tolerated fails the job, which may restart', async (t) => {
  const driver = new CoordinatorDriver(PIPELINE);
  driver.due();
  driver.decline(1, 'sink.0');
  t.match(driver.verdict, {
    type: 'fail-job',
    fatal: false,
    error: { code: 'MR3006', cause: { what: 'Error: no room' } },
  });
  t.notOk(driver.done.includes('arm checkpoint-timeout in 1000'), 'and nothing new begins');
});

t.test('a checkpoint whose barriers were overtaken by newer ones is aborted, and not counted', async (t) => {
  const driver = new CoordinatorDriver(PIPELINE);
  driver.due();
  driver.decline(1, 'sink.0', 'CHECKPOINT_DECLINED_SUBSUMED');
  t.equal(driver.verdict, undefined);
  t.match(driver.coordinator.statistics, { completed: 0, pending: 0 });
});

t.test('a checkpoint that is not complete in time expires', async (t) => {
  const driver = new CoordinatorDriver(PIPELINE, { tolerableFailedCheckpoints: 1 });
  driver.due();
  driver.timer('checkpoint-timeout', 1);
  t.match(driver.sent, ['source.0 <- checkpoint-aborted 1']);
  driver.enumerator(1, 'source.0');
  t.same(driver.effects, [], 'a late answer of the enumerator triggers nothing');
  t.match(driver.coordinator.statistics, { failed: 1 });
});

t.test('a newer completed checkpoint subsumes an older pending one', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK, { maxConcurrentCheckpoints: 2 });
  driver.due();
  driver.enumerator(1, 'source.0');
  driver.due();
  driver.enumerator(2, 'source.0');
  driver.acknowledge(2, 'source.0');
  driver.stored(2);
  t.same(driver.sent, ['source.0 <- checkpoint-aborted 1', 'source.0 <- checkpoint-completed 2']);
  t.match(driver.coordinator.statistics, { completed: 1, aborted: 1, failed: 0 });
});

t.test('a failed attempt aborts what is pending without telling its tasks', async (t) => {
  const driver = new CoordinatorDriver(PIPELINE);
  driver.due();
  driver.enumerator(1, 'source.0');
  driver.acknowledge(1, 'source.0', 'f');
  driver.handle({ type: 'attempt-failing' });
  t.same(driver.sent, []);
  t.same(driver.done, ['cancel checkpoint-due', 'cancel final-checkpoint-due', 'cancel checkpoint-timeout']);
  t.equal(driver.verdict, undefined, 'which is not counted');
  driver.handle({ type: 'attempt-gone' });
  t.match(driver.effects, [{ type: 'discard-files', checkpointId: 1 }]);
});

t.test('ids go on growing over attempts, and over a restore', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK);
  driver.due();
  driver.restart();
  driver.complete(2);
  const restored = driver.restored;
  t.equal(restored?.checkpointId, 2);
  const next = new CoordinatorDriver(ONE_TASK, {}, restored);
  next.due();
  t.same(next.sent, ['source.0 <- snapshot-enumerator 3']);
  t.throws(() => driver.acknowledge(99, 'source.0'), { code: 'MR9001' }, 'nobody acknowledges the future');
});

t.test('when all data is processed, the final checkpoint does not wait for the interval', async (t) => {
  const driver = new CoordinatorDriver(PIPELINE, { intervalMs: 60_000 });
  driver.dataFinished('source.0', 'source.1');
  t.same(driver.effects, []);
  driver.dataFinished('sink.0');
  t.same(driver.sent, ['source.0 <- snapshot-enumerator 1']);
  driver.enumerator(1, 'source.0');
  driver.acknowledgeAll(1);
  driver.stored(1);
  driver.due();
  t.same(driver.effects, [], 'and after it nothing begins by itself');
});

t.test('while a source works off a backlog, checkpoints come at an interval of their own', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK, { intervalMs: 100, intervalDuringBacklogMs: 1000 });
  driver.backlog('source.0', true);
  t.same(driver.done, [], 'the one that is due stays due');
  driver.nowMs = 100;
  driver.due();
  t.ok(driver.done.includes('arm checkpoint-due in 1000'));
  driver.nowMs = 200;
  driver.backlog('source.0', false);
  t.same(driver.done, ['arm checkpoint-due in 100'], 'soon again, once it is worked off');
  driver.backlog('source.0', false);
  t.same(driver.done, [], 'and it does not recede');
});

t.test('no checkpoint begins by itself while a source works off a backlog, if so configured', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK, { intervalDuringBacklogMs: Number.POSITIVE_INFINITY });
  driver.backlog('source.0', true);
  driver.due();
  t.same(driver.done, []);
  driver.handle({ type: 'requested', requestId: 1 });
  t.same(driver.sent, ['source.0 <- snapshot-enumerator 1'], 'but who asks gets one');
  driver.backlog('source.0', false);
  t.same(driver.done, ['arm checkpoint-due in 100']);
});

t.test('a backlog of an attempt that is gone does not count', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK, { intervalDuringBacklogMs: Number.POSITIVE_INFINITY });
  driver.backlog('source.0', true);
  driver.restart();
  t.ok(driver.done.includes('arm checkpoint-due in 100'));
});

t.test('the final checkpoint comes after the one that is pending', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK);
  driver.due();
  driver.enumerator(1, 'source.0');
  driver.dataFinished('source.0');
  t.same(driver.sent, []);
  driver.acknowledge(1, 'source.0');
  driver.stored(1);
  t.same(driver.sent, ['source.0 <- checkpoint-completed 1', 'source.0 <- snapshot-enumerator 2']);
});

t.test('a final checkpoint that fails is tried again soon, not at the interval', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK, { intervalMs: 60_000, tolerableFailedCheckpoints: 5 });
  driver.dataFinished('source.0');
  driver.decline(1, 'source.0');
  t.ok(driver.done.includes('arm final-checkpoint-due in 1000'));
  driver.timer('final-checkpoint-due', 1);
  t.same(driver.sent, ['source.0 <- snapshot-enumerator 2']);
});

t.test(
  'what a task sent last is known of a checkpoint that it acknowledges when its data has ended',
  async (t) => {
    const driver = new CoordinatorDriver(PIPELINE);
    driver.dataFinished('source.1');
    driver.complete(1);
    // Whoever goes on from here has nothing in flight of the one, and waits for records of the other.
    t.match(driver.restored?.vertices[0]?.subtasks, [{ dataFinished: undefined }, { dataFinished: true }]);
  },
);

t.test(
  'tasks behind finished sources are triggered themselves, and the finished are recorded as such',
  async (t) => {
    const driver = new CoordinatorDriver(PIPELINE);
    driver.dataFinished('source.0', 'source.1');
    driver.complete(1);
    driver.finish('source.0');
    driver.finish('source.1');
    driver.due();
    t.same(driver.sent, ['sink.0 <- trigger-checkpoint 2']);
    driver.acknowledge(2, 'sink.0', 'k');
    t.match(driver.manifest?.vertices, [
      { subtasks: ['finished', 'finished'], enumerator: undefined },
      { subtasks: [{ operators: {} }] },
    ]);
  },
);

t.test('a forward consumer is triggered when its own producer has finished', async (t) => {
  const graph = modelGraph(
    { name: 'source', parallelism: 2 },
    { name: 'map', parallelism: 2, inputs: [0], partitioner: 'forward' },
  );
  const driver = new CoordinatorDriver(graph);
  driver.dataFinished('source.1');
  driver.complete(1);
  driver.finish('source.1');
  driver.due();
  t.same(driver.sent, ['source.0 <- snapshot-enumerator 2', 'map.1 <- trigger-checkpoint 2']);
});

t.test(
  '[scenario 15] a task that finishes before it could acknowledge is recorded as finished',
  async (t) => {
    const driver = new CoordinatorDriver(PIPELINE);
    driver.dataFinished('source.0', 'source.1');
    driver.complete(1);
    driver.due();
    t.same(driver.sent, ['source.0 <- snapshot-enumerator 2']);
    driver.finish('source.0');
    t.same(driver.sent, ['source.1 <- trigger-checkpoint 2'], 'its enumerator has gone with it');
    driver.finish('source.1');
    t.same(driver.sent, ['sink.0 <- trigger-checkpoint 2'], 'no barrier will reach the sink');
    driver.acknowledge(2, 'sink.0');
    t.match(driver.manifest?.vertices, [{ subtasks: ['finished', 'finished'] }, { subtasks: [{}] }]);
  },
);

t.test('union state allows no checkpoint while only some of its subtasks have ended', async (t) => {
  const driver = new CoordinatorDriver(PIPELINE);
  const lists = { splits: { mode: 'union', items: [Uint8Array.of(1)] } } as const;
  const snapshot = { operators: { 'source-uid': { keyed: undefined, lists } } };
  driver.dataFinished('source.0');
  driver.complete(1);
  driver.finish('source.0');
  driver.due();
  driver.acknowledge(2, 'sink.0');
  const task = driver.task('source.1').address;
  driver.handle({ type: 'acknowledged', task, checkpointId: 2, snapshot, metrics: METRICS });
  t.same(driver.sent, ['source.1 <- checkpoint-aborted 2', 'sink.0 <- checkpoint-aborted 2']);
  t.match(driver.coordinator.statistics, { aborted: 1, failed: 0 });
});

t.test('watermarks of subtasks that have ended are not missed by a checkpoint', async (t) => {
  const driver = new CoordinatorDriver(PIPELINE);
  const lists = { watermark: { mode: 'watermark', items: [Uint8Array.of(1)] } } as const;
  const snapshot = { operators: { 'source-uid': { keyed: undefined, lists } } };
  driver.dataFinished('source.0');
  driver.complete(1);
  driver.finish('source.0');
  driver.due();
  driver.acknowledge(2, 'sink.0');
  const task = driver.task('source.1').address;
  driver.handle({ type: 'acknowledged', task, checkpointId: 2, snapshot, metrics: METRICS });
  t.match(driver.manifest, { checkpointId: 2, vertices: [{ subtasks: ['finished', {}] }, {}] });
});

t.test('somebody who asks for a checkpoint is told how it went', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK, { tolerableFailedCheckpoints: 5 });
  driver.handle({ type: 'requested', requestId: 1 });
  t.same(driver.sent, ['source.0 <- snapshot-enumerator 1']);
  driver.enumerator(1, 'source.0');
  driver.acknowledge(1, 'source.0');
  driver.stored(1);
  t.match(driver.effects, [{}, { requestId: 1, outcome: { completed: true, checkpointId: 1 } }]);
  driver.handle({ type: 'requested', requestId: 2 });
  driver.handle({ type: 'requested', requestId: 3 });
  driver.decline(2, 'source.0');
  t.match(
    driver.effects.find(({ type }) => type === 'request-settled'),
    { requestId: 2, outcome: { completed: false, reason: 'CHECKPOINT_DECLINED' } },
  );
  driver.handle({ type: 'attempt-failing' });
  t.match(
    driver.effects.find(({ type }) => type === 'request-settled'),
    { requestId: 3, outcome: { completed: false, reason: 'JOB_FAILURE' } },
  );
  driver.handle({ type: 'requested', requestId: 4 });
  t.match(driver.effects, [{ requestId: 4, outcome: { reason: 'NOT_ALL_REQUIRED_TASKS_RUNNING' } }]);
});

t.test('it describes itself in a line', async (t) => {
  const driver = new CoordinatorDriver(PIPELINE);
  driver.due();
  driver.enumerator(1, 'source.0');
  driver.acknowledge(1, 'sink.0');
  t.equal(driver.coordinator.describe(), 'next checkpoint 2, pending [1 PENDING 1/3]');
});

t.test('a full checkpoint begins when all tasks with keyed state know of it', async (t) => {
  const keyed = PIPELINE.vertices.map((vertex) => ({
    ...vertex,
    operators: vertex.operators.map((operator) => ({ ...operator, keyed: vertex.name === 'sink' })),
  }));
  const driver = new CoordinatorDriver({ ...PIPELINE, vertices: keyed });
  driver.handle({ type: 'requested', requestId: 1, checkpointType: 'FULL' });
  t.same(
    driver.sent,
    ['sink.0 <- prepare-full-snapshot 1'],
    'a split assigned from here on is in no snapshot yet',
  );
  driver.handle({ type: 'full-snapshot-prepared', task: driver.task('sink.0').address, checkpointId: 1 });
  t.same(driver.sent, ['source.0 <- snapshot-enumerator 1']);
  driver.enumerator(1, 'source.0');
  t.same(driver.sent, ['source.0 <- trigger-checkpoint 1', 'source.1 <- trigger-checkpoint 1']);
  driver.acknowledgeAll(1);
  driver.stored(1);
  t.match(
    driver.effects.find(({ type }) => type === 'request-settled'),
    { outcome: { completed: true } },
  );
  driver.handle({ type: 'requested', requestId: 2, checkpointType: 'INCREMENTAL' });
  t.same(driver.sent, ['source.0 <- snapshot-enumerator 2']);
});

t.test('without increments every checkpoint is full, unless somebody wants another', async (t) => {
  const graph = {
    ...PIPELINE,
    vertices: PIPELINE.vertices.map((vertex) => ({
      ...vertex,
      operators: [{ uid: vertex.uid, name: vertex.name, description: undefined, keyed: true }],
    })),
  };
  const driver = new CoordinatorDriver(graph, { incremental: false });
  driver.due();
  t.equal(driver.sent.filter((line) => line.endsWith('prepare-full-snapshot 1')).length, 3);
  for (const task of ['source.0', 'source.1'])
    driver.handle({ type: 'full-snapshot-prepared', task: driver.task(task).address, checkpointId: 1 });
  t.same(driver.sent, []);
  driver.finish('sink.0');
  t.same(driver.sent, ['source.0 <- snapshot-enumerator 1'], 'who has finished need not know');
  driver.enumerator(1, 'source.0');
  driver.acknowledgeAll(1);
  driver.stored(1);
  driver.handle({ type: 'requested', requestId: 1, checkpointType: 'INCREMENTAL' });
  t.same(driver.sent, ['source.0 <- snapshot-enumerator 2']);
});
