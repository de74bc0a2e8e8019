import t from 'tap';
import type { FailureEnricher } from '../../../core/job/failure-enricher.js';
import { TYPE_ENRICHER } from '../../../core/job/failure-enricher.js';
import { FailureHistory } from '../../../core/job/failure-history.js';
import { JobInitialization } from '../../../core/job/job-initialization.js';
import { JobStore } from '../../../core/job/job-store.js';
import { modelGraph } from '../../model-graph.js';
import { wireError } from './coordinator-driver.js';
import { JobMasterDriver, ScriptedStrategy } from './job-master-driver.js';

const PIPELINE = modelGraph(
  { name: 'source', parallelism: 2 },
  { name: 'sink', parallelism: 1, inputs: [0] },
);
const at = (ms: number) => ({ monotonicMs: ms, wallMs: 1_000_000 + ms });

function statesOf(driver: JobMasterDriver): string[] {
  return driver.master.view.details().vertices.flatMap(({ subtasks }) => subtasks.map(({ state }) => state));
}

t.test('a job is listed while it is initialized, and a failed initialization is a failed job', async (t) => {
  const initialization = new JobInitialization(
    { jobId: 'j', graph: PIPELINE, acceptedMs: 1_000_000 },
    { size: 3, enrichers: [] },
  );
  t.match(initialization.view.details(), {
    status: 'INITIALIZING',
    startMs: 1_000_000,
    endMs: undefined,
    attempt: 0,
    vertices: [{ subtasks: [{ state: 'CREATED', attempt: 0 }, {}] }, { subtasks: [{}] }],
  });
  initialization.fail(wireError('MR8002', 'another process leads it'), at(9));
  t.match(initialization.view.details(), {
    status: 'FAILED',
    endMs: 1_000_009,
    timestamps: { INITIALIZING: 1_000_000, FAILED: 1_000_009, RUNNING: 0 },
  });
  t.match(initialization.view.failures(), [{ rootCause: { code: 'MR8002' }, taskName: undefined }]);
});

t.test('tasks pass through the states of a deployment, and when is kept', async (t) => {
  const driver = new JobMasterDriver(PIPELINE);
  t.match(driver.master.view.details(), {
    status: 'RUNNING',
    startMs: 999_000,
    timestamps: { INITIALIZING: 999_000, CREATED: 1_000_000, RUNNING: 1_000_000 },
  });
  t.same(statesOf(driver), ['DEPLOYING', 'DEPLOYING', 'DEPLOYING']);
  driver.nowMs = 10;
  driver.report('source.0', { type: 'initializing' });
  driver.nowMs = 20;
  driver.report('source.0', { type: 'running' });
  t.same(statesOf(driver), ['RUNNING', 'DEPLOYING', 'DEPLOYING']);
  const { vertices, lastModificationMs } = driver.master.view.details();
  t.match(vertices[0]?.subtasks[0]?.timestamps, {
    CREATED: 1_000_000,
    SCHEDULED: 1_000_000,
    DEPLOYING: 1_000_000,
    INITIALIZING: 1_000_010,
    RUNNING: 1_000_020,
    FINISHED: 0,
  });
  t.equal(lastModificationMs, 1_000_020);
});

t.test(
  'for how long tasks were being deployed is added up, over restarts and failed deployments',
  async (t) => {
    const driver = new JobMasterDriver(PIPELINE, { strategy: new ScriptedStrategy(0, 0) });
    const deploying = () => driver.master.view.details().deploying;
    t.same(deploying(), { sinceMs: 1_000_000, spentMs: 0 });
    driver.nowMs = 10;
    driver.run('source.0', 'source.1');
    t.same(deploying(), { sinceMs: 1_000_000, spentMs: 0 }, 'one does not run yet');
    driver.nowMs = 30;
    driver.run('sink.0');
    t.same(deploying(), { sinceMs: undefined, spentMs: 30 });
    driver.nowMs = 100;
    driver.fail('sink.0');
    driver.gone();
    t.same(deploying(), { sinceMs: 1_000_100, spentMs: 30 });
    driver.nowMs = 105;
    driver.fail('sink.0');
    t.same(
      deploying(),
      { sinceMs: undefined, spentMs: 35 },
      'those that are going down are not being deployed',
    );
    driver.gone();
    driver.nowMs = 107;
    driver.run();
    t.same(deploying(), { sinceMs: undefined, spentMs: 37 });
  },
);

