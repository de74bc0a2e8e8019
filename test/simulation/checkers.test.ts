import t from 'tap';
import { ElementKind, type TaskReport, TIMER_TABLE_PREFIX } from '../../core/internal.js';
import { METRICS } from '../unit/core/coordinator-driver.js';
import { checkpoint } from '../unit/storage/led-job.js';
import {
  FOLDER,
  filesIn,
  flowOf,
  jobOn,
  type MakeChecker,
  type MutableFlow,
  type Story,
  says,
} from './checker-story.js';
import { AccumulatorChecker } from './checkers/accumulator-checker.js';
import { AttemptChecker } from './checkers/attempt-checker.js';
import { ChannelChecker } from './checkers/channel-checker.js';
import { CommitChecker } from './checkers/commit-checker.js';
import { JobLog } from './checkers/job-log.js';
import { LeftoverChecker } from './checkers/leftover-checker.js';
import { ManifestChecker } from './checkers/manifest-checker.js';
import { RetentionChecker } from './checkers/retention-checker.js';
import { SavepointChecker } from './checkers/savepoint-checker.js';
import { SnapshotChecker } from './checkers/snapshot-checker.js';
import { StateChecker } from './checkers/state-checker.js';
import { EMPTY, Master } from './master-story.js';
import type { SimulatedDisk } from './simulated-disk.js';
import type { WorldListeners } from './world-listener.js';
import { NO_FAULTS } from './world-options.js';

const ADDRESS = { jobId: 'j', attempt: 1, vertexId: 0, subtask: 0 };

function write(disk: SimulatedDisk, path: string): void {
  disk.append(disk.create(path, 0), Buffer.from('a\n'), 0);
}

t.test('a channel conserves records, and what stands between them', async (t) => {
  const make: MakeChecker = (verdict) => new ChannelChecker(verdict);
  const cases: [(listeners: WorldListeners, flow: MutableFlow) => void, RegExp | undefined][] = [
    [() => {}, undefined],
    [
      (told, flow) => told.onElementRead(flow, ElementKind.BARRIER, 1),
      /barrier 1 comes .* nothing undefined/,
    ],
    [(_, flow) => flow.read++, /after 2 records, and barrier 1 went in after 1/],
    [(_, flow) => flow.written++, undefined],
    [
      (told, flow) => told.onElementRead(flow, ElementKind.BARRIER, 2),
      /barrier 2 comes .* barrier 1 went in/,
    ],
    [(told, flow) => told.onElementRead(flow, ElementKind.END_OF_DATA, 0), /the end of data 0 comes/],
    [
      (told, flow) => told.onElementWritten(flow, ElementKind.END_OF_PARTITION, 0),
      /is written after nothing/,
    ],
    [
      (told, flow) => {
        told.onElementWritten(flow, ElementKind.END_OF_DATA, 0);
        flow.written++;
        told.onElementWritten(flow, ElementKind.BARRIER, 2);
      },
      /a record is written after the end of data/,
    ],
  ];
  for (const [tell, expected] of cases)
    await says(
      t,
      make,
      ({ listeners }) => {
        const flow = flowOf(0);
        listeners.onChannelOpened(flow, 1, true);
        listeners.onChannelOpened(flow, 2, false);
        flow.written++;
        listeners.onElementWritten(flow, ElementKind.BARRIER, 1);
        flow.written++;
        flow.read++;
        tell(listeners, flow);
        listeners.onElementRead(flow, ElementKind.BARRIER, 1);
      },
      expected,
    );
});

function overtaking(startDelayMs: number, alignmentMs: number): TaskReport {
  const metrics = { ...METRICS, startDelayMs, alignmentMs, unaligned: true };
  return { type: 'checkpoint-acknowledged', checkpointId: 3, snapshot: EMPTY, metrics };
}

