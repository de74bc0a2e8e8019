import t from 'tap';
import type { CoordinatorEffect } from '../../../core/checkpoint/coordinator-protocol.js';
import { modelGraph } from '../../model-graph.js';
import { CoordinatorDriver, wireError } from './coordinator-driver.js';

const PIPELINE = modelGraph(
  { name: 'source', parallelism: 2 },
  { name: 'sink', parallelism: 1, inputs: [0] },
);
const ONE_TASK = modelGraph({ name: 'source', parallelism: 1 });

/** Savepoints as the coordinator sees them; flink.md 5.4, 5.11 and vector 42. */
const SAVEPOINT = { folder: '/savepoints', stop: undefined };
const SUSPEND = { folder: '/savepoints', stop: 'suspend' } as const;
const DRAIN = { folder: '/savepoints', stop: 'drain' } as const;

function settled(driver: CoordinatorDriver): CoordinatorEffect | undefined {
  return driver.effects.find(({ type }) => type === 'request-settled');
}

function exported(driver: CoordinatorDriver): CoordinatorEffect | undefined {
  return driver.effects.find(({ type }) => type === 'export-savepoint');
}

t.test('a savepoint is copied, commits nothing and is no part of the log', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK, { numRetained: 1 });
  driver.complete(1);
  driver.handle({ type: 'requested', requestId: 5, savepoint: SAVEPOINT });
  driver.enumerator(2, 'source.0');
  t.match(driver.effects, [{ message: { type: 'trigger-checkpoint', kind: 'savepoint', suspends: false } }]);
  driver.acknowledge(2, 'source.0', 'f2');
  t.match(exported(driver), { folder: '/savepoints', manifest: { checkpointId: 2, kind: 'savepoint' } });
  t.same(driver.sent, ['source.0 <- checkpoint-aborted 2'], 'the next snapshot builds on checkpoint 1');
  t.notOk(driver.manifest, 'nothing is claimed in the log');
  driver.handle({ type: 'savepoint-exported', checkpointId: 2, path: '/savepoints/a' });
  t.match(settled(driver), {
    requestId: 5,
    outcome: { completed: true, checkpointId: 2, savepointPath: '/savepoints/a' },
  });
  t.equal(driver.restored?.checkpointId, 1, 'a restart begins from the checkpoint');
  t.equal(driver.coordinator.statistics.completed, 1);
  driver.complete(3);
  t.match(
    driver.effects.find(({ type }) => type === 'discard-files'),
    { checkpointId: 2, files: [{ key: 'f2' }] },
    'what lies of it in the storage of the job goes',
  );
});

t.test('a savepoint begins when nothing is pending, and checkpoints go on while it is copied', async (t) => {
  const driver = new CoordinatorDriver(PIPELINE, { maxConcurrentCheckpoints: 2 });
  driver.due();
  driver.enumerator(1, 'source.0');
  driver.handle({ type: 'requested', requestId: 5, savepoint: SAVEPOINT });
  t.same(driver.sent, []);
  driver.acknowledgeAll(1);
  driver.stored(1);
  t.equal(driver.sent.at(-1), 'source.0 <- snapshot-enumerator 2');
  driver.enumerator(2, 'source.0');
  driver.acknowledgeAll(2);
  t.ok(exported(driver));
  driver.complete(3);
  t.equal(driver.restored?.checkpointId, 3);
  t.ok(driver.coordinator.busy, 'the job does not end before the copy');
  driver.handle({ type: 'savepoint-exported', checkpointId: 2, path: '/savepoints/a' });
  t.match(settled(driver), { requestId: 5 });
});

t.test('a savepoint that cannot be copied fails alone', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK, { tolerableFailedCheckpoints: 0 });
  driver.handle({ type: 'requested', requestId: 5, savepoint: SAVEPOINT });
  driver.enumerator(1, 'source.0');
  driver.acknowledge(1, 'source.0');
  const error = wireError('MR3001', 'no such disk');
  driver.handle({ type: 'savepoint-export-failed', checkpointId: 1, error });
  t.match(settled(driver), {
    outcome: { completed: false, reason: 'FINALIZE_CHECKPOINT_FAILURE', error: { what: 'no such disk' } },
  });
  t.equal(driver.verdict, undefined, 'the job goes on');
});

t.test('a copy that does not come to an end is not waited for', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK);
  driver.handle({ type: 'requested', requestId: 5, savepoint: SAVEPOINT });
  driver.enumerator(1, 'source.0');
  driver.acknowledge(1, 'source.0');
  t.ok(driver.done.includes('arm checkpoint-timeout in 1000'));
  driver.timer('checkpoint-timeout', 1);
  t.match(settled(driver), { requestId: 5, outcome: { completed: false } });
  t.notOk(driver.coordinator.busy, 'the job may end');
  t.equal(driver.verdict, undefined);
  driver.handle({ type: 'savepoint-exported', checkpointId: 1, path: '/savepoints/a' });
  t.notOk(settled(driver), 'what comes later is ignored');
});

