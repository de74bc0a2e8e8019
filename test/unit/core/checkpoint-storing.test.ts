import t from 'tap';
import { modelGraph } from '../../model-graph.js';
import { CoordinatorDriver, METRICS, wireError } from './coordinator-driver.js';

const PIPELINE = modelGraph(
  { name: 'source', parallelism: 2 },
  { name: 'sink', parallelism: 1, inputs: [0] },
);
const ONE_TASK = modelGraph({ name: 'source', parallelism: 1 });

t.test('a checkpoint is stored when all have acknowledged, and told when it is stored', async (t) => {
  const driver = new CoordinatorDriver(PIPELINE);
  driver.nowMs = 100;
  driver.due();
  driver.enumerator(1, 'source.0');
  driver.acknowledge(1, 'source.0', 's0');
  driver.acknowledge(1, 'sink.0', 'k0');
  t.same(driver.effects, []);
  driver.nowMs = 120;
  driver.acknowledge(1, 'source.1', 's1');
  t.same(driver.sent, []);
  t.same(driver.done, ['cancel checkpoint-timeout', 'arm checkpoint-timeout in 1000', 'store-checkpoint']);
  t.match(driver.manifest, {
    checkpointId: 1,
    epoch: 3,
    attempt: 1,
    fingerprint: 'model-fingerprint',
    jobName: 'model',
    triggeredMs: 1_000_100,
    completedMs: 1_000_120,
    kind: 'checkpoint',
    vertices: [
      { vertexUid: 'source-uid', parallelism: 2, maxParallelism: 128, enumerator: Uint8Array.of(1) },
      { vertexUid: 'sink-uid', enumerator: undefined },
    ],
  });
  t.ok(driver.coordinator.storing);
  driver.nowMs = 130;
  driver.stored(1);
  t.notOk(driver.coordinator.storing);
  t.same(driver.sent, [
    'source.0 <- checkpoint-completed 1',
    'source.1 <- checkpoint-completed 1',
    'sink.0 <- checkpoint-completed 1',
  ]);
  t.same(driver.done, ['cancel checkpoint-timeout', 'retain-checkpoints']);
  t.equal(driver.restored?.checkpointId, 1);
  t.match(driver.coordinator.statistics, {
    completed: 1,
    failed: 0,
    pending: 0,
    latest: {
      checkpointId: 1,
      durationMs: 30,
      stateBytes: 3 * METRICS.checkpointedBytes,
      persistedBytes: 0,
      alignmentMs: 0,
      completedMs: 1_000_130,
    },
  });
});

t.test(
  '[scenario 6] files acknowledged too late go with the next completion, except those that it names',
  async (t) => {
    const driver = new CoordinatorDriver(ONE_TASK, { tolerableFailedCheckpoints: 9 });
    driver.due();
    driver.timer('checkpoint-timeout', 1);
    driver.acknowledge(1, 'source.0', 'base', 'late');
    t.same(driver.effects, [], 'not yet: the task may build on them until it hears of the abort');
    driver.due();
    driver.enumerator(2, 'source.0');
    driver.acknowledge(2, 'source.0', 'base', 'second');
    driver.stored(2);
    t.match(
      driver.effects.filter(({ type }) => type === 'discard-files'),
      [{ checkpointId: 1, files: [{ key: 'late' }] }],
    );
  },
);

t.test('a second acknowledgement of one task is ignored, and its files stay', async (t) => {
  const driver = new CoordinatorDriver(PIPELINE);
  driver.due();
  driver.enumerator(1, 'source.0');
  driver.acknowledge(1, 'source.0', 's0');
  driver.acknowledge(1, 'source.0', 's0-again');
  driver.handle({ type: 'attempt-failing' });
  driver.handle({ type: 'attempt-gone' });
  t.match(
    driver.effects.flatMap((effect) =>
      effect.type === 'discard-files' ? effect.files.map(({ key }) => key) : [],
    ),
    ['s0'],
  );
});