t.test(
  'a snapshot holds nothing from after its barriers, and waits for them unless it may overtake',
  async (t) => {
    const NEVER = Number.POSITIVE_INFINITY;
    const cases: [number, (listeners: WorldListeners, flows: MutableFlow[]) => void, RegExp | undefined][] = [
      [NEVER, (told) => told.onElementRead(flowOf(1), ElementKind.BARRIER, 3), undefined],
      [NEVER, () => {}, /is taken at barrier 0/],
      [0, () => {}, undefined],
      [NEVER, (told) => told.onElementRead(flowOf(1), ElementKind.END_OF_DATA, 0), undefined],
      [0, (_, flows) => flows[0] && flows[0].read++, /holds 1 records from after its barrier/],
      [0, (_, flows) => flows[2] && flows[2].written++, /holds 1 records from after its barrier/],
      [0, (told) => told.onElementRead(flowOf(1), ElementKind.BARRIER, 4), /is taken at barrier 4/],
      [8, (told) => told.onTaskReported(9, overtaking(3, 5)), undefined],
      [9, (told) => told.onTaskReported(9, overtaking(3, 5)), /overtakes after 8 ms, and may after 9/],
    ];
    for (const [alignedTimeoutMs, tell, expected] of cases)
      await says(
        t,
        (verdict) => new SnapshotChecker(verdict, alignedTimeoutMs),
        ({ listeners }) => {
          const flows = [0, 1, 2].map(flowOf);
          const [one, , out] = flows;
          if (one === undefined || out === undefined) return;
          for (const flow of flows) listeners.onChannelOpened(flow, 9, flow === out);
          one.read++;
          listeners.onElementRead(one, ElementKind.BARRIER, 3);
          out.written++;
          listeners.onElementWritten(out, ElementKind.BARRIER, 3);
          tell(listeners, flows);
          listeners.onEvent({ name: 'task.snapshot-taken', values: { task: 9, checkpointId: 3 } });
        },
        expected,
      );
  },
);

t.test('what a completed checkpoint names stays, and so does the newest slot', async (t) => {
  const make: MakeChecker = (verdict, picture) => new RetentionChecker(picture, new JobLog(FOLDER), verdict);
  const cases: [(story: Story) => void, RegExp | undefined][] = [
    [({ disk }) => disk.remove(filesIn(disk, 'data')[1] ?? ''), /is removed, and checkpoint 2 names it/],
    [({ disk }) => disk.remove(filesIn(disk, 'log').at(-1) ?? ''), /whoever takes over begins from/],
    [
      ({ disk }) => {
        for (const path of filesIn(disk, 'log').slice(0, 2)) disk.remove(path);
        disk.remove(filesIn(disk, 'data')[0] ?? '');
      },
      undefined,
    ],
  ];
  for (const [tell, expected] of cases)
    await says(
      t,
      make,
      async (told) => {
        const job = await jobOn(told);
        for (const id of [1, 2]) await checkpoint(job, id);
        t.equal(filesIn(told.disk, 'data').length, 2);
        tell(told);
      },
      expected,
    );
});

t.test('the newest checkpoint can be read, with all that it names', async (t) => {
  const make: MakeChecker = (verdict, picture) => new ManifestChecker(picture, FOLDER, verdict);
  for (const [isGone, expected] of [
    [false, undefined],
    [true, /Checkpoint 1 is in the log and cannot be read/],
  ] as const)
    await says(
      t,
      make,
      async (told) => {
        await checkpoint(await jobOn(told), 1);
        if (isGone) told.disk.remove(filesIn(told.disk, 'data')[0] ?? '');
        await told.listeners.onStandstill();
      },
      expected,
    );
});

t.test(
  'one attempt at a task lives, and a checkpoint holds what living tasks have acknowledged',
  async (t) => {
    const make: MakeChecker = (verdict) => new AttemptChecker(new JobLog(FOLDER), verdict);
    const report = {
      type: 'checkpoint-acknowledged',
      checkpointId: 1,
      snapshot: { operators: {} },
      metrics: METRICS,
    } as const;
    const cases: [boolean, number, RegExp | undefined][] = [
      [true, 0, undefined],
      [true, 1, /of epoch 1 names .*, which is of another attempt/],
      [false, 0, /has not acknowledged it/],
    ];
    for (const [acknowledges, attempt, expected] of cases)
      await says(
        t,
        make,
        async (told) => {
          const { listeners } = told;
          const job = await jobOn(told);
          listeners.onEvent({ name: 'process.leads', values: { process: 1, epoch: job.epoch } });
          listeners.onTaskPlaced(4, 'p1', { ...ADDRESS, attempt });
          if (acknowledges) listeners.onTaskTold(4, { type: 'report', task: ADDRESS, report });
          listeners.onEvent({ name: 'checkpoint.storing', values: { process: 1, checkpointId: 1 } });
          await checkpoint(job, 1);
        },
        expected,
      );
    for (const [subtask, process, expected] of [
      [0, 'p1', /A task of attempt 2 begins beside that of 1/],
      [1, 'p1', undefined],
      [0, 'p2', undefined],
    ] as const)
      await says(
        t,
        make,
        ({ listeners }) => {
          listeners.onTaskPlaced(4, 'p1', ADDRESS);
          listeners.onTaskPlaced(5, process, { ...ADDRESS, attempt: 2, subtask });
        },
        expected,
      );
    await says(
      t,
      make,
      ({ listeners }) => listeners.onTaskTold(5, { type: 'exited', task: ADDRESS, error: undefined }),
      /says 'exited' after its exit/,
    );
  },
);

