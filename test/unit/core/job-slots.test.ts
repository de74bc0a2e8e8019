import t from 'tap';
import type { JobGraph } from '../../../core/graph/job-graph.js';
import type { JobEffect } from '../../../core/job/job-protocol.js';
import { SlotClaim } from '../../../core/job/slot-claim.js';
import { type GrantedSlot, slotCount, slotKey } from '../../../core/job/slot-sharing.js';
import { modelGraph } from '../../model-graph.js';
import { type DriverOptions, JobMasterDriver, ScriptedStrategy } from './job-master-driver.js';

function graphOf(parallelism: number): JobGraph {
  const graph = modelGraph({ name: 'source', parallelism: 1 }, { name: 'sink', parallelism, inputs: [0] });
  return { ...graph, fingerprint: `with ${parallelism} sinks` };
}

function driverOf(graph: JobGraph, options: DriverOptions = {}): JobMasterDriver {
  return new JobMasterDriver(graph, { slots: { requestTimeoutMs: 300_000, mode: 'NONE' }, ...options });
}

function grant(driver: JobMasterDriver, ...ids: readonly string[]): void {
  const slots: GrantedSlot[] = ids.map((taskManagerId, index) => ({
    taskManagerId,
    index,
    group: 'default',
  }));
  driver.handle({ type: 'slots-granted', declaration: driver.declaration, slots });
}

/** By TaskManager, those of the ones that go with a `!`; each has its slots from 0 on. */
function slotsOf(...ids: readonly string[]): GrantedSlot[] {
  return ids.map((id, i) => {
    const taskManagerId = id.replace('!', '');
    const index = ids.slice(0, i).filter((other) => other === id).length;
    const slot = { taskManagerId, index, group: 'default' } as const;
    return id.endsWith('!') ? { ...slot, retiring: true } : slot;
  });
}

function grantSlots(driver: JobMasterDriver, slots: readonly GrantedSlot[]): void {
  driver.handle({ type: 'slots-granted', declaration: driver.declaration, slots });
}

/** What was declared last: how many, and what was given back. */
function declaredBy(effects: readonly JobEffect[]): string | undefined {
  return effects
    .flatMap((effect) =>
      effect.type === 'declare-slots'
        ? `${slotCount(effect.requirements)}, not ${effect.returned.map(slotKey).join(' ') || '-'}`
        : [],
    )
    .at(-1);
}

function statesOf(driver: JobMasterDriver): string[] {
  const { vertices } = driver.master.view.details();
  return vertices.flatMap(({ subtasks }) =>
    subtasks.map(({ state, taskManagerId }) => `${state} ${taskManagerId ?? '-'}`),
  );
}

t.test('a job declares what it needs, waits scheduled, and is deployed where its slots are', async (t) => {
  const driver = driverOf(graphOf(2));
  t.match(driver.effects[0], { type: 'declare-slots', requirements: [{ group: 'default', count: 2 }] });
  t.same(driver.done, ['declare-slots', 'slots-missing', 'arm slots-due in 300000']);
  t.equal(driver.status, 'RUNNING');
  t.same(statesOf(driver), ['SCHEDULED -', 'SCHEDULED -', 'SCHEDULED -']);
  grant(driver, 'a');
  t.same(driver.done, [], 'one is too few');
  grant(driver, 'a', 'b');
  t.same(driver.done, ['launch 1']);
  t.same(statesOf(driver), ['DEPLOYING a', 'DEPLOYING a', 'DEPLOYING b']);
});