t.test('to suspend, a checkpoint completes first, and is copied then', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK);
  driver.handle({ type: 'requested', requestId: 5, savepoint: SUSPEND });
  driver.enumerator(1, 'source.0');
  t.match(driver.effects, [{ message: { type: 'trigger-checkpoint', kind: 'savepoint', suspends: true } }]);
  driver.acknowledge(1, 'source.0');
  t.match(driver.manifest, { checkpointId: 1, kind: 'checkpoint' });
  driver.stored(1);
  t.same(driver.sent, ['source.0 <- checkpoint-completed 1'], 'what it holds is committed');
  t.ok(exported(driver));
  t.notOk(settled(driver), 'nobody is told before the job has ended');
  driver.handle({ type: 'savepoint-exported', checkpointId: 1, path: '/savepoints/a' });
  t.match(driver.verdict, {
    type: 'stop',
    stopped: { requestId: 5, checkpointId: 1, path: '/savepoints/a' },
  });
});

t.test('a stop whose copy fails lets the sources go on', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK);
  driver.handle({ type: 'requested', requestId: 5, savepoint: SUSPEND });
  driver.enumerator(1, 'source.0');
  driver.acknowledge(1, 'source.0');
  driver.stored(1);
  driver.handle({ type: 'savepoint-export-failed', checkpointId: 1, error: wireError('MR3001') });
  t.same(driver.sent, ['source.0 <- resume']);
  t.match(settled(driver), { requestId: 5, outcome: { completed: false } });
  driver.handle({ type: 'requested', requestId: 6, savepoint: SUSPEND });
  t.same(driver.sent, ['source.0 <- snapshot-enumerator 2'], 'it may be asked for again');
});

t.test('a second stop is refused while one is on order', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK);
  driver.handle({ type: 'requested', requestId: 5, savepoint: SUSPEND });
  driver.handle({ type: 'requested', requestId: 6, savepoint: DRAIN });
  t.match(settled(driver), { requestId: 6, outcome: { reason: 'TOO_MANY_CHECKPOINT_REQUESTS' } });
});

t.test('a failure takes the stop with it', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK);
  driver.handle({ type: 'requested', requestId: 5, savepoint: DRAIN });
  t.same(driver.sent, ['source.0 <- drain']);
  driver.handle({ type: 'attempt-failing' });
  t.match(settled(driver), { requestId: 5, outcome: { completed: false, reason: 'JOB_FAILURE' } });
  driver.handle({ type: 'attempt-gone' });
  driver.restart();
  driver.dataFinished('source.0');
  driver.enumerator(1, 'source.0');
  driver.acknowledge(1, 'source.0');
  driver.stored(1);
  t.notOk(exported(driver), 'the next attempt ends with a plain final checkpoint');
});

t.test(
  'a suspending savepoint that is copied when its attempt has failed stops no other attempt',
  async (t) => {
    const driver = new CoordinatorDriver(ONE_TASK);
    driver.handle({ type: 'requested', requestId: 5, savepoint: SUSPEND });
    driver.enumerator(1, 'source.0');
    driver.acknowledge(1, 'source.0');
    driver.stored(1);
    t.match(exported(driver), { manifest: { checkpointId: 1 } });
    driver.handle({ type: 'attempt-failing' });
    driver.handle({ type: 'attempt-gone' });
    driver.restart();
    driver.handle({ type: 'savepoint-exported', checkpointId: 1, path: '/savepoints/a' });
    t.match(settled(driver), { requestId: 5, outcome: { completed: false, reason: 'JOB_FAILURE' } });
    t.equal(driver.verdict, undefined, 'it reads on behind the savepoint');
  },
);

t.test(
  'while a drained savepoint is copied no other stop is ordered, also in the next attempt',
  async (t) => {
    const driver = new CoordinatorDriver(ONE_TASK);
    driver.handle({ type: 'requested', requestId: 5, savepoint: DRAIN });
    driver.dataFinished('source.0');
    driver.enumerator(1, 'source.0');
    driver.acknowledge(1, 'source.0');
    driver.stored(1);
    t.ok(exported(driver));
    driver.handle({ type: 'attempt-failing' });
    driver.handle({ type: 'attempt-gone' });
    driver.restart();
    for (const [requestId, savepoint] of [
      [6, DRAIN],
      [7, SUSPEND],
    ] as const) {
      driver.handle({ type: 'requested', requestId, savepoint });
      const outcome = { completed: false, reason: 'TOO_MANY_CHECKPOINT_REQUESTS' };
      t.match(settled(driver), { requestId, outcome }, 'the job is about to end with the first');
    }
    driver.handle({ type: 'savepoint-exported', checkpointId: 1, path: '/savepoints/a' });
    t.match(driver.verdict, { type: 'stop', stopped: { requestId: 5 } });
  },
);