t.test('a failure cancels the others; whatever they say of their end, they were cancelled', async (t) => {
  const driver = new JobMasterDriver(PIPELINE, { strategy: new ScriptedStrategy(1000) });
  driver.run();
  driver.fail('sink.0');
  t.same(statesOf(driver), ['CANCELING', 'CANCELING', 'FAILED']);
  driver.report('source.0', { type: 'data-finished' });
  driver.report('source.0', { type: 'finished' });
  driver.report('source.1', { type: 'canceled' });
  t.same(statesOf(driver), ['CANCELED', 'CANCELED', 'FAILED']);
  driver.gone();
  t.equal(driver.status, 'RESTARTING');
  driver.handle({ type: 'timer', timer: { name: 'restart-due', id: 1 } });
  t.match(driver.master.view.details(), { attempt: 2, restarts: 1 });
  t.same(statesOf(driver), ['DEPLOYING', 'DEPLOYING', 'DEPLOYING']);
});

t.test('tasks of which nothing was heard have ended with their attempt', async (t) => {
  const driver = new JobMasterDriver(PIPELINE, { strategy: new ScriptedStrategy(1000) });
  driver.handle({ type: 'launch-failed', attempt: 1, regionId: 0, error: wireError('MR5008', 'no thread') });
  t.same(statesOf(driver), ['FAILED', 'FAILED', 'FAILED']);
  const other = new JobMasterDriver(PIPELINE);
  other.handle({ type: 'cancel-requested' });
  other.gone();
  t.same(statesOf(other), ['CANCELED', 'CANCELED', 'CANCELED']);
});

t.test('a step that the table has not is refused', async (t) => {
  const driver = new JobMasterDriver(PIPELINE);
  t.throws(() => driver.report('source.0', { type: 'running' }), { code: 'MR9001' });
  driver.run();
  t.throws(() => driver.report('source.0', { type: 'initializing' }), { code: 'MR9001' });
});

t.test('a view keeps what it saw last when the job has ended', async (t) => {
  const driver = new JobMasterDriver(PIPELINE, { checkpointing: 'off' });
  driver.run();
  driver.finishAll();
  driver.gone();
  const { view } = driver.master;
  const before = [view.status(), view.details(), view.failures(), view.accumulators()];
  view.close();
  view.close();
  t.same([view.status(), view.details(), view.failures(), view.accumulators()], before);
  t.match(view.details(), { status: 'FINISHED', endMs: 1_000_000 });
  t.equal(view.checkpoints(), undefined);
});

t.test('failures say where and when, those beside them too, and enrichers label them', async (t) => {
  const cost: FailureEnricher = {
    outputKeys: ['cost', 'code'],
    processFailure: (_, { taskName }) => ({ cost: `${taskName}`, code: 'mine', unasked: 'x' }),
  };
  const history = new FailureHistory(
    { jobId: 'j', jobName: 'job' },
    { size: 2, enrichers: [TYPE_ENRICHER, cost] },
  );
  const task = { name: 'map (1/2)', taskManagerId: 'tm-1' };
  history.add(1, { error: wireError('MR5001', 'mine'), task }, at(1));
  history.addConcurrent({ error: wireError('MR3001', 'theirs') }, at(2));
  t.match(history.failures, [
    {
      attempt: 1,
      failedMs: 1_000_001,
      rootCause: { what: 'mine' },
      taskName: 'map (1/2)',
      taskManagerId: 'tm-1',
      concurrent: [{ failedMs: 1_000_002, error: { what: 'theirs' }, taskName: undefined }],
    },
  ]);
  t.same(history.failures[0]?.labels, { type: 'USER', code: 'MR5001', cost: 'map (1/2)' });
  t.match(history.failures[0]?.concurrent[0]?.labels, { type: 'SYSTEM' });
  history.add(2, { error: wireError('MR5003', 'b') }, at(3));
  history.add(3, { error: wireError('MR5003', 'c') }, at(4));
  t.same(
    history.failures.map(({ attempt }) => attempt),
    [2, 3],
  );
});

t.test('jobs that have ended stay for a while, and not too many', async (t) => {
  const store = new JobStore<string>();
  const limits = { capacity: 2, expirationMs: 100 };
  store.add('a', 'A', limits, 0);
  store.add('b', 'B', limits, 50);
  t.same(store.all(60), ['A', 'B']);
  store.add('c', 'C', limits, 60);
  t.same(store.all(60), ['B', 'C']);
  t.equal(store.get('a', 60), undefined);
  t.equal(store.get('b', 149), 'B');
  t.equal(store.get('b', 150), undefined);
  store.add('d', 'D', { capacity: 0, expirationMs: 100 }, 150);
  t.same(store.all(150), []);
});