t.test('slots that do not come in time fail the attempt, and the restart strategy is asked', async (t) => {
  const driver = driverOf(graphOf(2), { strategy: new ScriptedStrategy(50) });
  grant(driver, 'a');
  driver.handle({ type: 'timer', timer: { name: 'slots-due', id: 1 } });
  t.equal(driver.status, 'RESTARTING');
  t.same(statesOf(driver), ['CANCELED -', 'CANCELED -', 'CANCELED -']);
  t.match(driver.master.view.failures()[0], {
    rootCause: { code: 'MR5014', why: 'The job needs 2 slots and has 1 after 300000 ms.' },
  });
  driver.handle({ type: 'timer', timer: { name: 'restart-due', id: 1 } });
  t.same(driver.done, ['slots-missing', 'arm slots-due in 300000'], 'it waits once more');
  driver.handle({ type: 'timer', timer: { name: 'slots-due', id: 1 } });
  t.same(driver.done, [], 'a timer of an older attempt says nothing');
  driver.handle({ type: 'timer', timer: { name: 'slots-due', id: 2 } });
  driver.handle({ type: 'result-stored' });
  t.match(driver.outcome, { status: 'FAILED', error: { code: 'MR5006', cause: { code: 'MR5014' } } });
});

t.test('an adaptive job that has waited in vain has failed, whatever its restart strategy', async (t) => {
  const strategy = new ScriptedStrategy(0, 0);
  const slots = { requestTimeoutMs: 1000, failsJob: true, mode: 'NONE' } as const;
  const driver = driverOf(graphOf(2), { strategy, slots });
  driver.handle({ type: 'timer', timer: { name: 'slots-due', id: 1 } });
  driver.handle({ type: 'result-stored' });
  t.match(driver.outcome, { status: 'FAILED', error: { code: 'MR5006', cause: { code: 'MR5014' } } });
  t.same(strategy.askedMs, []);
});

t.test('a job that waits for its slots can be cancelled', async (t) => {
  const driver = driverOf(graphOf(2));
  driver.handle({ type: 'cancel-requested' });
  driver.handle({ type: 'result-stored' });
  t.equal(driver.outcome?.status, 'CANCELED');
  t.same(statesOf(driver), ['CANCELED -', 'CANCELED -', 'CANCELED -']);
});

t.test('after the loss of slots the next attempt waits for others', async (t) => {
  const driver = driverOf(graphOf(2));
  grant(driver, 'a', 'b');
  driver.run();
  driver.complete(1);
  grant(driver, 'a');
  t.equal(driver.status, 'RUNNING', 'its tasks say that they have gone');
  driver.exit('sink.1', new Error('gone'));
  driver.gone();
  t.same(driver.done, ['slots-missing', 'arm slots-due in 300000']);
  grant(driver, 'a', 'c');
  t.match(driver.effects.at(-1), { type: 'launch', attempt: 2, restore: { checkpointId: 1 } });
  t.same(statesOf(driver), ['DEPLOYING a', 'DEPLOYING a', 'DEPLOYING c']);
});

t.test(
  'a rescale has its slots before anything is taken down, and gives back what it does not need',
  async (t) => {
    const driver = driverOf(graphOf(1));
    grant(driver, 'a');
    driver.run();
    driver.handle({ type: 'rescale-requested', requestId: 1, graph: graphOf(2) });
    t.match(driver.effects[0], { type: 'declare-slots', requirements: [{ count: 2 }] });
    t.same(driver.sent, [], 'nothing is begun');
    grant(driver, 'a', 'b');
    t.same(driver.sent, ['source.0 <- snapshot-enumerator']);
    driver.completePending(1);
    driver.gone();
    t.match(driver.effects.at(-1), { type: 'launch', attempt: 2 });
    driver.run();
    driver.handle({ type: 'rescale-requested', requestId: 2, graph: graphOf(1) });
    driver.completePending(2);
    driver.gone();
    t.match(
      driver.effects.find(({ type }) => type === 'declare-slots'),
      { requirements: [{ count: 1 }] },
    );
  },
);

