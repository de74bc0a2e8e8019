import t from 'tap';
import {
  checkpointStory,
  failedCheckpointFinding,
  lateSubtask,
  lateText,
  spansOf,
} from '../../../actors/dashboard/model/checkpoint-story.js';
import { failureFinding, headline } from '../../../actors/dashboard/model/failure-story.js';
import type { JobDetail, SubtaskCheckpoint } from '../../../actors/dashboard/model/flink-json.js';
import {
  checkpointStatistics,
  checkpointSubtasks,
  FAILED_ID,
  failedCheckpoint,
} from '../../dashboard/recorded-checkpoints.js';
import { JOB_ID, RecordedCluster } from '../../dashboard/recorded-cluster.js';
import { PACES } from '../../dashboard/recorded-paces.js';
import { recordedExceptions } from '../../dashboard/recorded-troubles.js';

const NOW = 1_700_000_000_000;
const job = new RecordedCluster(NOW - 60_000, NOW, 'RUNNING').answer(`/jobs/${JOB_ID}`) as JobDetail;
const { latest } = checkpointStatistics(NOW);

t.test('why a checkpoint failed is told with who had not answered', async (t) => {
  const finding = failedCheckpointFinding(
    job,
    { failed: failedCheckpoint(NOW), completed: latest.completed, slowest: undefined },
    NOW,
  );
  t.equal(finding?.title, 'Checkpoint 42 failed 5 s ago');
  t.match(
    finding?.text,
    /Failed after 1 min: Checkpoint expired before completing\. 10 of 11 subtasks had acknowledged\./,
  );
  t.match(finding?.text, /Not heard from: mean-delay \(1 subtask\)\. The last one that completed is 41/);
});

t.test('of one that expired it is told what its barriers wait for', async (t) => {
  const facts = { failed: failedCheckpoint(NOW), completed: latest.completed, slowest: 'parse' };
  t.match(
    failedCheckpointFinding(job, facts, NOW)?.text,
    /those wait for parse: make it faster, .*unaligned/,
  );
  const declined = { ...facts, failed: { ...facts.failed, failure_message: 'The disk is full.' } };
  t.notMatch(failedCheckpointFinding(job, declined, NOW)?.text, 'parse');
});

t.test('a failure that a later checkpoint has made good is not told', async (t) => {
  const later = { ...failedCheckpoint(NOW), id: FAILED_ID + 1, status: 'COMPLETED' };
  t.equal(
    failedCheckpointFinding(
      job,
      { failed: failedCheckpoint(NOW), completed: later, slowest: undefined },
      NOW,
    ),
    undefined,
  );
  t.equal(
    failedCheckpointFinding(job, { failed: undefined, completed: null, slowest: undefined }, NOW),
    undefined,
  );
  t.match(
    failedCheckpointFinding(job, { failed: failedCheckpoint(NOW), completed: null, slowest: undefined }, NOW)
      ?.text,
    /No checkpoint has completed yet/,
  );
});

t.test('each state of a checkpoint has its sentence', async (t) => {
  const completed = latest.completed ?? failedCheckpoint(NOW);
  t.match(checkpointStory(completed), /^Completed in 1\.22 s; 3\.07 MiB written\.$/);
  t.match(checkpointStory({ ...completed, status: 'IN_PROGRESS' }), /In progress for .*11 of 11 subtasks/);
  t.match(checkpointStory({ ...failedCheckpoint(NOW), failure_message: null }), /no reason was given\./);
});

t.test('the timeline of a subtask is start delay, alignment, sync, async, end to end', async (t) => {
  const [subtask] = checkpointSubtasks(41, { name: 'mean-delay', parallelism: 1 }, NOW).subtasks;
  t.strictSame(subtask && spansOf(subtask), [
    { kind: 'start-delay', fromMs: 0, toMs: 140 },
    { kind: 'alignment', fromMs: 140, toMs: 175 },
    { kind: 'sync', fromMs: 175, toMs: 179 },
    { kind: 'async', fromMs: 179, toMs: 299 },
  ]);
  t.strictSame(spansOf({ index: 0, status: 'pending_or_failed' }), []);
});

t.test('the late subtask is one that never came, else one well behind the middle', async (t) => {
  const of = (id: number): readonly SubtaskCheckpoint[] =>
    PACES.flatMap((pace) => checkpointSubtasks(id, pace, NOW).subtasks);
  const missing = lateSubtask(of(FAILED_ID));
  t.equal(missing?.index, 2);
  t.equal(missing && lateText(missing, 'mean-delay'), 'mean-delay, subtask 2 has not acknowledged.');
  const last = lateSubtask(of(41));
  t.equal(last?.end_to_end_duration, 651);
  t.match(last && lateText(last, 'mean-delay'), /came last\. 480 ms of it: the barrier was on its way/);
  const even = (index: number): SubtaskCheckpoint => ({
    index,
    status: 'completed',
    end_to_end_duration: 100 + index,
  });
  t.equal(lateSubtask([even(0), even(1), even(2)]), undefined);
  t.equal(lateSubtask([even(0)]), undefined, 'alone');
});

t.test('a failure is told by its first line, while it is news or the job is down', async (t) => {
  const { entries } = recordedExceptions(NOW).exceptionHistory;
  const finding = failureFinding(job, entries, NOW);
  t.equal(finding?.title, 'Restarted after a failure 5 min ago');
  t.match(finding?.text, /^MR5001 A user function threw: .* in mean-delay \(3\/4\)/);
  t.equal(failureFinding(job, entries, NOW + 3_600_000), undefined, 'it is history');
  t.equal(failureFinding({ ...job, state: 'FAILED' }, entries, NOW + 3_600_000)?.severity, 'bad');
  t.equal(failureFinding(job, [], NOW), undefined);
  t.equal(headline({ stacktrace: ' \n', exceptionName: 'MR9001' }), 'MR9001');
});
