import t from 'tap';
import {
  type CheckpointManifest,
  MillraceError,
  type SubtaskSnapshot,
  type TaskReport,
} from '../../core/internal.js';
import { checkpoint, filesOf, manifestOf } from '../unit/storage/led-job.js';
import { FOLDER, filesIn, jobOn, type MakeChecker, type Story, says } from './checker-story.js';
import { CoordinatorChecker } from './checkers/coordinator-checker.js';
import { JobLog } from './checkers/job-log.js';
import { LeaderChecker } from './checkers/leader-checker.js';
import { OrphanChecker } from './checkers/orphan-checker.js';
import { SweepChecker } from './checkers/sweep-checker.js';
import { TaskBoard } from './checkers/task-board.js';
import { acknowledgement, EMPTY, GRAPH, Master, trigger } from './master-story.js';

const ALL = [0, 1, 2];

const ANSWER: TaskReport = { type: 'enumerator-snapshot', checkpointId: 5, state: new Uint8Array() };

function manifest(checkpointId: number, ended: boolean): CheckpointManifest {
  const snapshot = ended ? { ...EMPTY, dataFinished: true as const } : EMPTY;
  const vertices = GRAPH.vertices.map(({ uid, parallelism }) => ({
    vertexUid: uid,
    parallelism,
    maxParallelism: 128,
    subtasks: new Array<SubtaskSnapshot>(parallelism).fill(snapshot),
    enumerator: undefined,
  }));
  return { ...manifestOf(checkpointId, 1, []), vertices };
}

function both(one: (master: Master) => void, other: (master: Master) => void): (master: Master) => void {
  return (master) => {
    one(master);
    other(master);
  };
}

/** A checkpoint as it should go. */
const STEPS: Readonly<Record<string, (master: Master) => void>> = {
  launch: (master) => master.launch(ALL),
  begin: (master) => master.notes('checkpoint.triggered', { checkpointId: 5, tasks: 3 }),
  prepare: (master) => master.sends([2], { type: 'prepare-full-snapshot', checkpointId: 5 }),
  prepared: (master) => {
    master.turns();
    master.says(2, { type: 'full-snapshot-prepared', checkpointId: 5 });
  },
  ask: (master) => master.sends([0], { type: 'snapshot-enumerator', checkpointId: 5 }),
  answer: (master) => {
    master.turns();
    master.says(0, ANSWER);
  },
  trigger: (master) => master.sends([0, 1], trigger(5)),
  wait: (master) => master.turns(),
  acknowledge: (master) => master.acknowledges(ALL, 5),
  store: (master) =>
    master.listeners.onStorageAsked('p1', { type: 'complete', manifest: manifest(5, false) }),
  stored: (master) => master.turns(),
  complete: (master) => master.notes('checkpoint.completed', { checkpointId: 5 }),
  tell: (master) => master.sends(ALL, { type: 'checkpoint-completed', checkpointId: 5 }),
  end: (master) => master.turns(),
};
function abort(master: Master): void {
  master.notes('checkpoint.aborted', { checkpointId: 5, reason: 'CHECKPOINT_EXPIRED' });
}

