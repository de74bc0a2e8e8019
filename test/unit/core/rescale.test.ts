import t from 'tap';
import type { JobGraph } from '../../../core/graph/job-graph.js';
import type { RescaleOutcome } from '../../../core/job/rescale-record.js';
import {
  checkRequirements,
  type ResourceRequirements,
  uniformRequirements,
} from '../../../core/job/rescale-requirements.js';
import { modelGraph } from '../../model-graph.js';
import { refused } from '../../refused.js';
import { JobMasterDriver, ScriptedStrategy } from './job-master-driver.js';

/** One job with so many sinks. */
function graphOf(sinks: number): JobGraph {
  const graph = modelGraph(
    { name: 'source', parallelism: 1 },
    { name: 'sink', parallelism: sinks, inputs: [0] },
  );
  return { ...graph, fingerprint: `with ${sinks} sinks` };
}

function rescale(driver: JobMasterDriver, requestId: number, graph: JobGraph): void {
  driver.handle({ type: 'rescale-requested', requestId, graph });
}

/** What the last event settled, by request. */
function settled(driver: JobMasterDriver): Record<number, RescaleOutcome> {
  return Object.fromEntries(
    driver.effects.flatMap((effect) =>
      effect.type === 'rescale-settled' ? [[effect.requestId, effect.outcome]] : [],
    ),
  );
}

t.test('a rescale asks for a checkpoint, and goes on with it in an attempt of the new shape', async (t) => {
  const driver = new JobMasterDriver(graphOf(1), { strategy: new ScriptedStrategy() });
  driver.run();
  driver.nowMs = 1000;
  rescale(driver, 7, graphOf(2));
  t.same(driver.sent, ['source.0 <- snapshot-enumerator'], 'the interval is not waited for');
  t.equal(driver.status, 'RUNNING');
  driver.nowMs = 1010;
  driver.completePending(1);
  t.equal(driver.status, 'RESTARTING');
  t.ok(driver.sent.includes('sink.0 <- checkpoint-completed'), 'what it holds is committed');
  t.ok(driver.sent.includes('sink.0 <- cancel'));
  driver.gone();
  t.match(driver.effects.at(-1), {
    type: 'launch',
    attempt: 2,
    graph: { fingerprint: 'with 2 sinks' },
    restore: { checkpointId: 1, subtasks: { 1: { length: 2 } } },
  });
  driver.nowMs = 1100;
  driver.run();
  t.match(settled(driver)[7], {
    completed: true,
    rescale: {
      attempt: 2,
      requestedMs: 1_001_000,
      takenDownMs: 1_001_010,
      runningMs: 1_001_100,
      downMs: 90,
      restoredCheckpointId: 1,
      vertices: [
        { former: 1, present: 1 },
        { former: 1, present: 2 },
      ],
    },
  });
  t.match(driver.master.view.status(), { restarts: 0, rescales: 1, tasks: 3, lastFailure: undefined });
});

t.test('a checkpoint that is under way lets it go on as well', async (t) => {
  const driver = new JobMasterDriver(graphOf(1));
  driver.run();
  driver.handle({ type: 'timer', timer: { name: 'checkpoint-due', id: 1 } });
  rescale(driver, 1, graphOf(3));
  t.same(driver.sent, []);
  driver.completePending(1);
  t.equal(driver.status, 'RESTARTING');
});

t.test('the newest of several wishes counts', async (t) => {
  const driver = new JobMasterDriver(graphOf(1));
  driver.run();
  rescale(driver, 1, graphOf(2));
  rescale(driver, 2, graphOf(3));
  t.match(settled(driver), { 1: { completed: false, error: { code: 'MR5013' } } });
  driver.completePending(1);
  rescale(driver, 3, graphOf(4));
  t.match(settled(driver), { 2: { completed: false } }, 'while the attempt goes down, too');
  driver.gone();
  driver.run();
  t.match(settled(driver), { 3: { completed: true } });
  t.equal(driver.graph.vertices[1]?.parallelism, 4);
});

t.test('who asked for what was deployed and never ran is told when it is overtaken', async (t) => {
  const driver = new JobMasterDriver(graphOf(1), { strategy: new ScriptedStrategy(0, 0, 0) });
  driver.run();
  rescale(driver, 1, graphOf(2));
  driver.completePending(1);
  driver.gone();
  t.equal(driver.graph.vertices[1]?.parallelism, 2);
  rescale(driver, 2, graphOf(3));
  driver.fail('sink.0');
  driver.gone();
  t.match(settled(driver), { 1: { completed: false, error: { code: 'MR5013' } } });
  driver.run();
  t.match(settled(driver), {
    2: { completed: true, rescale: { attempt: 3, vertices: [{ former: 1 }, { former: 1, present: 3 }] } },
  });
});

