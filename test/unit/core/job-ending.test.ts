import t from 'tap';
import { modelGraph } from '../../model-graph.js';
import { wireError } from './coordinator-driver.js';
import { JobMasterDriver, ScriptedStrategy } from './job-master-driver.js';

const PIPELINE = modelGraph(
  { name: 'source', parallelism: 2 },
  { name: 'sink', parallelism: 1, inputs: [0] },
);

t.test('a job is finished when all tasks have, their threads are gone and that is recorded', async (t) => {
  const driver = new JobMasterDriver(PIPELINE);
  driver.run();
  driver.nowMs = 500;
  driver.finishAll();
  t.same(driver.done, ['arm closing-deadline in 30000', 'terminate 1']);
  t.equal(driver.status, 'RUNNING');
  driver.gone();
  t.match(driver.effects.at(-1), {
    type: 'store-result',
    result: { state: 'FINISHED', finishedMs: 1_000_500 },
    keepCheckpoints: false,
  });
  driver.handle({ type: 'result-stored' });
  t.equal(driver.status, 'FINISHED');
  t.match(driver.outcome, {
    status: 'FINISHED',
    result: { jobId: 'job', jobName: 'model', netRuntimeMs: 500, attempts: 1, failures: [] },
  });
  t.same(driver.handle({ type: 'cancel-requested' }), [], 'terminal is final');
});

t.test('without checkpoints nothing is triggered and nothing recorded', async (t) => {
  const driver = new JobMasterDriver(PIPELINE, { checkpointing: 'off' });
  driver.run();
  t.same(driver.done, ['tasks-running']);
  for (const task of driver.tasks) driver.report(task, { type: 'data-finished' });
  t.same(driver.effects, []);
  driver.finishAll();
  driver.gone();
  t.equal(driver.outcome?.status, 'FINISHED');
  driver.handle({ type: 'checkpoint-requested', requestId: 1 });
});

t.test('what the next attempt would meet again fails the job at once', async (t) => {
  const strategy = new ScriptedStrategy(0, 0);
  const driver = new JobMasterDriver(PIPELINE, { strategy });
  driver.run();
  driver.fail('source.0', 'MR6001', 'line 7 is no JSON');
  t.equal(driver.status, 'FAILING');
  t.same(strategy.askedMs, []);
  driver.gone();
  t.match(driver.effects.at(-1), {
    type: 'store-result',
    result: { state: 'FAILED', message: 'line 7 is no JSON' },
    keepCheckpoints: true,
  });
  driver.handle({ type: 'result-stored' });
  t.match(driver.outcome, {
    status: 'FAILED',
    error: {
      code: 'MR5006',
      why: 'The next attempt would meet the same error.',
      cause: { code: 'MR6001', what: 'line 7 is no JSON', where: { operator: 'source' } },
    },
  });
});

t.test('a job fails when its restart strategy gives up, even if that cannot be recorded', async (t) => {
  const driver = new JobMasterDriver(PIPELINE, { strategy: new ScriptedStrategy() });
  driver.run();
  driver.fail('sink.0');
  driver.gone();
  for (let i = 0; i < 2; i++) {
    driver.handle({ type: 'result-store-failed', error: wireError('MR3001') });
    t.same(driver.done, ['arm result-due in 500']);
    driver.handle({ type: 'timer', timer: { name: 'result-due', id: 0 } });
    t.same(driver.done, ['store-result']);
  }
  driver.handle({ type: 'result-store-failed', error: wireError('MR3001') });
  t.match(driver.outcome, { status: 'FAILED', error: { code: 'MR5006', why: 'The script ends.' } });
});

t.test(
  'a finished job whose end cannot be recorded has failed, and says that its output is complete',
  async (t) => {
    for (const last of ['failed', 'deadline'] as const) {
      const driver = new JobMasterDriver(PIPELINE);
      driver.run();
      driver.finishAll();
      driver.gone();
      if (last === 'deadline') {
        driver.handle({ type: 'timer', timer: { name: 'closing-deadline', id: 0 } });
      } else {
        for (let i = 0; i < 3; i++)
          driver.handle({ type: 'result-store-failed', error: wireError('MR3001') });
      }
      t.match(
        driver.outcome,
        { status: 'FAILED', error: { cause: { code: 'MR3001', hint: /output is complete/ } } },
        last,
      );
    }
  },
);

t.test('a cancelled job ends its threads, and its checkpoints go unless they are retained', async (t) => {
  for (const retainOnCancellation of [false, true]) {
    const driver = new JobMasterDriver(PIPELINE, { checkpointing: { retainOnCancellation } });
    driver.run();
    driver.handle({ type: 'cancel-requested' });
    t.equal(driver.status, 'CANCELLING');
    t.same(driver.sent, ['source.0 <- cancel', 'source.1 <- cancel', 'sink.0 <- cancel']);
    driver.report('source.0', { type: 'canceled' });
    t.equal(driver.status, 'CANCELLING');
    driver.gone();
    t.match(driver.effects.at(-1), { type: 'store-result', keepCheckpoints: retainOnCancellation });
    driver.handle({ type: 'result-stored' });
    t.match(driver.outcome, { status: 'CANCELED', error: { code: 'MR5007' } });
  }
});

