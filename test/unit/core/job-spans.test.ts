import t from 'tap';
import type { CheckpointHistory, CheckpointRecord } from '../../../core/checkpoint/checkpoint-history.js';
import type { JobDetails } from '../../../core/job/job-details.js';
import { JobSpans } from '../../../core/metrics/job-spans.js';

function detailsOf(runningMs: number, attempt = 1): JobDetails {
  const timestamps = (running: number) => ({ DEPLOYING: 100, INITIALIZING: 160, RUNNING: running });
  const subtasks = [timestamps(200), timestamps(runningMs)].map((each) => ({ attempt, timestamps: each }));
  return { jobId: 'j', jobName: 'job', attempt, vertices: [{ subtasks }] } as unknown as JobDetails;
}

function recordOf(checkpointId: number, more: Partial<CheckpointRecord> = {}): CheckpointRecord {
  const sizes = { checkpointedBytes: 10, stateBytes: 20 };
  const ended = { status: 'COMPLETED', type: 'CHECKPOINT', triggerMs: 1000 * checkpointId, durationMs: 5 };
  return { checkpointId, ...sizes, ...ended, ...more } as CheckpointRecord;
}

/** Newest first, as histories are. */
function historyOf(...records: CheckpointRecord[]): CheckpointHistory {
  const restored = { checkpointId: 1, restoredMs: 90, isSavepoint: false, externalPath: undefined };
  return { history: records, latestCompleted: records[0], restored } as unknown as CheckpointHistory;
}

t.test('an attempt is told of once all its tasks run, with what it began from', (t) => {
  const spans = new JobSpans();
  t.strictSame(spans.collect(detailsOf(0), undefined), []);
  const [span, ...others] = spans.collect(detailsOf(250), undefined);
  t.strictSame(others, []);
  t.match(span, { name: 'JobInitialization', startMs: 100, endMs: 250 });
  t.match(span?.attributes, { MaxInitializeStateDurationMs: 90, SumInitializeStateDurationMs: 130 });
  t.match(span?.attributes, { MaxMailboxStartDurationMs: 60, SumMailboxStartDurationMs: 120, attempt: 1 });
  t.strictSame(spans.collect(detailsOf(250), undefined), []);
  const next = spans.collect(detailsOf(250, 2), historyOf(recordOf(1)));
  t.match(next[0]?.attributes, { attempt: 2, checkpointId: 1, fullSize: 20 });
  t.end();
});

t.test('a checkpoint is told of once it has ended, and once', (t) => {
  const spans = new JobSpans();
  spans.collect(detailsOf(250), undefined);
  const underWay = recordOf(3, { status: 'IN_PROGRESS' });
  const first = spans.collect(detailsOf(250), historyOf(underWay, recordOf(2), recordOf(1)));
  t.strictSame(
    first.map(({ name, startMs, endMs }) => [name, startMs, endMs]),
    [
      ['Checkpoint', 1000, 1005],
      ['Checkpoint', 2000, 2005],
    ],
  );
  t.match(first[0]?.attributes, { checkpointId: 1, checkpointedSize: 10, fullSize: 20, isUnaligned: false });
  const failure = { failedMs: 3100, message: 'It took too long.' };
  const failed = recordOf(3, { status: 'FAILED', failure });
  const second = spans.collect(detailsOf(250), historyOf(failed, recordOf(2)));
  t.equal(second.length, 1);
  t.match(second[0], {
    endMs: 3100,
    attributes: { checkpointStatus: 'FAILED', failureMessage: failure.message },
  });
  t.strictSame(spans.collect(detailsOf(250), historyOf(failed, recordOf(2))), []);
  t.end();
});
