import t from 'tap';
import { StreamTask } from '../../../actors/task/stream-task.js';
import { type TaskEnvironment, taskInputEdge } from '../../../actors/task/task-environment.js';
import { CollectionSource } from '../../../core/api/collection-source.js';
import { DiscardingSink } from '../../../core/api/discarding-sink.js';
import { JobParameters } from '../../../core/api/job-parameters.js';
import type { Sink } from '../../../core/api/sink.js';
import { InputStatus, type Source } from '../../../core/api/source.js';
import { ElementKind } from '../../../core/element/element-kind.js';
import type { ExecutableVertex } from '../../../core/graph/job-graph.js';
import { FileCache } from '../../../core/operator/distributed-cache.js';
import { NO_LOG } from '../../../core/ports/logger.js';
import { Progress } from '../../../core/ports/tasklet.js';
import { NO_TRACE } from '../../../core/ports/trace.js';
import type { TaskReport } from '../../../core/protocol/control-message.js';
import { types } from '../../../core/serde/types.js';
import { WatermarkStrategy } from '../../../core/watermark/watermark-strategy.js';
import { ThreadCodecFactory } from '../../../memory/codec-factory.js';
import { HeapStateBackend } from '../../../storage/state/heap-state-backend.js';
import { build } from '../../build.js';
import { oneThreadChannels } from '../../one-thread-channels.js';
import { MemoryFileSystem } from '../storage/memory-file-system.js';

const TIMERS = 500;
const BUDGET = 7;

/** A task without channels of its own but one input edge, on a clock that stands. */
function environmentOf(
  vertex: ExecutableVertex,
  inputs: TaskEnvironment['inputs'],
  reports: TaskReport[],
  checkpointing = true,
) {
  const environment: TaskEnvironment = {
    jobName: 'timers',
    address: { jobId: 'job', attempt: 1, vertexId: vertex.vertex.id, subtask: 0 },
    epoch: 1,
    globalJobParameters: new JobParameters(),
    distributedCache: new FileCache(),
    vertex,
    inputs,
    outputs: [],
    restore: undefined,
    settings: {
      checkpointing,
      commitsWithJob: false,
      exactlyOnce: true,
      alignedTimeoutMs: Number.POSITIVE_INFINITY,
      autoWatermarkIntervalMs: 200,
      latency: undefined,
      managedBytes: 0,
      bufferTimeoutMs: 100,
    },
    clock: { monotonicMs: () => 0, wallMs: () => 0 },
    completions: {
      watch: (promise, settled, failed) => {
        promise.then(settled, failed).catch((error: unknown) => {
          throw error;
        });
      },
    },
    codecs: new ThreadCodecFactory(),
    stateBackend: new HeapStateBackend(),
    stateFiles: {
      read: () => {
        throw new Error('nothing is restored');
      },
    },
    fileSystem: new MemoryFileSystem(),
    scratchFolder: '/scratch',
    trace: NO_TRACE,
    log: NO_LOG,
    snapshotWriter: () => {
      throw new Error('no snapshot is written');
    },
    report: (report) => reports.push(report),
    writeLine: async () => {},
  };
  return environment;
}

/** The second vertex of a job that sets a timer for each record, all for the time 10. */
async function timerTask() {
  const fired: number[] = [];
  const job = build((env) => {
    env
      .fromSource(new CollectionSource([1], types.float64), WatermarkStrategy.forMonotonousTimestamps(), 'n')
      .keyBy((value) => value)
      .process<number>({
        processElement(_value, ctx) {
          ctx.timerService.registerEventTimeTimer(10);
        },
        onTimer(_timestamp, ctx) {
          fired.push(ctx.currentKey);
        },
      })
      .sinkTo(new DiscardingSink());
  });
  const vertex = job.vertices[1];
  const [channel] = oneThreadChannels(1, 200);
  if (vertex === undefined || channel === undefined) throw new Error('the job has two vertices');
  const reports: TaskReport[] = [];
  const inputs = [taskInputEdge(job, 0, [channel.reader])];
  const task = new StreamTask(environmentOf(vertex, inputs, reports));
  for (let looks = 0; task.phase !== 'running' && looks < 1000; looks++) {
    task.runOnce(BUDGET);
    await new Promise(setImmediate);
  }
  for (let key = 0; key < TIMERS; key++) channel.writer.writeRecord(key, 1);
  channel.writer.writeWatermark(10);
  channel.writer.writeRecord(0, 11);
  channel.writer.flush();
  while (task.records < TIMERS) task.runOnce(BUDGET);
  return { task, fired, reports };
}

