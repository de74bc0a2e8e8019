import t from 'tap';
import {
  type EventTimeCause,
  eventTimeCauses,
  eventTimeSummary,
} from '../../../actors/dashboard/model/event-time-causes.js';
import { stalledFindings, WatermarkWatch } from '../../../actors/dashboard/model/event-time-stall.js';
import type { ExplainedOperator, Explanation } from '../../../actors/dashboard/model/explanation.js';
import type { JobDetail } from '../../../actors/dashboard/model/flink-json.js';
import { JOB_ID, RecordedCluster } from '../../dashboard/recorded-cluster.js';
import { recordedExplanation } from '../../dashboard/recorded-troubles.js';

const AT_MS = 1_700_000_000_000;
const NONE = Number.MIN_SAFE_INTEGER;

function operator(over: Partial<ExplainedOperator>): ExplainedOperator {
  return {
    uid: 'source',
    name: 'Source: clicks',
    vertexId: 0,
    subtask: 0,
    parallelism: 1,
    watermark: AT_MS - 60_000,
    sinceMs: AT_MS - 60_000,
    idle: false,
    heldBackBy: [{ kind: 'records' }],
    ...over,
  };
}

function told(operators: readonly ExplainedOperator[]): {
  readonly causes: readonly EventTimeCause[];
  readonly summary: string;
} {
  const explanation: Explanation = { jobName: 'j', atMs: AT_MS, operators, silent: [] };
  const causes = eventTimeCauses(explanation);
  return { causes, summary: eventTimeSummary(explanation, causes) };
}

t.test('of two sources the silent one is what a window behind both waits for', async (t) => {
  const explanation = recordedExplanation(AT_MS - 600_000, AT_MS);
  const [first, second, ...rest] = eventTimeCauses(explanation);
  t.equal(first?.title, 'Source: rules');
  t.match(first?.text, /no watermark in the 10 min since it began. No record with a timestamp has come/);
  t.match(first?.advice, /whether its WatermarkStrategy gives watermarks.*withIdleness/);
  t.strictSame(first?.waiting, ['apply-rules', 'Sink: results'], 'through the chain and two channels');
  t.equal(second?.title, 'Source: flights (2 of 2 subtasks)', 'subtasks that stand alike are told once');
  t.equal(second?.moves, true);
  t.strictSame(rest, []);
  t.equal(
    eventTimeSummary(
      explanation,
      [first, second].filter((one) => one !== undefined),
    ),
    'Event time waits for Source: rules.',
  );
});

t.test('a source whose outputs are full is not taken for one that has nothing to read', async (t) => {
  const splits = [{ kind: 'split', splitId: 'part-3.csv', watermark: AT_MS - 90_000 }] as const;
  const operators = [operator({ name: 'Source: lines', heldBackBy: splits, vertexId: 0 })];
  const explanation: Explanation = { jobName: 'j', atMs: AT_MS, operators, silent: [] };
  const [cause] = eventTimeCauses(explanation, new Set([0]));
  t.equal(cause?.title, 'Source: lines');
  t.match(cause?.text, /reads no further, since its outputs are full/);
  t.notMatch(cause?.advice, 'withIdleness');
});

t.test('a split is named with where it stands', async (t) => {
  const splits = [{ kind: 'split', splitId: 'part-3.csv', watermark: AT_MS - 90_000 }] as const;
  const { causes } = told([operator({ heldBackBy: splits })]);
  t.equal(causes[0]?.title, 'Source: clicks, split part-3.csv');
  t.match(
    causes[0]?.text,
    /stands at 2023-11-14 22:12:20, for 1 min. The split part-3.csv is at 2023-11-14 22:11:50/,
  );
});

t.test('a source that is ahead of its alignment group says so', async (t) => {
  const { causes } = told([operator({ heldBackBy: [{ kind: 'alignment', group: 'g' }] })]);
  t.match(causes[0]?.text, /ahead of its alignment group/);
});