t.test('checkpoints are stored one at a time, in the order of their ids', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK, { maxConcurrentCheckpoints: 3 });
  for (const id of [1, 2, 3]) {
    driver.due();
    driver.enumerator(id, 'source.0');
  }
  driver.acknowledge(2, 'source.0');
  t.equal(driver.manifest?.checkpointId, 2);
  driver.acknowledge(3, 'source.0');
  driver.acknowledge(1, 'source.0');
  t.equal(driver.manifest, undefined, 'the second is still being stored');
  driver.stored(2);
  t.equal(driver.manifest?.checkpointId, 3, 'the first was subsumed');
  driver.stored(3);
  t.equal(driver.restored?.checkpointId, 3);
});

t.test(
  '[scenario 4] a rejection of the storage is not a failure until the storage has said so',
  async (t) => {
    const driver = new CoordinatorDriver(ONE_TASK, { tolerableFailedCheckpoints: 1 });
    driver.due();
    driver.enumerator(1, 'source.0');
    driver.acknowledge(1, 'source.0', 'f');
    driver.handle({
      type: 'checkpoint-store-failed',
      checkpointId: 1,
      error: wireError('MR3001', 'no answer'),
    });
    t.same(driver.done, ['resolve-checkpoint']);
    t.same(driver.sent, []);
    t.ok(driver.coordinator.storing);
    driver.handle({ type: 'checkpoint-outcome', checkpointId: 1, completed: true });
    t.same(driver.sent, ['source.0 <- checkpoint-completed 1']);
    t.match(driver.coordinator.statistics, { completed: 1, failed: 0 });

    driver.due();
    driver.enumerator(2, 'source.0');
    driver.acknowledge(2, 'source.0', 'g');
    driver.handle({
      type: 'checkpoint-store-failed',
      checkpointId: 2,
      error: wireError('MR3001', 'no answer'),
    });
    driver.handle({ type: 'checkpoint-outcome', checkpointId: 2, completed: false });
    t.same(driver.sent, ['source.0 <- checkpoint-aborted 2']);
    t.match(driver.coordinator.statistics, { completed: 1, failed: 1 });
  },
);

t.test('a storage that never answers is given up after the timeout', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK);
  driver.due();
  driver.enumerator(1, 'source.0');
  driver.acknowledge(1, 'source.0');
  driver.timer('checkpoint-timeout', 1);
  t.match(driver.verdict, { type: 'fail-job', fatal: true, error: { code: 'MR3001' } });
  t.notOk(driver.coordinator.storing);
  driver.stored(1);
  t.same(driver.effects, [], 'a later answer is ignored');
});

t.test('where nobody knows what became of one, no other is stored', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK, { maxConcurrentCheckpoints: 2 });
  for (const id of [1, 2]) {
    driver.due();
    driver.enumerator(id, 'source.0');
    driver.acknowledge(id, 'source.0');
  }
  driver.timer('checkpoint-timeout', 1);
  t.match(driver.verdict, { type: 'fail-job', fatal: true });
  t.notOk(driver.done.includes('store-checkpoint'));
  t.notOk(driver.coordinator.storing);
  driver.handle({ type: 'attempt-failing' });
  driver.handle({ type: 'attempt-gone' });
  t.notOk(driver.done.includes('discard-files'), 'the first may name what was acknowledged for the second');
});

t.test('who has lost the lead notifies nobody and touches nothing', async (t) => {
  const driver = new CoordinatorDriver(PIPELINE, { tolerableFailedCheckpoints: 9 });
  driver.due();
  driver.timer('checkpoint-timeout', 1);
  driver.acknowledge(1, 'source.0', 'late');
  driver.due();
  driver.enumerator(2, 'source.0');
  driver.acknowledgeAll(2);
  driver.handle({ type: 'checkpoint-store-failed', checkpointId: 2, error: wireError('MR8003') });
  t.same(driver.sent, []);
  t.same(driver.done, ['cancel checkpoint-due', 'cancel final-checkpoint-due']);
  t.match(driver.verdict, { type: 'leadership-lost', error: { code: 'MR8003' } });
  for (const event of ['attempt-failing', 'attempt-gone', 'stopped'] as const) driver.handle({ type: event });
  t.same(driver.effects, []);
  driver.due();
  t.same(driver.effects, []);
});

