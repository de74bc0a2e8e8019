import { type MessagePort, receiveMessageOnPort, threadId } from 'node:worker_threads';
import {
  type BuiltJob,
  type CodecFactory,
  FileCache,
  invariant,
  isMillraceError,
  type KeyedStateBackend,
  MillraceError,
  NO_TRACE,
  type RecordCodec,
  type TaskMessage,
  type TaskReport,
  toWireError,
} from '../../core/internal.js';
import {
  ChannelReader,
  ChannelWriter,
  Doorbell,
  Heartbeat,
  LocalBufferPool,
  SegmentPool,
  type SegmentPoolHandle,
  TaskGauge,
  TaskMetricWriter,
  ThreadCodecFactory,
} from '../../memory/index.js';
import {
  ClaimingStore,
  HeapStateBackend,
  LmdbStateBackend,
  LocalFileSystem,
  ObjectSnapshotWriter,
  ObjectStateFileReader,
  type ObjectStore,
  preloadLmdb,
  preloadS3,
  SnapshotPace,
} from '../../storage/index.js';
import { ThreadRunner } from '../runner/thread-runner.js';
import { MetricPublisher } from '../task/metric-publisher.js';
import { StreamTask } from '../task/stream-task.js';
import {
  type TaskEnvironment,
  type TaskInputEdge,
  type TaskOutputEdge,
  taskInputEdge,
} from '../task/task-environment.js';
import './job-imports.js';
import { AsyncFailure } from './async-failure.js';
import { DoorbellTurns, turnOfLoop } from './doorbell-turns.js';
import { EventCompletions } from './event-completions.js';
import { storeOver } from './hosted-store.js';
import { buildJobModule, moduleHash } from './job-module.js';
import { catchPrinted, TaskLog } from './logs/task-log.js';
import { backedUp, copiesOf, storeAt, taskWriter } from './object-stores.js';
import { StandardOutput } from './standard-output.js';
import { StateWriterLink } from './state-writer-link.js';
import { MONOTONIC_ORIGIN_MS, SYSTEM_CLOCK } from './system-clock.js';
import { SystemTimers } from './system-timers.js';
import type { TaskContract } from './task-contract.js';
import type { TaskThreadKind } from './task-threads/task-thread.js';
import { threadMeter } from './thread-measures.js';
import { loadNative } from './threads/native-loads.js';
import { ownPort } from './threads/own-port.js';

// While the thread is a spare there is time for it.
const { opensLmdb, speaksS3 } = ownPort().data as TaskThreadKind;
if (opensLmdb) loadNative(preloadLmdb);
if (speaksS3) preloadS3();

/**
 * Entry of a task's thread: builds the job, compares it with the submitted one, and runs one task until it
 * has ended. Returning means that the task is done; what failed it has been reported before.
 */
export default async function runTask(contract: TaskContract): Promise<void> {
  const { mailbox } = contract;
  mailbox.ref();
  try {
    await runOnThread(contract);
  } finally {
    mailbox.close();
  }
}

async function runOnThread(contract: TaskContract): Promise<void> {
  const doorbell = new Doorbell(contract.doorbell);
  const heartbeat = new Heartbeat(contract.heartbeats, contract.line);
  const failure = new AsyncFailure();
  const completions = new EventCompletions(
    () => doorbell.ring(),
    (error) => failure.set(error),
  );
  const pace = new SnapshotPace();
  const environment = await environmentOf(contract, completions, pace).catch((error: unknown) => {
    reportUnbegun(contract, error);
  });
  if (environment === undefined) {
    completions.close();
    return;
  }
  const task = new StreamTask(environment);
  const writer = new TaskMetricWriter(contract.metrics);
  writer.set(TaskGauge.THREAD_ID, threadId);
  const publisher = new MetricPublisher(task, writer, threadMeter(), MONOTONIC_ORIGIN_MS);
  const turns = new DoorbellTurns(doorbell, heartbeat, publisher, pace);
  failure.handWith((error) => task.fail(error));
  const mailbox = { receive: () => receive(contract.mailbox) };
  const runner = new ThreadRunner(task, mailbox, turns, SYSTEM_CLOCK);
  try {
    await runner.run();
    publisher.last(runner.time);
  } finally {
    completions.close();
  }
}

/** The task has not begun, and who is told why knows whether another attempt would meet the same. */
function reportUnbegun({ mailbox, jobName, address }: TaskContract, error: unknown): void {
  const located = isMillraceError(error) ? error.located({ job: jobName, subtask: address.subtask }) : error;
  mailbox.postMessage({ type: 'failed', error: toWireError(located) } satisfies TaskReport);
}