t.test('a watermark that waits behind records in a queue is laid to who does not read them', async (t) => {
  const channel = {
    kind: 'channel',
    name: 'Source: clicks',
    vertexId: 0,
    subtask: 0,
    parallelism: 1,
  } as const;
  const slow = {
    uid: 'slow',
    name: 'slow',
    vertexId: 1,
    parallelism: 2,
    watermark: NONE,
    heldBackBy: [channel],
  };
  const { causes, summary } = told([
    operator({ sinceMs: AT_MS - 2000 }),
    operator({ ...slow, subtask: 0 }),
    operator({ ...slow, subtask: 1 }),
  ]);
  t.equal(summary, 'Event time waits for slow (2 of 2 subtasks).');
  t.match(
    causes[0]?.text,
    /Its input Source: clicks is at 2023-11-14 22:12:20 already: .* slow has not read yet/,
  );
  t.equal(causes[1]?.moves, true);
  const justSaid = told([
    operator({ sinceMs: AT_MS - 10 }),
    operator({ ...slow, watermark: AT_MS - 70_000 }),
  ]);
  t.match(justSaid.summary, /goes on at every source/, 'it is on its way');
});

t.test('holders that lead in a circle, or nowhere, end', async (t) => {
  const behind = (vertexId: number) =>
    [{ kind: 'channel', name: 'x', vertexId, subtask: 0, parallelism: 1 }] as const;
  const { causes, summary } = told([
    operator({ uid: 'a', vertexId: 0, heldBackBy: behind(1) }),
    operator({ uid: 'b', vertexId: 1, heldBackBy: behind(0) }),
    operator({ uid: 'c', vertexId: 2, heldBackBy: behind(9) }),
  ]);
  t.strictSame(causes, []);
  t.equal(summary, 'Nothing holds event time back: every input is idle or has ended.');
});

t.test('the summary says when nothing runs, all has ended, or user code is busy', async (t) => {
  t.match(told([]).summary, /No task runs/);
  t.match(
    told([operator({ watermark: Number.MAX_SAFE_INTEGER, heldBackBy: [] })]).summary,
    /every window has fired/,
  );
  t.match(told([operator({ sinceMs: AT_MS - 100 })]).summary, /goes on at every source/);
  const busy: Explanation = { jobName: 'j', atMs: AT_MS, operators: [], silent: ['map (1/2)'] };
  t.match(eventTimeSummary(busy, []), /1 task gave no answer in time.*map \(1\/2\)/);
  t.match(
    told([operator({ watermark: NONE }), operator({ uid: 'other', name: 'Source: other' })]).summary,
    /2 things hold event time back. Furthest behind: Source: clicks/,
  );
});

t.test('an operator without a watermark, or with one that stands, is pointed at', async (t) => {
  const job = new RecordedCluster(0, 60_000, 'RUNNING').answer(`/jobs/${JOB_ID}`) as JobDetail;
  const [source] = job.vertices;
  const watch = new WatermarkWatch();
  const findings = (watermark: number, nowMs: number) => {
    watch.look(new Map([[source?.id ?? '', watermark]]), nowMs);
    return stalledFindings({ ...job, now: nowMs }, watch);
  };
  t.match(findings(NONE, 60_000)[0]?.title, /No watermark at Source: flights/);
  t.strictSame(findings(AT_MS, 61_000), [], 'it has just come');
  t.strictSame(findings(AT_MS, 70_000), []);
  t.match(findings(AT_MS, 72_000)[0]?.text, /has stood at 2023-11-14 22:13:20 for 11 s at least/);
  t.strictSame(findings(AT_MS + 1, 73_000), [], 'it goes on');
  t.strictSame(findings(Number.MAX_SAFE_INTEGER, 99_000), [], 'the end is no stall');
  t.strictSame(stalledFindings({ ...job, state: 'RESTARTING' }, watch), []);
});

t.test('of operators that stand, those are pointed at that nothing before them holds back', async (t) => {
  const job = new RecordedCluster(0, 60_000, 'RUNNING').answer(`/jobs/${JOB_ID}`) as JobDetail;
  const watch = new WatermarkWatch();
  const [flights, rules, slow, joined, sink] = job.vertices.map(({ id }) => id);
  const look = (of: readonly (readonly [string | undefined, number])[]) =>
    watch.look(new Map(of.map(([id, watermark]) => [id ?? '', watermark])), 0);
  look([
    [flights, AT_MS],
    [rules, NONE],
    [slow, AT_MS - 1],
    [joined, NONE],
    [sink, NONE],
  ]);
  t.strictSame(
    stalledFindings(job, watch).map(({ title }) => title),
    [
      'Event time stands still at Source: flights -> parse',
      'No watermark at Source: rules',
      'Event time stands still at mean-delay',
    ],
    'mean-delay is behind its input, and the others wait for the rules',
  );
});
