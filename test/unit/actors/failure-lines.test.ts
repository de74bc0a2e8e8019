import t from 'tap';
import { FailureLines } from '../../../actors/cli/failure-lines.js';
import { type JobFailure, MillraceError, toWireError } from '../../../core/internal.js';

function failure(attempt: number): JobFailure {
  const rootCause = new MillraceError('MR5001', `User code threw ${attempt}`, {
    where: { at: 'job.js:3:7' },
  });
  return {
    attempt,
    failedMs: 0,
    rootCause: toWireError(rootCause),
    concurrent: [],
    taskName: 'source (1/1)',
    taskManagerId: undefined,
    labels: {},
    restartedTasks: [],
    restoredCheckpointId: undefined,
    recoveryMs: undefined,
  };
}

t.test('each failure from which a job restarts is told once, with the line of user code', (t) => {
  const told: string[] = [];
  const lines = new FailureLines((text) => told.push(text));
  lines.tell([failure(1)]);
  lines.tell([failure(1)]);
  lines.tell([failure(1), failure(2), failure(4)]);
  t.same(
    told,
    [1, 2, 4].map(
      (n) => `warning: Attempt ${n} failed; the job restarts. MR5001 User code threw ${n} [job.js:3:7]\n`,
    ),
  );
  t.end();
});
