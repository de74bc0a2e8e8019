import t from 'tap';
import type { CheckpointHistory } from '../../../core/checkpoint/checkpoint-history.js';
import { summarizeValues } from '../../../core/checkpoint/checkpoint-summary.js';
import { modelGraph } from '../../model-graph.js';
import { CoordinatorDriver, METRICS, wireError } from './coordinator-driver.js';

const PIPELINE = modelGraph(
  { name: 'source', parallelism: 2 },
  { name: 'sink', parallelism: 1, inputs: [0] },
);

function historyOf(driver: CoordinatorDriver): CheckpointHistory {
  return driver.coordinator.history;
}

t.test('a checkpoint is seen from its trigger on, with who has not acknowledged it', async (t) => {
  const driver = new CoordinatorDriver(PIPELINE);
  t.match(historyOf(driver), {
    counts: { total: 0, inProgress: 0 },
    history: [],
    latestCompleted: undefined,
  });
  driver.nowMs = 100;
  driver.due();
  t.match(historyOf(driver).history, [
    {
      checkpointId: 1,
      status: 'IN_PROGRESS',
      type: 'CHECKPOINT',
      triggerMs: 1_000_100,
      latestAckMs: undefined,
    },
  ]);
  driver.enumerator(1, 'source.0');
  driver.nowMs = 130;
  driver.acknowledge(1, 'source.1');
  const { history, counts } = historyOf(driver);
  t.match(counts, { total: 1, inProgress: 1, completed: 0, failed: 0, restored: 0 });
  t.match(history[0], { latestAckMs: 1_000_130, durationMs: 30, checkpointedBytes: 7, stateBytes: 9 });
  t.match(history[0]?.tasks, [
    {
      vertexId: 0,
      subtasks: [undefined, { subtask: 1, ackMs: 1_000_130, durationMs: 30, unaligned: false }],
    },
    { vertexId: 1, subtasks: [undefined] },
  ]);
});

t.test('a completed one has its figures; one ahead of barriers is unaligned', async (t) => {
  const driver = new CoordinatorDriver(PIPELINE);
  driver.due();
  driver.enumerator(1, 'source.0');
  driver.acknowledge(1, 'source.0');
  driver.acknowledge(1, 'source.1');
  const metrics = { ...METRICS, alignmentMs: 5, persistedBytes: 11, processedBytes: 3, unaligned: true };
  const { address } = driver.task('sink.0');
  const snapshot = { operators: {} };
  driver.handle({ type: 'acknowledged', task: address, checkpointId: 1, snapshot, metrics });
  driver.nowMs = 50;
  driver.stored(1);
  const { latestCompleted, history, summary } = historyOf(driver);
  t.equal(latestCompleted?.externalPath, 'jobs/it/log/1');
  t.match(latestCompleted, {
    status: 'COMPLETED',
    type: 'UNALIGNED_CHECKPOINT',
    durationMs: 50,
    checkpointedBytes: 21,
    stateBytes: 27,
    processedBytes: 3,
    persistedBytes: 11,
    discarded: false,
  });
  t.same(history, [latestCompleted]);
  t.match(summary.stateBytes, { min: 27, max: 27, avg: 27, p50: 27, p999: 27 });
});

t.test('a failed one says why, in the words of who failed it', async (t) => {
  const driver = new CoordinatorDriver(PIPELINE, { tolerableFailedCheckpoints: 5 });
  driver.due();
  driver.enumerator(1, 'source.0');
  driver.nowMs = 7;
  driver.handle({
    type: 'declined',
    reason: 'CHECKPOINT_DECLINED',
    task: driver.task('sink.0').address,
    checkpointId: 1,
    error: wireError('MR3003', 'The disk is full.'),
  });
  t.match(historyOf(driver), {
    counts: { failed: 1, inProgress: 0 },
    latestFailed: {
      status: 'FAILED',
      durationMs: 7,
      failure: {
        failedMs: 1_000_007,
        message: 'CHECKPOINT_DECLINED: a task declined it: Error: The disk is full.',
      },
    },
  });
  driver.due();
  driver.timer('checkpoint-timeout', 2);
  t.match(historyOf(driver).latestFailed?.failure, {
    message: 'CHECKPOINT_EXPIRED: it expired before it was complete.',
  });
});

t.test('the newest stay; what is under way is never forgotten', async (t) => {
  const driver = new CoordinatorDriver(PIPELINE, { historySize: 2, maxConcurrentCheckpoints: 2 });
  driver.due();
  driver.enumerator(1, 'source.0');
  for (const id of [2, 3, 4]) {
    driver.due();
    driver.enumerator(id, 'source.0');
    if (id < 4)
      driver.handle({
        type: 'declined',
        reason: 'CHECKPOINT_DECLINED',
        task: driver.task('sink.0').address,
        checkpointId: id,
        error: wireError('MR3007', 'no'),
      });
    if (id === 2 || id === 3) driver.verdict = undefined;
  }
  t.same(
    historyOf(driver).history.map(({ checkpointId }) => checkpointId),
    [4, 1],
  );
  t.match(historyOf(driver).counts, { total: 4, failed: 2, inProgress: 2 });
});