t.test('of an attempt that is over something may be heard later, and means nothing', async (t) => {
  const make: MakeChecker = (verdict) => new AttemptChecker(new JobLog(FOLDER), verdict);
  const exits = (master: Master): void =>
    master.listeners.onTaskTold(0, { type: 'exited', task: ADDRESS, error: undefined });
  for (const [hasLeft, tell, expected] of [
    [true, (master: Master) => master.acknowledges([10], 1), undefined],
    [true, (master: Master) => master.acknowledges([0], 1), /has not acknowledged it/],
    [true, exits, /has not acknowledged it/],
    [
      true,
      (master: Master) => {
        exits(master);
        exits(master);
      },
      /says 'exited' after its exit/,
    ],
    [false, () => {}, /A task of attempt 2 begins beside that of 1/],
  ] as const)
    await says(
      t,
      make,
      ({ listeners }) => {
        const master = new Master(listeners);
        master.launch([0]);
        if (hasLeft) listeners.onTaskLeft(0);
        master.launch([10], 2);
        tell(master);
        master.notes('checkpoint.storing', { checkpointId: 1 });
      },
      expected,
    );
});

t.test('a part file is committed once, and when a checkpoint is complete', async (t) => {
  const make: MakeChecker = (verdict) => new CommitChecker(['/out'], new JobLog(FOLDER), verdict);
  for (const [completes, targets, expected] of [
    [true, ['/out/part'], undefined],
    [false, ['/out/part'], /no checkpoint has been completed since it was written/],
    [true, ['/out/part', '/out/other'], /is committed twice, as \/out\/part before/],
  ] as const)
    await says(
      t,
      make,
      async (told) => {
        const { disk } = told;
        const job = await jobOn(told);
        write(disk, '/out/.part');
        if (completes) await checkpoint(job, 1);
        const inode = disk.find('/out/.part');
        for (const target of targets) if (inode !== undefined) disk.link(inode, target);
      },
      expected,
    );
});

t.test('a savepoint that is left to all stays as it is', async (t) => {
  const make: MakeChecker = (verdict, picture) => new SavepointChecker(picture, verdict);
  for (const [tell, expected] of [
    [({ disk }: Story) => disk.remove('/s/2/data/x'), undefined],
    [({ disk }: Story) => disk.remove('/s/1/data/x'), /has gone away/],
    [({ disk }: Story) => disk.truncate('/s/1/data/x', 1), /has changed/],
    [({ listeners }: Story) => listeners.onPowerLost(new Map()), /has not outlived a loss of power/],
  ] as const)
    await says(
      t,
      make,
      (told) => {
        for (const folder of ['/s/1', '/s/2']) write(told.disk, `${folder}/data/x`);
        told.listeners.onSavepointLeft('/s/1');
        tell(told);
      },
      expected,
    );
});

t.test(
  'who has come to the end of its input has no timer of event time left, and nothing of a window',
  async (t) => {
    const timers = `${TIMER_TABLE_PREFIX}x:event-time`;
    for (const [topology, table, expected] of [
      ['timers', 'counts', undefined],
      ['timers', timers, /has rows of/],
      ['window-joins', 'contents', /has rows of/],
    ] as const)
      await says(
        t,
        (verdict) => new StateChecker(verdict, topology),
        ({ listeners }) => listeners.onRowsLeft('o', table),
        expected,
      );
  },
);

t.test('a finished job leaves its log of one entry, and what it read and wrote', async (t) => {
  const make: MakeChecker = (verdict, picture) => new LeftoverChecker(picture, FOLDER, verdict, NO_FAULTS);
  const entry = `${FOLDER}/log/0000000003`;
  for (const [paths, expected] of [
    [[entry, '/in/1/a', '/out/ids/part-0'], undefined],
    [[entry, `${FOLDER}/data/x`], /1 files are left/],
    [[entry, `${FOLDER}/log/0000000002`], /its log has 2 entries/],
    [[], /its log has 0 entries/],
  ] as const)
    await says(
      t,
      make,
      ({ disk, listeners }) => {
        for (const path of paths) write(disk, path);
        listeners.onTidiedUp();
      },
      expected,
    );
});

t.test('what is accumulated is as much as there are lines', async (t) => {
  const file = { bytes: Buffer.from('a\nb\n'), length: 4 };
  for (const [value, expected] of [
    [2, undefined],
    [undefined, /accumulated 0 for/],
    [3, /accumulated 3 for .out.sums, where there are 2 lines/],
  ] as const)
    await says(
      t,
      (verdict) => new AccumulatorChecker(verdict, ['/out/sums']),
      ({ listeners }) => {
        for (const path of ['/out/sums/part-1', '/out/sums/.part-2', '/out/sums-2/part-3'])
          listeners.onFileNamed(path, file);
        listeners.onJobResult(value === undefined ? {} : { '/out/sums': value });
        listeners.onJobFinished();
      },
      expected,
    );
});
