import t from 'tap';
import {
  EMPTY_CLUSTER,
  isMillraceError,
  recordedJob,
  type SubmittedJob,
  taskManagersAtFirst,
  withJob,
  withResult,
} from '../../../core/internal.js';
import { ClusterLog, leaderOfCluster, MemoryObjectStore, surveyCluster } from '../../../storage/index.js';

const job = (jobId: string): SubmittedJob => ({
  jobId,
  key: 'delays',
  url: 'file:///jobs/delays.js',
  params: { input: 'in', ['__proto__']: 'kept as text' },
  layers: [{ origin: 'flag', values: { 'parallelism.default': 2 } }],
  name: 'nightly',
  start: 'new',
  fromSavepoint: '/savepoints/one',
  allowNonRestoredState: false,
});

async function claim(store: MemoryObjectStore, pid: number): Promise<ClusterLog> {
  const holder = { host: 'h', bootId: 'b', pid, processStartTime: '1' };
  const survey = await surveyCluster(store, () => 'unknown');
  const log = await ClusterLog.claim(store, survey, { clusterId: 'mill', holder, nowMs: 5 });
  if (log === undefined) throw new Error('somebody was faster');
  return log;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (isMillraceError(error)) return error.code;
    throw error;
  }
  return 'none';
}

t.test('the next leader knows the jobs, and what ended', async (t) => {
  const store = new MemoryObjectStore();
  const first = await claim(store, 1);
  t.same(first.state, EMPTY_CLUSTER);
  await first.change((state) => withJob(state, job('a')));
  await first.renew();
  await first.change((state) => withJob(state, job('b')));
  for (let i = 0; i < 3; i++) await first.renew();
  const second = await claim(store, 2);
  t.ok(second.epoch > first.epoch);
  t.same(second.state.jobs, [job('a'), job('b')]);
  const result = { jobId: 'a', key: 'delays', state: 'FINISHED', endedMs: 7, epoch: second.epoch } as const;
  await second.change((state) => withResult(state, { ...result, message: undefined }));
  await second.release();
  const survey = await surveyCluster(store, () => 'alive');
  t.equal(survey.leader, undefined, 'the lead was given back');
  const third = await claim(store, 3);
  t.same(third.state.jobs, [job('b')]);
  t.match(third.state.results, [result]);
});

t.test('a leader that was overtaken changes nothing', async (t) => {
  const store = new MemoryObjectStore();
  const zombie = await claim(store, 1);
  const next = await claim(store, 2);
  await next.change((state) => withJob(state, job('a')));
  t.equal(await codeOf(zombie.change((state) => withJob(state, job('b')))), 'MR8003');
  t.equal(await codeOf(zombie.renew()), 'MR8003');
  await zombie.release();
  t.same((await claim(store, 3)).state.jobs, [job('a')]);
});

t.test('of two that claim the same slot one leads', async (t) => {
  const store = new MemoryObjectStore();
  const survey = await surveyCluster(store, () => 'unknown');
  const holder = { host: 'h', bootId: 'b', pid: 1, processStartTime: '1' };
  const request = { clusterId: 'mill', holder, nowMs: 5 };
  const claims = [1, 2].map((pid) =>
    ClusterLog.claim(store, survey, { ...request, holder: { ...holder, pid } }),
  );
  const logs = await Promise.all(claims);
  t.equal(logs.filter((log) => log !== undefined).length, 1);
});

t.test('renewals do not pile up, and what they are based on stays', async (t) => {
  const store = new MemoryObjectStore();
  const log = await claim(store, 1);
  await log.change((state) => withJob(state, job('a')));
  for (let i = 0; i < 200; i++) await log.renew();
  t.ok((await store.list('log/')).length < 80, `${(await store.list('log/')).length} slots`);
  t.same((await claim(store, 2)).state.jobs, [job('a')]);
});

t.test('nor do those of leaders that live only for a while', async (t) => {
  const store = new MemoryObjectStore();
  for (let pid = 1; pid <= 20; pid++) {
    const log = await claim(store, pid);
    if (pid === 1) await log.change((state) => withJob(state, job('a')));
    for (let i = 0; i < 20; i++) await log.renew();
    const { length } = await store.list('log/');
    t.ok(length < 60, `${length} slots`);
  }
  t.same((await claim(store, 99)).state.jobs, [job('a')]);
});

t.test('secrets are written down only where another process needs them to start the job', async (t) => {
  const submitted = {
    ...job('a'),
    params: { input: 'in', 'db-password': 'canary' },
    layers: [{ origin: 'environment' as const, values: { 'rest.token': 'canary', 'rest.port': 1 } }],
  };
  t.notMatch(JSON.stringify(recordedJob(submitted, false)), 'canary');
  const kept = recordedJob(submitted, true);
  t.same(kept.params, submitted.params, 'a parameter of a job that is started by it');
  t.same(kept.layers, [{ origin: 'environment', values: { 'rest.port': 1 } }], 'never an option');
});

t.test('where a leader serves REST is seen until another one leads, or none', async (t) => {
  const store = new MemoryObjectStore();
  t.equal(await leaderOfCluster(store), undefined);
  const first = await claim(store, 1);
  t.match(await leaderOfCluster(store), { holder: { pid: 1 }, restUrl: undefined });
  await first.change((state) => ({ ...state, restUrl: 'http://mill:8081' }));
  await first.change((state) => withJob(state, job('a')));
  const ended = {
    jobId: 'a',
    key: 'a',
    state: 'FINISHED',
    endedMs: 7,
    epoch: 1,
    message: undefined,
  } as const;
  await first.change((state) => withResult(state, ended));
  for (let i = 0; i < 40; i++) await first.renew();
  t.match(await leaderOfCluster(store), { holder: { pid: 1 }, restUrl: 'http://mill:8081' });
  const second = await claim(store, 2);
  t.match(await leaderOfCluster(store), { holder: { pid: 2 }, restUrl: undefined });
  await second.release();
  t.equal(await leaderOfCluster(store), undefined);
});

t.test('the next leader has as many TaskManagers as there were, where it is configured alike', async (t) => {
  const store = new MemoryObjectStore();
  const first = await claim(store, 1);
  t.equal(taskManagersAtFirst(first.state, 2), 2, 'nobody has changed anything');
  await first.change((state) => ({ ...state, taskManagers: { configured: 2, present: 3 } }));
  const second = await claim(store, 2);
  t.equal(taskManagersAtFirst(second.state, 2), 3);
  t.equal(taskManagersAtFirst(second.state, 4), 4);
  await second.change((state) => ({ ...state, taskManagers: { configured: 2, present: 0 } }));
  t.equal(taskManagersAtFirst((await claim(store, 3)).state, 2), 1, 'without any no job could run');
});

t.test('a cluster whose jobs cannot be read does not begin without them', async (t) => {
  const store = new MemoryObjectStore();
  const log = await claim(store, 1);
  await log.change((state) => withJob(state, job('a')));
  await log.renew();
  const slots = await store.list('log/');
  await store.delete(slots.slice(0, -1));
  t.equal(await codeOf(claim(store, 2)), 'MR3005');
});