t.test('timers that one watermark makes due fire in steps as small as those of records', async (t) => {
  const { task, fired } = await timerTask();
  const steps: number[] = [];
  const looks = 3 * TIMERS;
  for (let look = 0; fired.length < TIMERS && look < looks; look++) {
    const before = fired.length;
    t.equal(task.runOnce(BUDGET), Progress.MADE, 'there is more to do');
    steps.push(fired.length - before);
    if (fired.length < TIMERS) t.equal(task.records, TIMERS, 'nothing behind the watermark is read');
  }
  t.strictSame(
    fired,
    [...fired].sort((a, b) => a - b),
    'in their order',
  );
  t.equal(fired.length, TIMERS, 'each once');
  t.ok(Math.max(...steps) <= BUDGET, `at most ${BUDGET} a step, were ${Math.max(...steps)}`);
  task.runOnce(BUDGET);
  task.runOnce(BUDGET);
  t.equal(task.records, TIMERS + 1, 'then the task goes on');
});

t.test('a task whose operator waits for a promise waits as well, and does not step in vain', async (t) => {
  const never = new Promise<void>(() => {});
  const busySink: Sink<number> = {
    createWriter: () => ({
      write: () => {},
      flush: () => {},
      busy: never,
    }),
  };
  const job = build((env) => {
    env
      .fromSource(new CollectionSource([1], types.float64), WatermarkStrategy.noWatermarks(), 'n')
      .rebalance()
      .sinkTo(busySink);
  });
  const vertex = job.vertices[1];
  const [channel] = oneThreadChannels(1);
  if (vertex === undefined || channel === undefined) throw new Error('the job has two vertices');
  const inputs = [taskInputEdge(job, 0, [channel.reader])];
  const task = new StreamTask(environmentOf(vertex, inputs, []));
  await steps(task);
  channel.writer.writeRecord(1, 1);
  channel.writer.writeRecord(2, 2);
  channel.writer.flush();
  await steps(task);
  t.equal(task.runOnce(BUDGET), Progress.WAITING);
});

t.test('mail is served while timers are left', async (t) => {
  const { task, fired, reports } = await timerTask();
  while (fired.length === 0) task.runOnce(BUDGET);
  task.deliver({ type: 'cancel' });
  t.equal(reports.at(-1)?.type, 'canceled');
  t.ok(fired.length <= BUDGET, 'the rest does not fire');
});

/** A source task whose reader ends at once, opened, with the reports of its first steps. */
async function impatientTask() {
  const reader = {
    pollNext: () => InputStatus.END_OF_INPUT,
    isAvailable: async () => {},
    snapshotState: () => [],
    addSplits: () => {},
    notifyNoMoreSplits: () => {},
  };
  const enumerator = { start: () => {}, handleSplitRequest: () => {}, snapshotState: () => 0 };
  const source: Source<number> = {
    boundedness: 'bounded',
    createEnumerator: () => enumerator,
    restoreEnumerator: () => enumerator,
    createReader: () => reader,
  };
  const job = build((env) => {
    env.fromSource(source, WatermarkStrategy.noWatermarks(), 'impatient').sinkTo(new DiscardingSink());
  });
  const [vertex] = job.vertices;
  if (vertex === undefined) throw new Error('the job has a vertex');
  const reports: TaskReport[] = [];
  const task = new StreamTask(environmentOf(vertex, [], reports, false));
  await steps(task);
  return { task, reports };
}

