import t from 'tap';
import { ElementKind, MillraceError, type RestartStrategyConfig, Watermark } from '../../core/internal.js';
import { flowOf, type MakeChecker, says } from './checker-story.js';
import { AlignmentChecker } from './checkers/alignment-checker.js';
import { AnswerChecker } from './checkers/answer-checker.js';
import { RestartChecker } from './checkers/restart-checker.js';
import { SplitChecker } from './checkers/split-checker.js';
import { TaskBoard } from './checkers/task-board.js';
import { TaskChecker } from './checkers/task-checker.js';
import { acknowledgement, Master, trigger } from './master-story.js';
import { OUTPUT } from './observed-operators.js';
import type { WorldListeners } from './world-listener.js';

t.test('a task heeds an abort, and ends when nothing is left', async (t) => {
  const operation = { number: 1, kind: 'link', path: '/out/x', bytes: 0 } as const;
  const cases: [(listeners: WorldListeners) => void, RegExp | undefined][] = [
    [(told) => told.onTaskReported(4, acknowledgement(3)), undefined],
    [(told) => told.onTaskReported(4, acknowledgement(2)), /acknowledges checkpoint 2, and has read that 2/],
    [
      (told) => told.onEvent({ name: 'task.snapshot-taken', values: { task: 4, checkpointId: 1 } }),
      /takes a snapshot for checkpoint 1, and has read that 2/,
    ],
    [(told) => told.onTaskReported(4, { type: 'finished' }), /1 of those that send to it have not/],
    [(told) => told.onTaskDone(4, [{ ...operation, kind: 'create' }]), undefined],
    [(told) => told.onTaskClosing(4, [operation]), /comes to its end, and still has the disk link/],
    [(told) => told.onTaskDone(4, [operation]), /still has the disk link \/out\/x/],
    [
      (told) => {
        told.onElementRead(flowOf(7), ElementKind.END_OF_PARTITION, 0);
        told.onTaskReported(4, { type: 'finished' });
        told.onTaskDone(4, [{ ...operation, kind: 'create' }]);
      },
      /still has the disk create/,
    ],
  ];
  for (const [tell, expected] of cases)
    await says(
      t,
      (verdict) => new TaskChecker(verdict),
      ({ listeners }) => {
        listeners.onChannelOpened(flowOf(7), 4, false);
        listeners.onTaskRead(4, { type: 'checkpoint-aborted', checkpointId: 2 });
        tell(listeners);
      },
      expected,
    );
});

const NONE: RestartStrategyConfig = { type: 'none' };
const FIXED: RestartStrategyConfig = { type: 'fixed-delay', attempts: 1, delayMs: 3 };
const RATE: RestartStrategyConfig = {
  type: 'failure-rate',
  maxFailuresPerInterval: 1,
  intervalMs: 10,
  delayMs: 3,
};
const BACKOFF: RestartStrategyConfig = {
  type: 'exponential-delay',
  initialBackoffMs: 10,
  maxBackoffMs: 25,
  backoffMultiplier: 2,
  resetBackoffThresholdMs: 100,
  jitterFactor: 0.1,
  attemptsBeforeResetBackoff: 3,
  firstRestartImmediate: false,
};

