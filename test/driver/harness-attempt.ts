import {
  type AttemptDescription,
  type BuiltJob,
  type CodecFactory,
  type DistributedCache,
  type KeyedStateBackend,
  MillraceError,
  NO_LOG,
  NO_TRACE,
  type RecordCodec,
  type RunningAttempt,
  type TaskAddress,
  type TaskEvent,
  type TaskLauncher,
  type TaskMessage,
} from '../../core/internal.js';
import {
  type ChannelHandle,
  ChannelReader,
  ChannelWriter,
  DEFAULT_NETWORK_BUFFER_OPTIONS,
  type LocalBufferPool,
  type SegmentPool,
  ThreadCodecFactory,
} from '../../memory/index.js';
import { LocalFileSystem } from '../../storage/index.js';
import { type AttemptSite, assembleAttempt, type TaskPlace } from './attempt-assembly.js';
import type { HarnessCheckpoints } from './harness-checkpoints.js';
import { HarnessCompletions } from './harness-completions.js';
import { HarnessTask } from './harness-task.js';
import type { VirtualTime } from './virtual-time.js';

const SEGMENT_BYTES = 32 * 1024;

/** What the tasks of a pipeline are made with. */
export interface HarnessSurroundings {
  readonly time: VirtualTime;
  readonly checkpoints: HarnessCheckpoints;
  /** False of a batch. */
  readonly takesCheckpoints: boolean;
  /** For temporary files; it goes with the pipeline. */
  readonly scratchFolder: string;
  readonly stateBackend: KeyedStateBackend;
  readonly autoWatermarkIntervalMs: number;
  readonly managedBytes: number;
  readonly distributedCache: DistributedCache;
  build(): BuiltJob;
  /** Whether the promise settles only when the harness is told something. */
  isIdle(promise: Promise<unknown>): boolean;
}

/** Runs the tasks of a pipeline in place. */
export class HarnessLauncher implements TaskLauncher {
  readonly #surroundings: HarnessSurroundings;
  /** By region. */
  readonly #attempts = new Map<number, HarnessAttempt>();

  constructor(surroundings: HarnessSurroundings) {
    this.#surroundings = surroundings;
  }

  /** The newest tasks, those that have ended too. */
  get tasks(): readonly HarnessTask[] {
    return [...this.#attempts.values()].flatMap(({ tasks }) => tasks);
  }

  launch(attempt: AttemptDescription, onEvent: (event: TaskEvent) => void): RunningAttempt {
    const site = new HarnessSite(this.#surroundings, attempt, onEvent);
    const running = new HarnessAttempt(assembleAttempt(attempt, site));
    this.#attempts.set(attempt.region.id, running);
    return running;
  }

  /** Ends the tasks that have been told to leave and wait for something that does not come. True: there were some. */
  endStuck(): boolean {
    return [...this.#attempts.values()].filter((attempt) => attempt.endStuck()).length > 0;
  }
}

class HarnessAttempt implements RunningAttempt {
  readonly tasks: readonly HarnessTask[];
  #terminating = false;

  constructor(tasks: readonly HarnessTask[]) {
    this.tasks = tasks;
  }

  send(to: TaskAddress, message: TaskMessage): void {
    this.tasks
      .find(({ address }) => address.vertexId === to.vertexId && address.subtask === to.subtask)
      ?.send(message);
  }

  async terminate(): Promise<void> {
    this.#terminating = true;
    for (const task of this.tasks) task.send({ type: 'cancel' });
    await Promise.all(this.tasks.map(({ ended }) => ended));
  }

  endStuck(): boolean {
    const stuck = this.#terminating ? this.tasks.filter(({ gone }) => !gone) : [];
    const reason = new MillraceError('MR5003', 'The task was ended because its pipeline is over.');
    for (const task of stuck) task.kill(reason);
    return stuck.length > 0;
  }
}

class HarnessSite implements AttemptSite<HarnessTask> {
  readonly segmentBytes = SEGMENT_BYTES;
  readonly network = DEFAULT_NETWORK_BUFFER_OPTIONS;
  readonly spareSegments = 0;
  readonly codecs: CodecFactory = new ThreadCodecFactory();
  readonly #surroundings: HarnessSurroundings;
  readonly #attempt: AttemptDescription;
  readonly #onEvent: (event: TaskEvent) => void;
  readonly #fileSystem = new LocalFileSystem();

  constructor(
    surroundings: HarnessSurroundings,
    attempt: AttemptDescription,
    onEvent: (event: TaskEvent) => void,
  ) {
    this.#surroundings = surroundings;
    this.#attempt = attempt;
    this.#onEvent = onEvent;
  }

  build(): BuiltJob {
    return this.#surroundings.build();
  }

  reader(handle: ChannelHandle, pool: SegmentPool, codec: RecordCodec<unknown>): ChannelReader<unknown> {
    return new ChannelReader(handle, pool, codec);
  }

  writer(
    handle: ChannelHandle,
    buffers: LocalBufferPool,
    codec: RecordCodec<unknown>,
  ): ChannelWriter<unknown> {
    return new ChannelWriter(handle, buffers, codec);
  }

  place(address: TaskAddress): TaskPlace<HarnessTask> {
    const { time, checkpoints, stateBackend, scratchFolder, isIdle, distributedCache } = this.#surroundings;
    const { takesCheckpoints, autoWatermarkIntervalMs, managedBytes } = this.#surroundings;
    const { attempt } = this.#attempt;
    const completions = new HarnessCompletions(isIdle);
    const onEvent = this.#onEvent;
    return {
      surroundings: {
        settings: {
          checkpointing: takesCheckpoints,
          commitsWithJob: !takesCheckpoints,
          exactlyOnce: true,
          alignedTimeoutMs: Number.POSITIVE_INFINITY,
          autoWatermarkIntervalMs,
          latency: undefined,
          managedBytes,
          bufferTimeoutMs: Number.POSITIVE_INFINITY,
        },
        clock: time.clock,
        completions,
        distributedCache,
        stateBackend,
        stateFiles: checkpoints,
        fileSystem: this.#fileSystem,
        scratchFolder,
        trace: NO_TRACE,
        log: NO_LOG,
        snapshotWriter: (checkpointId, owner) => checkpoints.writerFor(checkpointId, attempt, owner),
        report: (report) => onEvent({ type: 'report', task: address, report }),
        writeLine: async (line, to = 'stdout') => {
          process[to].write(`${line}\n`);
        },
      },
      adopt: (task, doorbell) => new HarnessTask(address, { task, doorbell }, completions, time, onEvent),
    };
  }
}