async function steps(task: StreamTask): Promise<void> {
  for (let i = 0; i < 20 && task.phase !== 'done'; i++) {
    task.runOnce(BUDGET);
    await new Promise(setImmediate);
  }
}

t.test('a reader that ends early ends its task, once the enumerator has heard of it', async (t) => {
  const { task, reports } = await impatientTask();
  t.strictSame(
    reports.map(({ type }) => type),
    ['initializing', 'running', 'reader-ended', 'data-finished'],
  );
  task.deliver({ type: 'no-more-splits' });
  task.deliver({ type: 'reader-ended', subtask: 0 });
  await steps(task);
  t.equal(reports.at(-1)?.type, 'finished');
});

t.test('a task whose data has ended is there until those above it have finished', async (t) => {
  const job = build((env) => {
    env
      .fromSource(new CollectionSource([1], types.float64), WatermarkStrategy.noWatermarks(), 'n')
      .rebalance()
      .sinkTo(new DiscardingSink());
  });
  const vertex = job.vertices[1];
  const [channel] = oneThreadChannels(1);
  if (vertex === undefined || channel === undefined) throw new Error('the job has two vertices');
  const reports: TaskReport[] = [];
  const task = new StreamTask(
    environmentOf(vertex, [taskInputEdge(job, 0, [channel.reader])], reports, false),
  );
  channel.writer.writeEndOfData();
  channel.writer.flush();
  await steps(task);
  t.equal(reports.at(-1)?.type, 'data-finished');
  t.equal(task.phase, 'draining');
  channel.writer.writeEndOfPartition();
  channel.writer.flush();
  await steps(task);
  t.equal(reports.at(-1)?.type, 'finished');
});

t.test('a checkpoint that is given up while operators prepare for it has no snapshot', async (t) => {
  let flushed = (): void => {};
  const slowSink: Sink<number> = {
    createWriter: () => ({
      write: () => {},
      flush: () =>
        new Promise<void>((resolve) => {
          flushed = resolve;
        }),
    }),
  };
  const job = build((env) => {
    env
      .fromSource(new CollectionSource([1], types.float64), WatermarkStrategy.noWatermarks(), 'n')
      .rebalance()
      .sinkTo(slowSink);
  });
  const vertex = job.vertices[1];
  const [channel] = oneThreadChannels(1);
  if (vertex === undefined || channel === undefined) throw new Error('the job has two vertices');
  const reports: TaskReport[] = [];
  const task = new StreamTask(environmentOf(vertex, [taskInputEdge(job, 0, [channel.reader])], reports));
  await steps(task);
  for (const checkpointId of [1, 2]) {
    channel.writer.writeBarrier(checkpointId, 0, false);
    channel.writer.flush();
    await steps(task);
    if (checkpointId === 1) task.deliver({ type: 'checkpoint-aborted', checkpointId });
    flushed();
    await steps(task);
  }
  const acknowledged = reports.flatMap((report) =>
    report.type === 'checkpoint-acknowledged' ? [report.checkpointId] : [],
  );
  t.strictSame(acknowledged, [2]);
});

t.test('a split for a reader that has ended fails the task: it would never be read', async (t) => {
  const { task, reports } = await impatientTask();
  task.deliver({ type: 'splits-assigned', splits: [1] });
  await steps(task);
  t.match(reports.at(-1), { type: 'failed', error: { code: 'MR6003' } });
});