t.test('a job begins anew as its restart strategy says', async (t) => {
  // By failure: when it is, and after how long the job begins anew, if it does.
  for (const [strategy, failures, expected] of [
    [NONE, '0:', undefined],
    [NONE, '0:3', /its strategy says: never/],
    [FIXED, '0:3 1:', undefined],
    [FIXED, '0:3 1:3', /never/],
    [FIXED, '0:', /its strategy would have it begin anew/],
    [FIXED, '0:4', /in 4 ms, and its strategy says: 3 to 3/],
    [RATE, '0:3 11:3', undefined],
    [RATE, '0:3 10:3', /never/],
    // What goes wrong at the end of a job that is given up.
    [RATE, '0:3 5: 30:', undefined],
    [RATE, '0:3 11:', /would have it begin anew/],
    [BACKOFF, '0:11 20:18 60:25 185:9', /in 9 ms, and its strategy says: 10 to 11/],
    [BACKOFF, '0:9', /says: 10 to 11/],
    [BACKOFF, '0:10 20:24', /says: 18 to 22/],
    [BACKOFF, '0:10 20:20 60:25 90:25', /never/],
  ] as const)
    await says(
      t,
      (verdict) => new RestartChecker(strategy, verdict),
      ({ listeners }) => {
        const master = new Master(listeners);
        for (const [atMs = '', delayMs = ''] of failures.split(' ').map((failure) => failure.split(':'))) {
          master.notes('job.attempt-failed');
          if (delayMs !== '') master.notes('job.restarting', { delayMs });
          master.turns(false, Number(atMs));
          if (delayMs !== '') continue;
          const why = 'The fixed-delay strategy allows 1 restarts.';
          listeners.onProcessFailed(1, new MillraceError('MR5006', 'The job failed.', { why }));
        }
      },
      expected,
    );
});

t.test('an alignment group is told the least of its members, and a new one has said nothing', async (t) => {
  const make: MakeChecker = (verdict, _, listeners) => {
    const board = new TaskBoard();
    listeners.add(board);
    return new AlignmentChecker(board, verdict);
  };
  for (const [isAnew, announced, isIdle, told, expected] of [
    [false, 4, true, [0, 1], undefined],
    [false, 4, true, [1], /was told undefined, and others 4/],
    [false, 6, true, [0, 1], /is told 6, and the least of its members is 4/],
    [false, 6, false, [1], undefined],
    [true, 7, true, [1], undefined],
    [true, 4, true, [1], /is told 4, and the least of its members is 7/],
    [true, 4, false, [1], /is told 4/],
  ] as const)
    await says(
      t,
      make,
      ({ listeners }) => {
        const master = new Master(listeners);
        master.launch([0]);
        master.launch([1]);
        master.says(0, { type: 'watermark-reported', group: 'g', watermark: 4 });
        master.says(1, { type: 'watermark-reported', group: 'g', watermark: 6 });
        if (isAnew) {
          master.says(0, { type: 'canceled' });
          master.launch([10], 2);
          master.says(1, { type: 'watermark-reported', group: 'g', watermark: 7 });
        }
        master.sends(told, { type: 'watermark-aligned', watermark: announced });
        master.turns(isIdle);
      },
      expected,
    );
});

t.test('a reader that is started anew is sent once more what its snapshot lacks', async (t) => {
  const make: MakeChecker = (verdict, _, listeners) => {
    const board = new TaskBoard();
    listeners.add(board);
    return new SplitChecker(board, verdict);
  };
  const splits = ['a', 'b', 'c', 'd'].map((split) => ({ type: 'splits-assigned', splits: [split] }) as const);
  for (const [launched, restored, again, expected] of [
    [11, 3, [1, 2, 3], undefined],
    [11, 3, [1, 2], /from checkpoint 3, and is sent 2 of 3 splits/],
    [11, 3, [2, 1, 3], /is sent 3 of 3/],
    [11, 3, [0, 1, 2, 3], /is sent 4 of 3/],
    [11, undefined, [0, 1, 2, 3], undefined],
    [11, undefined, [1, 2, 3], /is sent 3 of 4/],
    [10, 3, [], /Reader 0 1 goes on with splits that its enumerator will deal out again/],
  ] as const)
    await says(
      t,
      make,
      ({ listeners }) => {
        const master = new Master(listeners);
        master.launch([0]);
        master.launch([1]);
        master.turns();
        for (const [index, message] of splits.entries()) {
          if (index === 1) master.sends([1], trigger(3));
          master.says(0, { ...message, subtask: 1 });
          // The reader goes down before the last one.
          if (index < 3 || launched === 10) master.sends([1], message);
        }
        master.turns();
        master.launch([launched], 2, restored);
        for (const index of again) if (splits[index] !== undefined) master.sends([launched], splits[index]);
        master.turns();
      },
      expected,
    );
});