/** What goes another way, and what is said then. */
const OTHER_WAYS: [Partial<typeof STEPS>, RegExp | undefined][] = [
  [{}, undefined],
  [
    { begin: (master) => master.notes('checkpoint.triggered', { checkpointId: 5, tasks: 2 }) },
    /is taken of 2 tasks, and 3 run/,
  ],
  [{ prepared: () => {} }, /is to be full, and is triggered before all know of it/],
  [{ ask: () => {} }, /The enumerator of task 0\/0 is not asked/],
  [{ trigger: (master) => master.sends([0], trigger(5)) }, /No barrier .* can reach task 0\/1/],
  [{ acknowledge: (master) => master.acknowledges([0, 1], 5), store: () => {} }, /nobody has stored it/],
  [{ store: () => {} }, /All have acknowledged checkpoint 5, and it is not stored/],
  [
    {
      acknowledge: (master) => {
        master.acknowledges([0, 1], 5);
        master.says(2, { type: 'finished' });
      },
      store: () => {},
    },
    /All have acknowledged checkpoint 5, and it is not stored/,
  ],
  [
    { acknowledge: (master) => master.says(1, { type: 'canceled' }), store: () => {} },
    /0\/1 has failed, and .* not given up/,
  ],
  [
    {
      store: (master) =>
        master.listeners.onStorageAsked('p1', { type: 'complete', manifest: manifest(5, true) }),
    },
    /says of subtask 0 of source-uid: nothing follows: true/,
  ],
  [
    {
      trigger: (master) => {
        master.sends([0, 1], { type: 'drain' });
        master.sends([0, 1], trigger(5));
      },
    },
    /Checkpoint 5 is stored as 'checkpoint', and its input has ended for good: true/,
  ],
  [
    { tell: (master) => master.sends([0, 2], { type: 'checkpoint-completed', checkpointId: 5 }) },
    /Task 0\/1 took part in checkpoint 5, and is not told 'checkpoint-completed'/,
  ],
  [{ complete: abort }, /is told 'checkpoint-completed' of checkpoint 5, of which that is not so/],
  [
    {
      begin: (master) => {
        for (const checkpointId of [4, 5]) master.notes('checkpoint.triggered', { checkpointId, tasks: 3 });
      },
      prepared: (master) => master.says(2, { type: 'full-snapshot-prepared', checkpointId: 5 }),
      answer: (master) => master.says(0, ANSWER),
      wait: () => {},
      stored: () => {},
    },
    /Checkpoint 5 is complete, and 4 is still under way/,
  ],
  [
    {
      begin: (master) =>
        [4, 5, 6].map((checkpointId) => master.notes('checkpoint.triggered', { checkpointId, tasks: 3 })),
    },
    /3 checkpoints are under way, and 2 may be/,
  ],
];

t.test('a checkpoint goes on with each answer, and whoever took part is told of its end', async (t) => {
  const make: MakeChecker = (verdict, _, listeners) => {
    const board = new TaskBoard();
    listeners.add(board);
    return new CoordinatorChecker(board, verdict, 2);
  };
  for (const [other, expected] of OTHER_WAYS)
    await says(
      t,
      make,
      ({ listeners }) => {
        const master = new Master(listeners);
        for (const step of Object.values({ ...STEPS, ...other })) step?.(master);
      },
      expected,
    );
});

t.test('files of checkpoints that are over are removed, and none while an outcome is open', async (t) => {
  const make: MakeChecker = (verdict, _, listeners) => {
    const board = new TaskBoard();
    listeners.add(board);
    return new OrphanChecker(board, verdict);
  };
  const [file] = filesOf(manifestOf(1, 1, [{ key: 'data/x', sizeBytes: 1, entryCount: 1, crc32c: 0 }]));
  if (file === undefined) throw new Error('the manifest names a file');
  const keyed = { format: 1, keyGroupStart: 0, keyGroupEnd: 127, files: [file], tables: {} };
  const snapshot: SubtaskSnapshot = { operators: { sink: { keyed, lists: {} } } };
  const discard = ({ listeners }: Master): void =>
    listeners.onStorageAsked('p1', { type: 'discard', checkpointId: 1, files: [file] });
  const store = ({ listeners }: Master, id: number): void =>
    listeners.onStorageAsked('p1', { type: 'complete', manifest: manifestOf(id, 1, []) });
  const cases: [(master: Master) => void, RegExp | undefined][] = [
    [both((master) => master.notes('checkpoint.completed', { checkpointId: 2 }), discard), undefined],
    [
      (master) => master.notes('checkpoint.completed', { checkpointId: 2 }),
      /data\/x was acknowledged for checkpoint 1, which is over, and is not removed/,
    ],
    [() => {}, undefined],
    [(master) => master.notes('job.attempt-gone', { attempt: 1, region: 0 }), /is not removed/],
    [
      both(
        (master) => store(master, 2),
        (master) => master.notes('job.attempt-gone', { attempt: 1, region: 0 }),
      ),
      undefined,
    ],
    [both((master) => store(master, 2), discard), /nobody knows whether 2 is complete/],
    [
      // Nobody hears of it in time.
      (master) => {
        discard(master);
        master.acknowledges([2], 1, snapshot);
        master.launch([10, 11, 12], 2);
        master.acknowledges([2], 1, snapshot);
        master.turns();
        master.notes('checkpoint.completed', { checkpointId: 2 });
      },
      undefined,
    ],
    [
      (master) => {
        const error = new MillraceError('MR8003', 'Another process leads.');
        master.listeners.onStorageAnswered('p1', { type: 'retain', count: 1 }, { type: 'failed', error });
        master.turns();
        discard(master);
      },
      /asks its storage to discard, and another leads/,
    ],
  ];
  for (const [tell, expected] of cases)
    await says(
      t,
      make,
      ({ listeners }) => {
        const master = new Master(listeners);
        master.launch(ALL);
        master.notes('checkpoint.triggered', { checkpointId: 1 });
        master.acknowledges([2], 1, snapshot);
        master.notes('checkpoint.aborted', { checkpointId: 1 });
        master.turns();
        tell(master);
        master.turns();
      },
      expected,
    );
});