t.test('a job that waits for its restart can be cancelled', async (t) => {
  const driver = new JobMasterDriver(PIPELINE, { strategy: new ScriptedStrategy(500) });
  driver.run();
  driver.fail('sink.0');
  driver.gone();
  driver.handle({ type: 'cancel-requested' });
  t.same(driver.done, ['arm closing-deadline in 30000', 'arm closing-deadline in 30000', 'store-result']);
  driver.handle({ type: 'timer', timer: { name: 'restart-due', id: 1 } });
  driver.handle({ type: 'result-stored' });
  t.equal(driver.status, 'CANCELED');
});

t.test('a job whose lead is lost is suspended, and its storage left alone', async (t) => {
  const driver = new JobMasterDriver(PIPELINE);
  driver.run();
  driver.handle({ type: 'timer', timer: { name: 'checkpoint-due', id: 1 } });
  driver.report('source.0', { type: 'enumerator-snapshot', checkpointId: 1, state: new Uint8Array() });
  driver.acknowledge(1, ...driver.tasks);
  driver.handle({
    type: 'checkpoint-store-failed',
    checkpointId: 1,
    error: wireError('MR8003', 'fenced off'),
  });
  t.same(driver.done, ['terminate 1']);
  t.notOk(driver.sent.some((message) => message.includes('checkpoint')));
  driver.gone();
  t.same(
    driver.done.filter((effect) => effect.startsWith('store')),
    [],
  );
  t.match(driver.outcome, { status: 'SUSPENDED', error: { code: 'MR8003', what: 'Error: fenced off' } });
});

t.test('too many failed checkpoints restart the job', async (t) => {
  const driver = new JobMasterDriver(PIPELINE);
  driver.run();
  driver.handle({ type: 'timer', timer: { name: 'checkpoint-due', id: 1 } });
  driver.report('sink.0', {
    type: 'checkpoint-declined',
    reason: 'CHECKPOINT_DECLINED',
    checkpointId: 1,
    error: wireError('MR3007'),
  });
  t.equal(driver.status, 'RESTARTING');
  t.match(driver.master.view.status().lastFailure?.rootCause, { code: 'MR3006' });
});

t.test('a bounded job ends by its final checkpoint', async (t) => {
  const driver = new JobMasterDriver(PIPELINE);
  driver.run();
  for (const task of driver.tasks) driver.report(task, { type: 'data-finished' });
  t.same(driver.sent, ['source.0 <- snapshot-enumerator']);
  driver.completePending(1);
  t.same(driver.sent, [
    'source.0 <- checkpoint-completed',
    'source.1 <- checkpoint-completed',
    'sink.0 <- checkpoint-completed',
  ]);
  driver.finishAll();
  driver.gone();
  t.notOk(driver.done.includes('store-result'), 'old checkpoints are still being removed');
  driver.handle({ type: 'checkpoints-retained', error: undefined });
  t.ok(driver.done.includes('store-result'));
  driver.handle({ type: 'result-stored' });
  t.equal(driver.status, 'FINISHED');
});

t.test('a checkpoint that fails when all tasks have finished does not restart the job', async (t) => {
  const driver = new JobMasterDriver(PIPELINE, { checkpointing: { maxConcurrentCheckpoints: 2 } });
  driver.run();
  driver.takeManifest();
  driver.finishAll();
  driver.handle({ type: 'checkpoint-store-failed', checkpointId: 1, error: wireError('MR3001') });
  driver.handle({ type: 'checkpoint-outcome', checkpointId: 1, completed: false });
  t.equal(driver.status, 'RUNNING');
  driver.gone();
  t.match(driver.effects.at(-1), { type: 'store-result', result: { state: 'FINISHED' } });
});

t.test('a job restored from its very end has nothing to launch', async (t) => {
  const ran = new JobMasterDriver(PIPELINE);
  ran.run();
  ran.complete(1);
  const manifest = ran.takeManifest();
  const vertices = manifest.vertices.map((vertex) => ({
    ...vertex,
    subtasks: vertex.subtasks.map(() => 'finished' as const),
  }));
  const driver = new JobMasterDriver(PIPELINE, { restored: { ...manifest, vertices } });
  t.notOk(driver.done.includes('launch 1'));
  t.ok(driver.done.includes('store-result'));
  driver.handle({ type: 'result-stored' });
  t.equal(driver.status, 'FINISHED');
});