t.test('the lead may also be lost while old checkpoints are removed', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK);
  driver.complete(1);
  driver.handle({ type: 'checkpoints-retained', error: wireError('MR8003') });
  t.match(driver.verdict, { type: 'leadership-lost' });
});

t.test(
  '[scenario 2] what is being stored when the attempt fails is waited for, and restored from',
  async (t) => {
    const driver = new CoordinatorDriver(ONE_TASK);
    driver.due();
    driver.enumerator(1, 'source.0');
    driver.acknowledge(1, 'source.0');
    driver.handle({ type: 'attempt-failing' });
    driver.handle({ type: 'attempt-gone' });
    t.ok(driver.coordinator.storing);
    t.throws(() => driver.restored, { code: 'MR9001' });
    driver.stored(1);
    t.same(driver.sent, [], 'its tasks are gone');
    t.equal(driver.restored?.checkpointId, 1);
  },
);

t.test('files that a checkpoint in storing may name stay, whatever becomes of it', async (t) => {
  const storing = () => {
    const driver = new CoordinatorDriver(ONE_TASK, { tolerableFailedCheckpoints: 9 });
    driver.due();
    driver.timer('checkpoint-timeout', 1);
    driver.acknowledge(1, 'source.0', 'first');
    driver.due();
    driver.enumerator(2, 'source.0');
    driver.acknowledge(2, 'source.0', 'first', 'second');
    return driver;
  };
  const failing = storing();
  failing.handle({ type: 'attempt-failing' });
  failing.handle({ type: 'attempt-gone' });
  t.same(failing.done, []);
  failing.stored(2);
  t.notOk(failing.done.includes('discard-files'));
  const silent = storing();
  silent.timer('checkpoint-timeout', 2);
  silent.handle({ type: 'attempt-failing' });
  silent.handle({ type: 'attempt-gone' });
  t.notOk(silent.done.includes('discard-files'), 'it may be stored yet');
});

t.test('one retention runs at a time; a completion meanwhile asks for one more', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK, { numRetained: 2 });
  driver.complete(1);
  t.match(driver.effects.at(-1), { type: 'retain-checkpoints', count: 2, underWay: [] });
  driver.complete(2);
  t.notOk(driver.done.includes('retain-checkpoints'));
  driver.handle({ type: 'checkpoints-retained', error: wireError('MR3001') });
  t.same(driver.done, ['retain-checkpoints']);
  driver.handle({ type: 'checkpoints-retained', error: undefined });
  t.same(driver.done, []);
  t.notOk(driver.coordinator.busy);
});

t.test(
  'the storage is asked again and again what became of a checkpoint, then the job is given up',
  async (t) => {
    const driver = new CoordinatorDriver(ONE_TASK);
    driver.due();
    driver.enumerator(1, 'source.0');
    driver.acknowledge(1, 'source.0');
    driver.handle({ type: 'checkpoint-store-failed', checkpointId: 1, error: wireError('MR3001') });
    const delays: string[] = [];
    for (let i = 0; i < 30; i++) {
      driver.handle({ type: 'checkpoint-outcome-failed', checkpointId: 1, error: wireError('MR3001') });
      delays.push(...driver.done);
      if (driver.verdict !== undefined) break;
      driver.timer('checkpoint-outcome-due', 1);
      t.same(driver.done, ['resolve-checkpoint']);
    }
    t.match(delays, ['arm checkpoint-outcome-due in 250', 'arm checkpoint-outcome-due in 500']);
    t.equal(delays.length, 29);
    t.match(driver.verdict, { type: 'fail-job', fatal: true });
  },
);