t.test('an attempt of the new shape that fails before it runs is followed by another of it', async (t) => {
  const driver = new JobMasterDriver(graphOf(1), { strategy: new ScriptedStrategy(0, 0, 0) });
  driver.run();
  rescale(driver, 1, graphOf(2));
  driver.completePending(1);
  driver.gone();
  driver.fail('sink.0');
  driver.gone();
  driver.run();
  t.match(settled(driver), { 1: { completed: true, rescale: { attempt: 3, restoredCheckpointId: 1 } } });
});

t.test('a job that has the parallelism stays as it is', async (t) => {
  const driver = new JobMasterDriver(graphOf(2));
  driver.run();
  rescale(driver, 1, graphOf(2));
  t.same(settled(driver), { 1: { completed: true, rescale: undefined } });
  t.equal(driver.status, 'RUNNING');
});

t.test(
  'without a checkpoint it goes on after so many failures, or so long, with what there is',
  async (t) => {
    const failing = new JobMasterDriver(graphOf(1), { checkpointing: { tolerableFailedCheckpoints: 9 } });
    failing.run();
    failing.complete(1);
    rescale(failing, 1, graphOf(2));
    for (const checkpointId of [2, 3]) {
      t.equal(failing.status, 'RUNNING');
      failing.handle({ type: 'timer', timer: { name: 'checkpoint-timeout', id: checkpointId } });
    }
    t.equal(failing.status, 'RESTARTING');
    failing.gone();
    t.match(failing.effects.at(-1), { type: 'launch', restore: { checkpointId: 1 } });
    const slow = new JobMasterDriver(graphOf(1));
    slow.run();
    rescale(slow, 5, graphOf(2));
    slow.handle({ type: 'timer', timer: { name: 'rescale-due', id: 5 } });
    t.equal(slow.status, 'RESTARTING');
  },
);

t.test('an attempt that fails meanwhile is followed by one of the new shape, and counted', async (t) => {
  const driver = new JobMasterDriver(graphOf(1), { strategy: new ScriptedStrategy(0) });
  driver.run();
  rescale(driver, 1, graphOf(2));
  driver.fail('sink.0');
  driver.gone();
  driver.run();
  t.match(settled(driver), { 1: { completed: true, rescale: { attempt: 2 } } });
  t.match(driver.master.view.status(), { restarts: 1, rescales: 1 });
});

t.test('tasks that fail while they are taken down are no failure of the job', async (t) => {
  const driver = new JobMasterDriver(graphOf(1), { strategy: new ScriptedStrategy() });
  driver.run();
  rescale(driver, 1, graphOf(2));
  driver.completePending(1);
  driver.fail('sink.0');
  driver.gone();
  driver.run();
  t.match(settled(driver), { 1: { completed: true } });
  t.equal(driver.master.view.status().lastFailure, undefined);
});

t.test('a job that ends before tells who asked', async (t) => {
  const driver = new JobMasterDriver(graphOf(1));
  driver.run();
  rescale(driver, 1, graphOf(2));
  driver.handle({ type: 'cancel-requested' });
  driver.gone();
  driver.handle({ type: 'result-stored' });
  t.match(settled(driver), { 1: { completed: false, error: { code: 'MR5013' } } });
  const unsafe = new JobMasterDriver(graphOf(1), { checkpointing: 'off' });
  unsafe.run();
  rescale(unsafe, 1, graphOf(2));
  t.match(settled(unsafe), { 1: { completed: false } }, 'without checkpoints it would begin anew');
});

t.test('a checkpoint that cannot be dealt out so refuses it, and nothing is taken down', async (t) => {
  const driver = new JobMasterDriver(graphOf(1));
  driver.run();
  const other = graphOf(2);
  const renamed = other.vertices.map((vertex) =>
    vertex.id === 1
      ? { ...vertex, uid: 'x', operators: vertex.operators.map((operator) => ({ ...operator, uid: 'x' })) }
      : vertex,
  );
  rescale(driver, 1, { ...other, vertices: renamed });
  driver.completePending(1);
  t.match(settled(driver), { 1: { completed: false, error: { code: 'MR2101' } } });
  t.equal(driver.status, 'RUNNING');
});

t.test('requirements are within the bounds of each vertex', async (t) => {
  const graph = graphOf(2);
  const check = (requirements: ResourceRequirements) => () => checkRequirements(graph, requirements);
  check({ 1: { lowerBound: 1, upperBound: 128 } })();
  for (const [lowerBound, upperBound] of [
    [0, 1],
    [3, 2],
    [1, 129],
    [1.5, 2],
  ] as const)
    t.match(refused(check({ 1: { lowerBound, upperBound } })), { code: 'MR5013', why: /sink/ });
  t.match(refused(check({ 2: { lowerBound: 1, upperBound: 1 } })), { why: /no vertex 2/ });
  const [source, sink] = graph.vertices;
  const named = { ...graph, vertices: [{ ...source, parallelismConfigured: true }, sink] } as JobGraph;
  t.same(uniformRequirements(named, 5), { 1: { lowerBound: 5, upperBound: 5 } });
});