t.test('to drain, the final checkpoint is the savepoint, however often it is tried', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK, { tolerableFailedCheckpoints: 5 });
  driver.handle({ type: 'requested', requestId: 5, savepoint: DRAIN });
  t.same(driver.sent, ['source.0 <- drain']);
  driver.dataFinished('source.0');
  t.same(driver.sent, ['source.0 <- snapshot-enumerator 1']);
  driver.enumerator(1, 'source.0');
  driver.decline(1, 'source.0');
  t.notOk(settled(driver));
  driver.timer('final-checkpoint-due', 1);
  t.same(driver.sent, ['source.0 <- snapshot-enumerator 2']);
  driver.enumerator(2, 'source.0');
  driver.acknowledge(2, 'source.0');
  driver.stored(2);
  t.match(exported(driver), { manifest: { checkpointId: 2, kind: 'drained' } });
  driver.finish('source.0');
  driver.handle({ type: 'savepoint-exported', checkpointId: 2, path: '/savepoints/a' });
  t.match(driver.verdict, { type: 'stop', stopped: { requestId: 5 } });
});

t.test('from the order to drain on nothing but the draining savepoint completes', async (t) => {
  const driver = new CoordinatorDriver(PIPELINE, { maxConcurrentCheckpoints: 3 });
  driver.due();
  driver.enumerator(1, 'source.0');
  driver.acknowledge(1, 'source.0');
  driver.handle({ type: 'requested', requestId: 5, savepoint: DRAIN });
  t.ok(driver.sent.includes('sink.0 <- checkpoint-aborted 1'), 'one half of it would be behind the end');
  driver.due();
  driver.handle({ type: 'requested', requestId: 6 });
  t.notOk(driver.sent.some((message) => message.includes('snapshot-enumerator')));
  for (const task of ['source.0', 'source.1', 'sink.0']) driver.dataFinished(task);
  driver.enumerator(2, 'source.0');
  driver.acknowledgeAll(2);
  t.match(driver.manifest, { checkpointId: 2, kind: 'drained' }, 'who goes on from it takes nothing more');
  driver.stored(2);
  t.match(exported(driver), { manifest: { kind: 'drained' } });
});

t.test('what is taken after a drained savepoint that could not be copied is drained as well', async (t) => {
  const driver = new CoordinatorDriver(PIPELINE);
  driver.handle({ type: 'requested', requestId: 5, savepoint: DRAIN });
  driver.due();
  for (const task of ['source.0', 'source.1', 'sink.0']) driver.dataFinished(task);
  driver.enumerator(1, 'source.0');
  driver.acknowledgeAll(1);
  driver.stored(1);
  driver.handle({ type: 'savepoint-export-failed', checkpointId: 1, error: wireError('MR3001') });
  t.match(settled(driver), { requestId: 5, outcome: { completed: false } });
  driver.enumerator(2, 'source.0');
  driver.acknowledgeAll(2);
  t.match(driver.manifest, { checkpointId: 2, kind: 'drained' }, 'its sources have ended, whoever asks');
});

t.test('an order to drain overtakes a final checkpoint that waits for its turn', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK);
  driver.due();
  driver.enumerator(1, 'source.0');
  driver.acknowledge(1, 'source.0');
  driver.dataFinished('source.0');
  driver.handle({ type: 'requested', requestId: 5, savepoint: DRAIN });
  driver.stored(1);
  t.ok(driver.sent.includes('source.0 <- snapshot-enumerator 2'));
  driver.enumerator(2, 'source.0');
  driver.acknowledge(2, 'source.0');
  driver.stored(2);
  t.match(exported(driver), { manifest: { checkpointId: 2, kind: 'drained' } });
});

t.test('from the beginning of a suspending savepoint on nothing else begins before its end', async (t) => {
  const driver = new CoordinatorDriver(ONE_TASK, { maxConcurrentCheckpoints: 3 });
  driver.handle({ type: 'requested', requestId: 5, savepoint: SUSPEND });
  driver.due();
  driver.enumerator(1, 'source.0');
  driver.acknowledge(1, 'source.0');
  driver.stored(1);
  driver.due();
  t.notOk(driver.sent.includes('source.0 <- snapshot-enumerator 2'), 'it would commit what comes behind');
  const error = wireError('MR3001', 'no such disk');
  driver.handle({ type: 'savepoint-export-failed', checkpointId: 1, error });
  t.ok(driver.sent.includes('source.0 <- snapshot-enumerator 2'), 'the job goes on');
});