/** What consumers see of a task that hands numbers on: they read one element whenever it can do nothing. */
async function readSlowly(records: number): Promise<{ readonly last: number[]; readonly records: number[] }> {
  const job = build((env) => {
    env
      .fromSource(new CollectionSource([1], types.float64), WatermarkStrategy.noWatermarks(), 'n')
      .rebalance()
      .map((n) => n)
      .rebalance()
      .sinkTo(new DiscardingSink(), 'out')
      .setParallelism(2);
  });
  const vertex = job.vertices[1];
  const [input] = oneThreadChannels(1, 200);
  const outputs = oneThreadChannels(2, 1, 1);
  if (vertex === undefined || input === undefined) throw new Error('the job has three vertices');
  const task = new StreamTask({
    ...environmentOf(vertex, [taskInputEdge(job, 0, [input.reader])], [], false),
    outputs: [{ edgeId: 1, channels: outputs.map(({ writer }) => writer) }],
  });
  for (let n = 0; n < records; n++) input.writer.writeRecord(n, 0);
  input.writer.writeEndOfData();
  input.writer.writeEndOfPartition();
  input.writer.flush();
  const seen = outputs.map((): number[] => []);
  const readOne = (): void =>
    outputs.forEach(({ reader }, index) => {
      const kind = reader.next();
      if (kind !== ElementKind.NONE) seen[index]?.push(kind);
    });
  for (let looks = 0; task.phase !== 'done' && looks < 10_000; looks++) {
    if (task.runOnce(BUDGET) !== Progress.MADE) readOne();
    await Promise.resolve();
  }
  // Nobody moves anything any more: what they are to see lies in the channels.
  for (let left = 0; left < records + 10; left++) readOne();
  return {
    records: seen.map((kinds) => kinds.filter((kind) => kind === ElementKind.RECORD).length),
    last: seen.map((kinds) => kinds.at(-1) ?? ElementKind.NONE),
  };
}

t.test('a task stays until its consumers have been given the end of its output', async (t) => {
  for (let count = 0; count < 120; count++) {
    const { last, records } = await readSlowly(count);
    const ends = [ElementKind.END_OF_PARTITION, ElementKind.END_OF_PARTITION];
    if (!t.strictSame(last, ends, `behind ${count} records`)) break;
    t.equal(
      records.reduce((sum, each) => sum + each, 0),
      count,
    );
  }
});

const HOUR_MS = 3_600_000;

for (const byMs of [-HOUR_MS, HOUR_MS]) {
  t.test(
    `[scenario 19] a timer of processing time fires once, though the clock is set by ${byMs} ms`,
    async (t) => {
      const fired: number[] = [];
      const job = build((env) => {
        env
          .fromSource(new CollectionSource([1], types.float64), WatermarkStrategy.noWatermarks(), 'n')
          .keyBy((value) => value)
          .process<number>({
            processElement: (_value, ctx) => ctx.timerService.registerProcessingTimeTimer(HOUR_MS + 1000),
            onTimer: (timestamp) => void fired.push(timestamp),
          })
          .sinkTo(new DiscardingSink());
      });
      const vertex = job.vertices[1];
      const [channel] = oneThreadChannels(1, 200);
      if (vertex === undefined || channel === undefined) throw new Error('the job has two vertices');
      let [monotonicMs, wallMs] = [0, HOUR_MS];
      const clock = { monotonicMs: () => monotonicMs, wallMs: () => wallMs };
      const inputs = [taskInputEdge(job, 0, [channel.reader])];
      const task = new StreamTask({ ...environmentOf(vertex, inputs, []), clock });
      await steps(task);
      channel.writer.writeRecord(1, 1);
      channel.writer.flush();
      await steps(task);
      t.equal(task.nextWakeMs, 1000, 'it is woken in a second');
      wallMs += byMs;
      for (let wakes = 0; fired.length === 0 && wakes < 3; wakes++) {
        wallMs += task.nextWakeMs - monotonicMs;
        monotonicMs = task.nextWakeMs;
        await steps(task);
      }
      t.strictSame(fired, [HOUR_MS + 1000]);
      t.ok(wallMs >= HOUR_MS + 1000, 'and not before its time');
      await steps(task);
      t.equal(task.nextWakeMs, Number.POSITIVE_INFINITY, 'nothing is left');
    },
  );
}