async function environmentOf(
  contract: TaskContract,
  completions: EventCompletions,
  pace: SnapshotPace,
): Promise<TaskEnvironment> {
  const { address } = contract;
  const log = new TaskLog(contract.mailbox, contract.logLevel);
  catchPrinted(log);
  const job = await sameJob(contract);
  const vertex = job.vertices[address.vertexId];
  invariant(vertex !== undefined, 'the deployed vertex is in the graph', { vertex: address.vertexId });
  const codecs = new ThreadCodecFactory();
  const fileSystem = new LocalFileSystem();
  const store = storeOf(contract);
  const { backup } = contract.state;
  const recovers = backup?.recovers === true;
  const streams = { stdout: new StandardOutput('stdout'), stderr: new StandardOutput('stderr') };
  return {
    jobName: contract.jobName,
    address,
    epoch: contract.epoch,
    globalJobParameters: job.globalJobParameters,
    distributedCache: new FileCache(contract.cachedFiles),
    vertex,
    ...channelsOf(contract, job, codecs),
    restore: contract.restore,
    settings: contract.settings,
    clock: SYSTEM_CLOCK,
    completions,
    codecs,
    stateBackend: backendOf(contract, pace),
    stateFiles: new ObjectStateFileReader(store, recovers ? copiesOf(backup, 'reader') : undefined),
    fileSystem,
    scratchFolder: contract.state.localFolder,
    trace: NO_TRACE,
    log,
    snapshotWriter: (checkpointId, owner) =>
      new ObjectSnapshotWriter(
        store,
        { checkpointId, epoch: contract.epoch, attempt: address.attempt, owner },
        turnOfLoop,
      ),
    report: (report) => contract.mailbox.postMessage(report satisfies TaskReport),
    writeLine: (line, to = 'stdout') => streams[to].writeLine(line),
  };
}

/** @throws MillraceError MR1006 if this thread builds another graph than the submitted one */
async function sameJob(contract: TaskContract): Promise<BuiltJob> {
  const hash = moduleHash(contract.module.url);
  const { job } = await buildJobModule(contract.module);
  if (hash === contract.moduleHash && job.graph.fingerprint === contract.fingerprint) return job;
  throw new MillraceError('MR1006', 'The graph of this thread differs from the submitted one.', {
    where: { job: contract.jobName, operator: job.graph.vertices[contract.address.vertexId]?.name ?? '?' },
    why:
      hash === contract.moduleHash
        ? 'Building it twice gave two graphs.'
        : 'The job file was changed while the job was being started.',
    hint: 'A job must build the same graph each time: no chance, no time, no environment. Then submit it again.',
  });
}

function channelsOf(
  contract: TaskContract,
  job: BuiltJob,
  codecs: CodecFactory,
): { readonly inputs: TaskInputEdge[]; readonly outputs: TaskOutputEdge[] } {
  const pools = new Map<SegmentPoolHandle, SegmentPool>();
  const poolOf = (handle: SegmentPoolHandle): SegmentPool => {
    const pool = pools.get(handle) ?? new SegmentPool(handle);
    pools.set(handle, pool);
    return pool;
  };
  const codecOf = (edgeId: number): RecordCodec<unknown> => {
    const edge = job.edges[edgeId];
    invariant(edge !== undefined, 'every edge is in the graph', { edgeId });
    return codecs.codecFor(edge.type);
  };
  const inputs = contract.inputs.map(({ edgeId, channels }) => {
    const readers = channels.map((handle) =>
      handle === undefined ? undefined : new ChannelReader(handle, poolOf(handle.pool), codecOf(edgeId)),
    );
    return taskInputEdge(job, edgeId, readers);
  });
  const outputs = contract.outputs.map(({ edgeId, partition, consumers }) => {
    const first = partition.channels[0];
    if (first === undefined) return { edgeId, channels: consumers.map(() => undefined) };
    const buffers = new LocalBufferPool(partition, poolOf(first.pool));
    const writers = partition.channels.map((handle) => new ChannelWriter(handle, buffers, codecOf(edgeId)));
    return { edgeId, channels: consumers.map((channel) => writers[channel]) };
  });
  return { inputs, outputs };
}

function backendOf({ state, stateWriter }: TaskContract, pace: SnapshotPace): KeyedStateBackend {
  if (stateWriter === undefined) return new HeapStateBackend();
  const link = new StateWriterLink(stateWriter);
  const timers = new SystemTimers<() => void>((onDue) => onDue());
  const deadline = {
    timeoutMs: state.snapshotTimeoutMs,
    arm: (onDue: () => void) => {
      const timer = timers.arm(state.snapshotTimeoutMs, onDue);
      return () => timers.cancel(timer);
    },
  };
  return new LmdbStateBackend(state.localFolder, (path) => link.connect(path), deadline, pace);
}

function storeOf({ store, state, epoch, address }: TaskContract): ObjectStore {
  if (store !== undefined) return storeOver(store);
  const writer = taskWriter(epoch, address);
  const at = (folder: string): ObjectStore => storeAt(folder, state.s3, writer);
  return backedUp(new ClaimingStore(at(state.runFolder), at), state.backup, writer);
}

function receive(mailbox: MessagePort): TaskMessage | undefined {
  return (receiveMessageOnPort(mailbox) as { readonly message: TaskMessage } | undefined)?.message;
}