t.test('what a rescale is promised stays its own while a region of the present attempt begins again', (t) => {
  const claim = new SlotClaim({ requestTimeoutMs: 1000, mode: 'NONE' });
  const declared = (work: (effects: JobEffect[]) => void): readonly number[] => {
    const effects: JobEffect[] = [];
    work(effects);
    return effects.flatMap((effect) =>
      effect.type === 'declare-slots' ? effect.requirements.map(({ count }) => count) : [],
    );
  };
  t.same(
    declared((effects) => claim.claim(1, graphOf(2), undefined, effects)),
    [2],
  );
  t.same(
    declared((effects) => claim.reserve(graphOf(4), effects)),
    [4],
  );
  t.same(
    declared((effects) => claim.claim(2, graphOf(2), undefined, effects)),
    [],
  );
  t.same(
    declared((effects) => claim.claim(3, graphOf(4), undefined, effects)),
    [],
  );
  t.same(
    declared((effects) => claim.claim(4, graphOf(2), undefined, effects)),
    [2],
    'it has been deployed',
  );
  t.end();
});

t.test(
  'the parallelism that a job has is one to change to while some of its tasks cannot stay',
  async (t) => {
    const driver = driverOf(graphOf(2));
    const askForSame = (requestId: number): void => {
      driver.handle({ type: 'rescale-requested', requestId, graph: graphOf(2) });
    };
    grantSlots(driver, slotsOf('a', 'b'));
    driver.run();
    askForSame(1);
    t.match(driver.effects, [{ type: 'rescale-settled', outcome: { completed: true, rescale: undefined } }]);
    grantSlots(driver, slotsOf('a!', 'b'));
    t.same(driver.effects, [], 'nobody has asked for anything');
    askForSame(2);
    t.equal(declaredBy(driver.effects), '3, not -', 'one beside those that it has');
    grantSlots(driver, slotsOf('a!', 'b', 'c'));
    t.same(driver.sent, ['source.0 <- snapshot-enumerator']);
    driver.completePending(1);
    t.same(driver.sent.slice(-3), ['source.0 <- cancel', 'sink.0 <- cancel', 'sink.1 <- cancel']);
    driver.gone();
    t.equal(declaredBy(driver.effects), '2, not a/0');
    t.match(driver.effects.at(-1), { type: 'launch', attempt: 2, restore: { checkpointId: 1 } });
    t.same(statesOf(driver), ['DEPLOYING b', 'DEPLOYING b', 'DEPLOYING c']);
    driver.run();
    t.match(
      driver.effects.find(({ type }) => type === 'rescale-settled'),
      { requestId: 2, outcome: { completed: true, rescale: { attempt: 2 } } },
    );
    t.equal(driver.master.view.status().restarts, 0);
  },
);

t.test('a region that begins again takes nothing from a rescale to the same parallelism', async (t) => {
  const claim = new SlotClaim({ requestTimeoutMs: 1000, mode: 'NONE' });
  const effects: JobEffect[] = [];
  const graph = graphOf(2);
  claim.claim(1, graph, undefined, effects);
  claim.onGranted({ declaration: 1, slots: slotsOf('a', 'b') }, effects);
  t.ok(claim.resume(1, graph, undefined, effects));
  claim.onGranted({ declaration: 1, slots: slotsOf('a!', 'b') }, effects);
  claim.reserve(graph, effects);
  t.equal(declaredBy(effects), '3, not -');
  claim.onGranted({ declaration: 2, slots: slotsOf('a!', 'b', 'c') }, effects);
  t.ok(claim.claim(2, graph, claim.placement, effects));
  t.equal(declaredBy(effects), '3, not -', 'it goes on where it is');
  t.ok(claim.has(graph), 'and may move');
  t.ok(claim.claim(3, graph, undefined, effects));
  t.equal(declaredBy(effects), '2, not a/0');
});

