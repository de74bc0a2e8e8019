import t from 'tap';
import type { CheckpointManifest } from '../../../core/checkpoint/snapshot-handle.js';
import type { JobGraph } from '../../../core/graph/job-graph.js';
import { AccumulatorTotals, type AccumulatorValue } from '../../../core/job/accumulator-totals.js';
import { ExecutionGraph } from '../../../core/job/execution-graph.js';
import type { FailoverStrategy } from '../../../core/job/pipelined-regions.js';
import { modelGraph } from '../../model-graph.js';
import { JobMasterDriver, ScriptedStrategy } from './job-master-driver.js';

/** One source that goes on, and one of so many subtasks that ends. */
function graphOf(parallelism: number): JobGraph {
  const graph = modelGraph({ name: 'source', parallelism: 1 }, { name: 'short', parallelism });
  return { ...graph, fingerprint: `${parallelism} short ones` };
}

const sum = (value: number): AccumulatorValue => ({ kind: 'sum', value });

function finish(driver: JobMasterDriver, task: string, rows: number): void {
  driver.report(task, { type: 'finished', accumulators: { 'short-uid': { rows: sum(rows) } } });
}

/** A checkpoint of a driver in which one task of `short` has ended, that of another process. */
function checkpointOf(driver: JobMasterDriver, ...running: readonly string[]): CheckpointManifest {
  driver.handle({ type: 'timer', timer: { name: 'checkpoint-due', id: driver.attempt } });
  const asked = driver.effects.find(({ type }) => type === 'send');
  if (asked?.type !== 'send' || asked.message.type !== 'snapshot-enumerator')
    throw new Error('no checkpoint');
  const { checkpointId } = asked.message;
  for (const task of driver.tasks.filter((name) => name.endsWith('.0')))
    driver.report(task, { type: 'enumerator-snapshot', checkpointId, state: Uint8Array.of(1) });
  driver.acknowledge(checkpointId, ...running);
  const stored = driver.effects.find(({ type }) => type === 'store-checkpoint');
  if (stored?.type !== 'store-checkpoint') throw new Error('no manifest');
  driver.handle({ type: 'checkpoint-stored', checkpointId });
  return stored.manifest;
}

function rowsOf(driver: JobMasterDriver): unknown {
  return driver.master.view.accumulators().rows;
}

t.test('a region that goes back keeps what its tasks had accumulated that had ended by then', async (t) => {
  const now = { monotonicMs: 0, wallMs: 0 };
  const graph = modelGraph({ name: 'source', parallelism: 2 });
  const executions = new ExecutionGraph({ jobId: 'job', graph }, 1, undefined, now);
  executions.accumulators.record({ vertexId: 0, subtask: 0 }, { 'source-uid': { rows: sum(3) } });
  executions.accumulators.record({ vertexId: 0, subtask: 1 }, { 'source-uid': { rows: sum(4) } });
  const restore = {
    checkpointId: 1,
    subtasks: [['finished', { operators: {} }] as const],
    inFlight: [],
    enumerators: [],
    drained: false,
    accumulated: {},
  };
  executions.replace({ id: 0, subtasks: [[true, true]] }, 2, restore, now);
  t.same(executions.accumulators.results, { rows: 3 });
});

t.test('a new process knows what subtasks had accumulated that ended before the checkpoint', async (t) => {
  const first = new JobMasterDriver(graphOf(3));
  first.run();
  finish(first, 'short.1', 10);
  const manifest = checkpointOf(first, 'source.0', 'short.0', 'short.2');
  t.strictSame(manifest.vertices[1]?.ended, { 'short-uid': { rows: sum(10) } });
  t.equal(manifest.vertices[0]?.ended, undefined);

  const next = new JobMasterDriver(graphOf(3), { restored: manifest });
  t.equal(rowsOf(next), 10);
  next.run('source.0', 'short.0', 'short.2');
  finish(next, 'short.0', 5);
  const later = checkpointOf(next, 'source.0', 'short.2');
  t.strictSame(later.vertices[1]?.ended, { 'short-uid': { rows: sum(15) } });
  finish(next, 'short.2', 100);
  t.equal(rowsOf(next), 115);
});

t.test('at another parallelism no subtask takes the place of one that had ended', async (t) => {
  const first = new JobMasterDriver(graphOf(3));
  first.run();
  finish(first, 'short.0', 10);
  const manifest = checkpointOf(first, 'source.0', 'short.1', 'short.2');
  const next = new JobMasterDriver(graphOf(1), { restored: manifest });
  next.run();
  const later = checkpointOf(next, 'source.0', 'short.0');
  t.strictSame(
    later.vertices[1]?.ended,
    { 'short-uid': { rows: sum(10) } },
    'though all of its subtasks run',
  );
  finish(next, 'short.0', 3);
  t.equal(rowsOf(next), 13);
});