t.test('a file goes when two passes have found it named by nothing', async (t) => {
  const make: MakeChecker = (verdict, picture) => new SweepChecker(picture, new JobLog(FOLDER), verdict);
  const drop = ({ disk }: Story): void =>
    disk.remove(filesIn(disk, 'log').find((path) => /2$/.test(path)) ?? '');
  const pass = ({ listeners }: Story): void =>
    listeners.onStorageAnswered('p1', { type: 'retain', count: 1 }, { type: 'done', value: undefined });
  const leave = ({ listeners }: Story): void =>
    listeners.onEvent({ name: 'process.leads', values: { process: 2 } });
  const end = ({ listeners }: Story): void => listeners.onStorageAsked('p1', { type: 'finish' });
  for (const [steps, expected] of [
    [[drop, pass], undefined],
    [[pass, drop], /is removed, and the last pass has found that it is named, or not seen it/],
    [[drop], /is removed, and the last pass/],
    [[drop, pass, leave], /is removed, and the last pass/],
    [[drop, end], undefined],
  ] as const)
    await says(
      t,
      make,
      async (told) => {
        const job = await jobOn(told);
        const [file] = filesOf(await checkpoint(job, 1));
        await checkpoint(job, 2);
        if (file === undefined) throw new Error('a checkpoint names a file');
        const keyed = { format: 1, keyGroupStart: 0, keyGroupEnd: 127, files: [file], tables: {} };
        const report = acknowledgement(1, { operators: { op: { keyed, lists: {} } } });
        const task = { jobId: 'j', attempt: 1, vertexId: 0, subtask: 0 };
        told.listeners.onTaskTold(1, { type: 'report', task, report });
        for (const step of steps) step(told);
        told.disk.remove(`${FOLDER}/${file.key}`);
      },
      expected,
    );
});

t.test('who is told that he leads no more has been overtaken', async (t) => {
  const make: MakeChecker = (verdict) => new LeaderChecker(new JobLog(FOLDER), verdict);
  for (const [isOvertaken, expected] of [
    [true, undefined],
    [false, /Process 1 of epoch 1 is told that it leads no more, and nobody else does/],
  ] as const)
    await says(
      t,
      make,
      async (told) => {
        const job = await jobOn(told);
        told.listeners.onEvent({ name: 'process.leads', values: { process: 1, epoch: job.epoch } });
        await checkpoint(job, 1);
        if (isOvertaken) await jobOn(told, 'resume');
        told.listeners.onProcessFailed(1, new MillraceError('MR8003', 'Another process leads.'));
      },
      expected,
    );
});