t.test('a job that shrinks because some of its slots go is given what it lacks beside them', async (t) => {
  const driver = driverOf(graphOf(4));
  grantSlots(driver, slotsOf('a', 'a', 'b', 'b'));
  driver.run();
  grantSlots(driver, slotsOf('a', 'a', 'b!', 'b!'));
  driver.handle({ type: 'rescale-requested', requestId: 1, graph: graphOf(3) });
  t.equal(declaredBy(driver.effects), '5, not -');
  grantSlots(driver, slotsOf('a', 'a', 'b!', 'b!', 'c'));
  driver.completePending(1);
  driver.gone();
  t.equal(declaredBy(driver.effects), '3, not b/0 b/1');
  t.match(driver.effects.at(-1), { type: 'launch', attempt: 2, graph: { fingerprint: 'with 3 sinks' } });
});

t.test(
  'what a rescale was to have is given back when it is given up, and nothing in which tasks run',
  async (t) => {
    const driver = driverOf(graphOf(1));
    grantSlots(driver, slotsOf('b'));
    driver.run();
    driver.handle({ type: 'rescale-requested', requestId: 1, graph: graphOf(2) });
    grantSlots(driver, slotsOf('a', 'b'));
    driver.handle({ type: 'rescale-requested', requestId: 2, graph: graphOf(1) });
    t.match(driver.effects[0], { type: 'declare-slots' });
    t.equal(declaredBy(driver.effects), '1, not a/0');
    t.match(driver.effects.at(-1), { type: 'rescale-settled', requestId: 2, outcome: { completed: true } });
  },
);

t.test('a job that waits holds nothing on a TaskManager that goes', async (t) => {
  const driver = driverOf(graphOf(2));
  grantSlots(driver, slotsOf('a'));
  grantSlots(driver, slotsOf('a!'));
  t.equal(declaredBy(driver.effects), '2, not a/0');
  t.equal(statesOf(driver)[0], 'SCHEDULED -');
});

t.test('what a job was told before it declared anew counts for nothing', async (t) => {
  const driver = driverOf(graphOf(1));
  grantSlots(driver, slotsOf('b'));
  driver.run();
  driver.handle({ type: 'rescale-requested', requestId: 1, graph: graphOf(2) });
  const { declaration } = driver;
  driver.handle({ type: 'rescale-requested', requestId: 2, graph: graphOf(1) });
  driver.handle({ type: 'slots-granted', declaration, slots: slotsOf('a', 'b') });
  t.same(driver.effects, [], 'the answer to the newest one is on its way');
  grantSlots(driver, slotsOf('a', 'b'));
  t.equal(declaredBy(driver.effects), '1, not a/0', 'what has come too late is given back');
});

t.test('a slot in which tasks run is taken away with its TaskManager only', async (t) => {
  const driver = driverOf(graphOf(2));
  grantSlots(driver, slotsOf('a', 'a'));
  driver.run();
  t.throws(() => grantSlots(driver, slotsOf('a')), { code: 'MR9001' });
});

t.test('a rescale that gets no slots is given up', async (t) => {
  const driver = driverOf(graphOf(1));
  grant(driver, 'a');
  driver.run();
  driver.handle({ type: 'rescale-requested', requestId: 1, graph: graphOf(2) });
  driver.handle({ type: 'timer', timer: { name: 'rescale-due', id: 1 } });
  t.match(
    driver.effects.find(({ type }) => type === 'rescale-settled'),
    {
      outcome: { completed: false, error: { code: 'MR5013' } },
    },
  );
  t.match(
    driver.effects.find(({ type }) => type === 'declare-slots'),
    { requirements: [{ count: 1 }] },
  );
  t.equal(driver.status, 'RUNNING');
});

t.test(
  'a job that waits for slots goes on with fewer as soon as it is told to, checkpoints or none',
  async (t) => {
    const driver = driverOf(graphOf(2), { checkpointing: 'off', strategy: new ScriptedStrategy() });
    grant(driver, 'a');
    driver.handle({ type: 'rescale-requested', requestId: 1, graph: graphOf(1) });
    t.match(driver.effects.at(-1), { type: 'launch', attempt: 2, graph: { fingerprint: 'with 1 sinks' } });
    t.equal(driver.master.view.status().restarts, 0, 'nothing has failed');
  },
);