t.test('what retention has removed is discarded', async (t) => {
  const driver = new CoordinatorDriver(PIPELINE, { numRetained: 1 });
  driver.complete(1);
  driver.handle({ type: 'checkpoints-retained', error: undefined });
  t.equal(historyOf(driver).latestCompleted?.discarded, false);
  driver.complete(2);
  t.match(
    historyOf(driver).history.map(({ discarded }) => discarded),
    [false, false],
    'it has not been removed yet',
  );
  driver.handle({ type: 'checkpoints-retained', error: undefined });
  t.match(
    historyOf(driver).history.map(({ discarded }) => discarded),
    [false, true],
  );
});

t.test("a savepoint is complete when it was copied, and stays its owner's", async (t) => {
  const driver = new CoordinatorDriver(PIPELINE);
  driver.handle({ type: 'requested', requestId: 1, savepoint: { folder: '/s', stop: undefined } });
  driver.enumerator(1, 'source.0');
  driver.acknowledgeAll(1);
  t.match(historyOf(driver), {
    counts: { inProgress: 1 },
    history: [{ type: 'SAVEPOINT', status: 'IN_PROGRESS' }],
  });
  driver.handle({ type: 'savepoint-exported', checkpointId: 1, path: '/s/1' });
  driver.complete(2);
  driver.handle({ type: 'checkpoints-retained', error: undefined });
  t.match(historyOf(driver).latestSavepoint, { checkpointId: 1, externalPath: '/s/1', discarded: false });
  t.match(driver.coordinator.statistics, { completed: 1 }, "it is none of the job's checkpoints");
  driver.handle({ type: 'requested', requestId: 2, savepoint: { folder: '/s', stop: undefined } });
  driver.enumerator(3, 'source.0');
  driver.acknowledgeAll(3);
  const error = wireError('MR3001', 'no such folder');
  driver.handle({ type: 'savepoint-export-failed', checkpointId: 3, error });
  t.match(historyOf(driver).latestFailed, { checkpointId: 3, failure: { message: 'Error: no such folder' } });
});

t.test('tasks that had finished take no part, and keep nobody waiting', async (t) => {
  const driver = new CoordinatorDriver(PIPELINE);
  driver.finish('source.1');
  driver.nowMs = 5;
  driver.due();
  t.match(historyOf(driver).history[0]?.tasks[0]?.subtasks, [undefined, { ackMs: 1_000_005, stateBytes: 0 }]);
  driver.enumerator(1, 'source.0');
  driver.finish('source.0');
  t.match(historyOf(driver).history[0]?.tasks[0]?.subtasks, [{ stateBytes: 0 }, { stateBytes: 0 }]);
});

t.test('what an earlier process has completed is told with the place where it lies', async (t) => {
  const before = new CoordinatorDriver(PIPELINE);
  before.complete(1);
  const restored = before.restored;
  const driver = new CoordinatorDriver(PIPELINE, {}, restored, '/checkpoints/log/0000000004');
  driver.nowMs = 7;
  t.equal(driver.restored?.checkpointId, 1);
  t.match(historyOf(driver).restored, {
    checkpointId: 1,
    restoredMs: 1_000_007,
    externalPath: '/checkpoints/log/0000000004',
  });
  driver.complete(2);
  t.equal(driver.restored?.checkpointId, 2);
  t.equal(historyOf(driver).restored?.externalPath, 'jobs/it/log/2', 'a later one has its own');
});

t.test('what an attempt begins from is told, and how many did', async (t) => {
  const driver = new CoordinatorDriver(PIPELINE);
  driver.complete(1);
  driver.nowMs = 40;
  t.equal(driver.restored?.checkpointId, 1);
  t.match(historyOf(driver), {
    counts: { restored: 1 },
    restored: { checkpointId: 1, restoredMs: 1_000_040, isSavepoint: false },
  });
});

t.test(
  'a checkpoint whose outcome nobody learns, or that another leader ends, has failed here',
  async (t) => {
    for (const code of ['MR8003', 'MR3001'] as const) {
      const driver = new CoordinatorDriver(PIPELINE);
      driver.due();
      driver.enumerator(1, 'source.0');
      driver.acknowledgeAll(1);
      if (code === 'MR8003')
        driver.handle({ type: 'checkpoint-store-failed', checkpointId: 1, error: wireError(code, 'fenced') });
      else driver.timer('checkpoint-timeout', 1);
      t.match(historyOf(driver), { counts: { failed: 1, inProgress: 0 } }, code);
    }
  },
);

t.test('percentiles lie between neighbours, as Flink has them', async (t) => {
  t.same(summarizeValues([4, 1, 3, 2]), {
    min: 1,
    max: 4,
    avg: 2.5,
    p50: 2.5,
    p90: 4,
    p95: 4,
    p99: 4,
    p999: 4,
  });
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  t.match(summarizeValues(hundred), { min: 1, max: 100, avg: 50.5, p50: 50.5, p999: 100 });
  const { p90, p95, p99 } = summarizeValues(hundred);
  for (const [found, expected] of [
    [p90, 90.9],
    [p95, 95.95],
    [p99, 99.99],
  ] as const)
    t.ok(Math.abs(found - expected) < 1e-9, `${found} is ${expected}`);
  t.match(summarizeValues([]), { min: 0, max: 0, avg: 0, p50: Number.NaN });
  t.match(summarizeValues([7]), { p50: 7, p999: 7 });
});
