import t from 'tap';
import {
  type EventTimeCause,
  eventTimeCauses,
  eventTimeSummary,
} from '../../../actors/dashboard/model/event-time-causes.js';
import { stalledFinding, WatermarkWatch } from '../../../actors/dashboard/model/event-time-stall.js';
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
  t.match(first?.advice, /withIdleness/);
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
  const finding = (watermark: number, nowMs: number) => {
    watch.look(new Map([[source?.id ?? '', watermark]]), nowMs);
    return stalledFinding({ ...job, now: nowMs }, watch);
  };
  t.match(finding(NONE, 60_000)?.title, /No watermark at Source: flights/);
  t.equal(finding(AT_MS, 61_000), undefined, 'it has just come');
  t.equal(finding(AT_MS, 70_000), undefined);
  t.match(finding(AT_MS, 72_000)?.text, /has stood at 2023-11-14 22:13:20 for 11 s at least/);
  t.equal(finding(AT_MS + 1, 73_000), undefined, 'it goes on');
  t.equal(finding(Number.MAX_SAFE_INTEGER, 99_000), undefined, 'the end is no stall');
  t.equal(stalledFinding({ ...job, state: 'RESTARTING' }, watch), undefined);
});