t.test('a rescale forgets nothing of those that have ended, and counts nothing twice', async (t) => {
  const driver = new JobMasterDriver(graphOf(2));
  driver.run();
  finish(driver, 'short.0', 10);
  driver.handle({ type: 'rescale-requested', requestId: 1, graph: graphOf(1) });
  driver.report('source.0', { type: 'enumerator-snapshot', checkpointId: 1, state: Uint8Array.of(1) });
  driver.acknowledge(1, 'source.0', 'short.1');
  driver.handle({ type: 'checkpoint-stored', checkpointId: 1 });
  driver.gone();
  driver.run();
  t.equal(rowsOf(driver), 10);
  finish(driver, 'short.0', 7);
  t.equal(rowsOf(driver), 17);
});

t.test('what a subtask has acknowledged and then finished lies in its snapshot alone', async (t) => {
  const driver = new JobMasterDriver(graphOf(1));
  driver.run();
  driver.handle({ type: 'timer', timer: { name: 'checkpoint-due', id: 1 } });
  for (const task of ['source.0', 'short.0'])
    driver.report(task, { type: 'enumerator-snapshot', checkpointId: 1, state: Uint8Array.of(1) });
  driver.acknowledge(1, 'short.0');
  finish(driver, 'short.0', 10);
  driver.acknowledge(1, 'source.0');
  const stored = driver.effects.find(({ type }) => type === 'store-checkpoint');
  t.match(stored, { manifest: { vertices: [{}, { subtasks: [{ operators: {} }], ended: undefined }] } });
});

t.test('what was accumulated after the checkpoint is forgotten with the attempt', async (t) => {
  const restarted = (failoverStrategy: FailoverStrategy): JobMasterDriver => {
    const driver = new JobMasterDriver(graphOf(2), { strategy: new ScriptedStrategy(0), failoverStrategy });
    driver.run();
    finish(driver, 'short.0', 10);
    checkpointOf(driver, 'source.0', 'short.1');
    finish(driver, 'short.1', 90);
    t.equal(rowsOf(driver), 100);
    driver.fail('source.0');
    driver.gone();
    t.equal(driver.attempt, 2);
    return driver;
  };
  t.equal(rowsOf(restarted('full')), 10, 'it runs again from its state');
  t.equal(rowsOf(restarted('region')), 100, 'it has not gone back: nothing joins it with what failed');
});

t.test('and so it is with the region that goes back', async (t) => {
  const lanes = modelGraph(
    { name: 'short', parallelism: 2 },
    { name: 'sink', parallelism: 2, inputs: [0], partitioner: 'forward' },
  );
  const driver = new JobMasterDriver(lanes);
  driver.run();
  for (const task of ['short.0', 'short.1']) finish(driver, task, 10);
  t.equal(rowsOf(driver), 20);
  driver.fail('sink.1');
  driver.gone();
  t.equal(driver.attemptOf('sink.0'), 1);
  t.equal(rowsOf(driver), 10);
});

t.test('one name for two kinds fails the task that is the second to say it', async (t) => {
  const driver = new JobMasterDriver(graphOf(2));
  driver.run();
  finish(driver, 'short.0', 10);
  const rows: AccumulatorValue = { kind: 'list', values: [] };
  driver.report('short.1', { type: 'finished', accumulators: { 'short-uid': { rows } } });
  t.match(driver.master.view.status().lastFailure?.rootCause, {
    code: 'MR1001',
    what: /two kinds: sum and list/,
  });
  t.equal(rowsOf(driver), 10);
});

t.test('operators may share a name: it is one sum', async (t) => {
  const totals = new AccumulatorTotals({ a: { rows: sum(1) }, b: { rows: sum(2) } });
  totals.record({ vertexId: 0, subtask: 0 }, { a: { rows: sum(4) }, b: { rows: sum(8) } });
  totals.record({ vertexId: 0, subtask: 1 });
  t.strictSame(totals.results, { rows: 15 });
  t.strictSame(
    totals.ofEnded(() => true),
    { a: { rows: sum(5) }, b: { rows: sum(10) } },
  );
  t.strictSame(
    totals.ofEnded(() => false),
    { a: { rows: sum(1) }, b: { rows: sum(2) } },
  );
});

t.test('a name may be one that every object has something by', async (t) => {
  const totals = new AccumulatorTotals({ constructor: { toString: sum(1) } } as never);
  totals.record({ vertexId: 0, subtask: 0 }, {
    constructor: { toString: sum(4) },
    valueOf: { rows: sum(2) },
  } as never);
  t.strictSame({ ...totals.results }, { toString: 5, rows: 2 });
  t.strictSame(
    Object.entries(totals.ofEnded(() => true)),
    Object.entries({ constructor: { toString: sum(5) }, valueOf: { rows: sum(2) } }),
  );
});
