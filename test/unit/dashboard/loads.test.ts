import t from 'tap';
import { bottleneckFinding } from '../../../actors/dashboard/model/bottleneck.js';
import type { JobDetail, SubtaskInfo } from '../../../actors/dashboard/model/flink-json.js';
import { LoadHistory } from '../../../actors/dashboard/model/load-history.js';
import { skewText } from '../../../actors/dashboard/model/subtask-skew.js';
import {
  backPressureLevel,
  loadLevel,
  subtaskLoad,
  vertexLoads,
} from '../../../actors/dashboard/model/vertex-load.js';
import { JOB_ID, RecordedCluster } from '../../dashboard/recorded-cluster.js';

const SLOW = 'c'.repeat(32);
const SOURCE = 'a'.repeat(32);

function jobAt(nowMs: number, state = 'RUNNING'): JobDetail {
  return new RecordedCluster(0, nowMs, state).answer(`/jobs/${JOB_ID}`) as JobDetail;
}

t.test('rates and shares are what changed between two looks', async (t) => {
  const load = vertexLoads(jobAt(10_000), jobAt(12_000)).get(SLOW);
  t.equal(load?.recordsIn, 42_800, 'four subtasks of 10 700');
  t.equal(load?.busy, 0.97);
  t.equal(load?.backPressured, 0.01);
});

t.test('at the first look, and after a restart, nothing is known', async (t) => {
  t.equal(vertexLoads(undefined, jobAt(10_000)).get(SLOW)?.busy, undefined);
  const after = { ...jobAt(2000), now: 12_000 };
  t.equal(vertexLoads(jobAt(10_000), after).get(SLOW)?.recordsIn, undefined, 'the counters began again');
});

t.test('a task that is in the middle of a wait has told nothing of it', async (t) => {
  const before = jobAt(10_000);
  const load = vertexLoads(before, { ...before, now: 11_000 }).get(SOURCE);
  t.equal(load?.backPressured, undefined);
  t.equal(load?.recordsOut, 0);
});

t.test('what has ended is told over all its time', async (t) => {
  const load = vertexLoads(undefined, jobAt(10_000, 'CANCELED')).get(SOURCE);
  t.equal(load?.recordsOut, 42_800);
  t.equal(load?.backPressured, 0.86);
});

t.test('a subtask of another attempt is another subtask', async (t) => {
  const one = (attempt: number, records: number): SubtaskInfo => ({
    subtask: 0,
    status: 'RUNNING',
    attempt,
    'start-time': 0,
    'end-time': -1,
    duration: 0,
    metrics: { 'read-records': records },
  });
  t.equal(subtaskLoad(one(0, 10), one(0, 30), 1000).recordsIn, 20);
  t.equal(subtaskLoad(one(0, 10), one(1, 30), 1000).recordsIn, undefined);
});

t.test('the levels are those of Flink', async (t) => {
  t.strictSame([undefined, 0.1, 0.11, 0.5, 0.51].map(backPressureLevel), [
    'unknown',
    'ok',
    'low',
    'low',
    'high',
  ]);
  const loads = vertexLoads(jobAt(10_000), jobAt(11_000));
  const levels = [...loads.values()].map(loadLevel);
  t.strictSame(levels, ['back-pressured', 'calm', 'busy', 'calm', 'working', 'calm']);
});

t.test('the slow operator is the busy one behind the back-pressure', async (t) => {
  const job = jobAt(12_000);
  const finding = bottleneckFinding(job, vertexLoads(jobAt(10_000), job));
  t.equal(finding?.severity, 'bad');
  t.match(finding?.title, /mean-delay/);
  t.match(finding?.text, /busy 97 %.*Source: flights -> parse waits for it 86 %/);
  t.equal(bottleneckFinding(job, new Map()), undefined, 'nothing is said before anything is known');
});

t.test('skew is told of subtasks that took much more than their share', async (t) => {
  const taken = (...records: readonly number[]) =>
    records.map(
      (count, subtask) => ({ subtask, metrics: { 'read-records': count } }) as unknown as SubtaskInfo,
    );
  t.match(skewText(taken(100, 100, 9000, 100)), /subtask 2 has taken 97 %/);
  t.equal(skewText(taken(2000, 2100, 1900)), undefined);
  t.equal(skewText(taken(0, 9)), undefined, 'too few to tell');
  t.equal(skewText(taken(9000)), undefined, 'alone');
});

t.test('the history keeps looks in order, and each once', async (t) => {
  const history = new LoadHistory();
  for (const at of [1000, 2000, 2000, 1500, 3000]) history.add(jobAt(at));
  t.strictSame(
    history.samples.map(({ atMs }) => atMs),
    [1000, 2000, 3000],
  );
  for (let at = 4000; at < 1_000_000; at += 1000) history.add(jobAt(at));
  t.equal(history.samples.length, 600);
});