t.test('what an enumerator tells that is to end is sent to nobody', async (t) => {
  const message = { type: 'splits-assigned', splits: ['a'] } as const;
  for (const [isCancelled, expected] of [
    [false, undefined],
    [true, /Reader 0 1 is sent splits of which no enumerator that goes on has told/],
  ] as const)
    await says(
      t,
      (verdict, _, listeners) => {
        const board = new TaskBoard();
        listeners.add(board);
        return new SplitChecker(board, verdict);
      },
      ({ listeners }) => {
        const master = new Master(listeners);
        master.launch([0]);
        master.launch([1]);
        master.turns();
        if (isCancelled) master.sends([0], { type: 'cancel' });
        master.says(0, { ...message, subtask: 1 });
        master.sends([1], message);
      },
      expected,
    );
});

t.test(
  'a member of an alignment group says where it is, and that it holds nobody back while idle',
  async (t) => {
    for (const [kind, watermark, expected] of [
      [ElementKind.WATERMARK, 5, undefined],
      [ElementKind.WATERMARK, 4, /says that it is at 4, and is at 5/],
      [ElementKind.IDLE, Watermark.MAX, undefined],
      [ElementKind.IDLE, 5, /says that it is at 5/],
      [ElementKind.ACTIVE, 4, undefined],
    ] as const)
      await says(
        t,
        (verdict) => new AlignmentChecker(new TaskBoard(), verdict),
        ({ listeners }) => {
          listeners.onTimeTold(0, 0, OUTPUT, kind, kind === ElementKind.WATERMARK ? 5 : 0);
          listeners.onTaskReported(0, { type: 'watermark-reported', group: 'g', watermark });
        },
        expected,
      );
  },
);

t.test('whoever asks is answered', async (t) => {
  const happens = (told: WorldListeners, name: string): void =>
    told.onEvent({ name, values: { process: 1 } });
  const cases: [(told: WorldListeners) => void, RegExp | undefined][] = [
    [(told) => told.onProcessEnded(1), /Process 1 has ended, and who asked for a drain waits on/],
    [(told) => told.onProcessEnded(2), undefined],
    [
      (told) => {
        told.onAnswered(1, 1);
        told.onProcessEnded(1);
      },
      /who asked for a rescale waits on/,
    ],
    [
      (told) => {
        told.onAnswered(1, 1);
        happens(told, 'job.attempt-failed');
        happens(told, 'job.attempt-deployed');
        told.onMasterTurned('p1', true, 0);
        told.onMasterTurned('p1', true, 0);
      },
      undefined,
    ],
    [(told) => happens(told, 'job.attempt-failed'), undefined],
    [(told) => happens(told, 'job.attempt-deployed'), undefined],
    [
      (told) => {
        happens(told, 'job.attempt-deployed');
        happens(told, 'job.attempt-failed');
        told.onMasterTurned('p1', true, 0);
        told.onMasterTurned('p1', true, 0);
      },
      undefined,
    ],
    [
      (told) => {
        happens(told, 'job.attempt-failed');
        happens(told, 'job.attempt-deployed');
        told.onMasterTurned('p1', true, 0);
        told.onMasterTurned('p1', true, 0);
      },
      /Who asked for a drain waits on, and the attempt asked has failed/,
    ],
  ];
  for (const [tell, expected] of cases)
    await says(
      t,
      (verdict) => new AnswerChecker(verdict),
      ({ listeners }) => {
        listeners.onAsked(1, 1, 'a drain', false);
        listeners.onAsked(1, 2, 'a rescale', true);
        tell(listeners);
      },
      expected,
    );
});
