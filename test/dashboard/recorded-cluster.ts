import type {
  CheckpointSubtasks,
  IoMetrics,
  JobDetail,
  JobOverview,
  JobVertex,
  MetricValue,
  PlanNode,
  SubtaskInfo,
  TaskManager,
  VertexDetail,
} from '../../actors/dashboard/model/flink-json.js';
import {
  checkpointConfig,
  checkpointStatistics,
  checkpointSubtasks,
  failedCheckpoint,
} from './recorded-checkpoints.js';
import { PACES, type Pace } from './recorded-paces.js';
import { RECORDED_THREADS, recordedFlameGraph } from './recorded-threads.js';
import { recordedExceptions, recordedExplanation, recordedLog } from './recorded-troubles.js';

/**
 * What a server answers about a job that has every trouble which the dashboard tells of: a slow operator, a source that
 * is back-pressured by it, a checkpoint that expired, a second source that never gave a watermark, a failure, and a
 * name that would be a script if it were taken for HTML. Counters grow with the time that is given in.
 */
export const JOB_ID = '0123456789abcdef0123456789abcdef';
export const JOB_NAME = 'flights <script>alert(1)</script>';
export const ENDED_JOB_ID = 'fedcba9876543210fedcba9876543210';

const LONG_MIN = '-9223372036854775808';

/** One moment of the recorded cluster. `startMs`: when its job began; `state`: of the job. */
export class RecordedCluster {
  readonly #startMs: number;
  readonly #nowMs: number;
  readonly #state: string;

  constructor(startMs: number, nowMs: number, state: string) {
    this.#startMs = startMs;
    this.#nowMs = nowMs;
    this.#state = state;
  }

  /** Undefined: there is no such path. Text where it is no JSON. */
  answer(path: string): unknown {
    const [, jobId, below = ''] = /^\/jobs\/([0-9a-f]{32})(?:\/(.*))?$/.exec(path) ?? [];
    if (jobId === JOB_ID) return this.#aboutJob(below);
    if (jobId === ENDED_JOB_ID) return this.#aboutEnded(below);
    switch (path) {
      case '/config':
        return { 'refresh-interval': 1000, 'flink-version': '2.2.0', features: { 'web-cancel': true } };
      case '/overview':
        return this.#overview();
      case '/jobs/overview':
        return { jobs: this.#jobs() };
      case '/taskmanagers':
        return { taskmanagers: [this.#taskManager()] };
      case '/taskmanagers/tm-1':
        return {
          ...this.#taskManager(),
          metrics: {
            heapUsed: 212 * 2 ** 20,
            heapMax: 512 * 2 ** 20,
            nettyShuffleMemorySegmentsTotal: 2048,
            nettyShuffleMemorySegmentsAvailable: 1985,
          },
          allocatedSlots: [1, 2, 3, 4].map(() => ({ jobId: JOB_ID, resource: {} })),
        };
      case '/taskmanagers/tm-1/thread-dump':
        return RECORDED_THREADS;
      case '/jobmanager/config':
        return [
          { key: 'taskmanager.memory.process.size', value: '1728m' },
          { key: 'taskmanager.numberOfTaskSlots', value: '8' },
          { key: 'rest.port', value: '8081' },
        ];
      case '/jobmanager/logs':
        return { logs: [{ name: 'flights.log', size: 2048, mtime: this.#nowMs }] };
      case '/jobmanager/logs/flights.log':
        return recordedLog(this.#startMs);
      default:
        return undefined;
    }
  }

  #aboutJob(below: string): unknown {
    const [, vertexId = '', part = ''] = /^vertices\/([0-9a-f]{32})(?:\/(.*))?$/.exec(below) ?? [];
    if (vertexId !== '') return this.#aboutVertex(vertexId, part);
    const [, checkpoint, of] =
      /^checkpoints\/details\/(\d+)(?:\/subtasks\/([0-9a-f]{32}))?$/.exec(below) ?? [];
    if (of !== undefined) return this.#checkpointSubtasks(Number(checkpoint), of);
    switch (below) {
      case '':
        return this.#job();
      case 'checkpoints':
        return checkpointStatistics(this.#nowMs);
      case 'checkpoints/config':
        return checkpointConfig();
      case `checkpoints/details/${checkpoint}`:
        return failedCheckpoint(this.#nowMs);
      case 'exceptions':
        return recordedExceptions(this.#nowMs);
      case 'config':
        return {
          jid: JOB_ID,
          name: JOB_NAME,
          'execution-config': {
            'execution-mode': 'PIPELINED',
            'restart-strategy': 'Exponential delay, from 1 s to 1 min',
            'job-parallelism': 2,
            'object-reuse-mode': false,
            'user-config': { input: 'flights.csv', output: 'delays' },
          },
        };
      case 'millrace/configuration':
        return {
          options: [
            { key: 'parallelism.default', value: '2', origin: 'command line' },
            { key: 'execution.checkpointing.interval', value: '10 s', origin: 'millrace.config.json' },
            { key: 'restart-strategy.type', value: 'exponential-delay', origin: 'default' },
          ],
        };
      case 'millrace/explain':
        return recordedExplanation(this.#startMs, this.#nowMs);
      case 'resource-requirements':
        return Object.fromEntries(
          PACES.map((pace) => [pace.id, { parallelism: { lowerBound: 1, upperBound: pace.parallelism } }]),
        );
      default:
        return undefined;
    }
  }

  #aboutEnded(below: string): unknown {
    if (below === '') {
      const job = this.#job();
      const endMs = this.#startMs + 60_000;
      const vertices = job.vertices.map((vertex) => ({
        ...vertex,
        status: 'FINISHED',
        'end-time': endMs,
        duration: 60_000,
      }));
      return { ...job, jid: ENDED_JOB_ID, name: 'nightly', state: 'FINISHED', 'end-time': endMs, vertices };
    }
    if (below === 'exceptions') return { exceptionHistory: { entries: [], truncated: false } };
    return below === 'checkpoints' ? undefined : this.#aboutJob(below);
  }

  #aboutVertex(vertexId: string, part: string): unknown {
    const pace = PACES.find((one) => one.id === vertexId);
    if (pace === undefined) return undefined;
    const flames = /^flamegraph\?type=(\w+)$/.exec(part)?.[1];
    if (flames !== undefined) return recordedFlameGraph(flames, this.#nowMs);
    const query = /^subtasks\/metrics(?:\?get=([^&]*).*)?$/.exec(part);
    if (query !== null) return metrics(query[1], this.#seconds() * pace.in);
    return part === ''
      ? this.#vertexDetail(pace)
      : part === 'watermarks'
        ? this.#watermarks(pace)
        : undefined;
  }

  #seconds(): number {
    return (this.#nowMs - this.#startMs) / 1000;
  }

  #overview(): unknown {
    const ended = this.#state === 'CANCELED' ? 1 : 0;
    return {
      taskmanagers: 1,
      'slots-total': 8,
      'slots-available': 4,
      'jobs-running': 1 - ended,
      'jobs-finished': 1,
      'jobs-cancelled': ended,
      'jobs-failed': 0,
      'flink-version': '2.2.0',
      'flink-commit': 'millrace',
    };
  }

  #jobs(): readonly JobOverview[] {
    const startMs = this.#startMs;
    const ended = this.#state === 'CANCELED';
    return [
      {
        jid: JOB_ID,
        name: JOB_NAME,
        state: this.#state,
        'start-time': startMs,
        'end-time': ended ? this.#nowMs : -1,
        duration: this.#nowMs - startMs,
        'last-modification': startMs,
        tasks: { total: 11, running: 11, finished: 0 },
      },
      {
        jid: ENDED_JOB_ID,
        name: 'nightly',
        state: 'FINISHED',
        'start-time': startMs,
        'end-time': startMs + 60_000,
        duration: 60_000,
        'last-modification': startMs + 60_000,
        tasks: { total: 11, finished: 11 },
      },
    ];
  }

  #job(): JobDetail {
    const now = this.#nowMs;
    return {
      jid: JOB_ID,
      name: JOB_NAME,
      isStoppable: false,
      'job-type': 'STREAMING',
      state: this.#state,
      'start-time': this.#startMs,
      'end-time': this.#state === 'CANCELED' ? now : -1,
      duration: now - this.#startMs,
      maxParallelism: 128,
      now,
      timestamps: { CREATED: this.#startMs, RUNNING: this.#startMs + 400 },
      vertices: PACES.map((pace) => this.#vertex(pace)),
      plan: { nodes: PACES.map(planNode) },
    };
  }

  #vertex(pace: Pace): JobVertex {
    return {
      id: pace.id,
      name: pace.name,
      parallelism: pace.parallelism,
      maxParallelism: 128,
      status: this.#state === 'CANCELED' ? 'CANCELED' : 'RUNNING',
      'start-time': this.#startMs,
      'end-time': this.#state === 'CANCELED' ? this.#nowMs : -1,
      duration: this.#nowMs - this.#startMs,
      tasks: { RUNNING: pace.parallelism, FINISHED: 0 },
      metrics: this.#metrics(pace, pace.parallelism),
    };
  }

  #metrics(pace: Pace, subtasks: number): IoMetrics {
    const seconds = this.#seconds() * subtasks;
    return {
      'read-bytes': Math.round(seconds * pace.in * 90),
      'write-bytes': Math.round(seconds * pace.out * 90),
      'read-records': Math.round(seconds * pace.in),
      'write-records': Math.round(seconds * pace.out),
      'accumulated-backpressured-time': Math.round(seconds * 1000 * pace.backPressured),
      'accumulated-idle-time': Math.round(seconds * 1000 * (1 - pace.busy - pace.backPressured)),
      'accumulated-busy-time': Math.round(seconds * 1000 * pace.busy),
    };
  }

  #vertexDetail(pace: Pace): VertexDetail {
    const subtask = (index: number): SubtaskInfo => ({
      subtask: index,
      status: 'RUNNING',
      attempt: 1,
      host: 'localhost',
      'start-time': this.#startMs,
      'end-time': -1,
      duration: this.#nowMs - this.#startMs,
      metrics: this.#metrics(pace, pace.name === 'mean-delay' ? (index === 2 ? 3.4 : 0.2) : 1),
      'taskmanager-id': 'tm-1',
    });
    return {
      id: pace.id,
      name: pace.name,
      parallelism: pace.parallelism,
      maxParallelism: 128,
      now: this.#nowMs,
      subtasks: Array.from({ length: pace.parallelism }, (_, index) => subtask(index)),
    };
  }

  #watermarks({ parallelism, behindMs }: Pace): readonly MetricValue[] {
    return Array.from({ length: parallelism }, (_, subtask) => ({
      id: `${subtask}.currentInputWatermark`,
      value: behindMs === undefined ? LONG_MIN : String(this.#nowMs - behindMs),
    }));
  }

  #checkpointSubtasks(checkpointId: number, vertexId: string): CheckpointSubtasks | undefined {
    const pace = PACES.find((one) => one.id === vertexId);
    return pace && checkpointSubtasks(checkpointId, pace, this.#nowMs);
  }

  #taskManager(): TaskManager {
    const mib = 2 ** 20;
    return {
      id: 'tm-1',
      path: 'local',
      timeSinceLastHeartbeat: this.#nowMs - 300,
      slotsNumber: 8,
      freeSlots: 4,
      hardware: { cpuCores: 2, physicalMemory: 24 * 1024 * mib },
      memoryConfiguration: {
        frameworkHeap: 128 * mib,
        taskHeap: 384 * mib,
        frameworkOffHeap: 128 * mib,
        taskOffHeap: 0,
        networkMemory: 128 * mib,
        managedMemory: 512 * mib,
        jvmMetaspace: 256 * mib,
        jvmOverhead: 192 * mib,
        totalFlinkMemory: 1280 * mib,
        totalProcessMemory: 1728 * mib,
      },
    };
  }
}

function planNode(pace: Pace): PlanNode {
  return {
    id: pace.id,
    parallelism: pace.parallelism,
    description: pace.name.replace(/>/g, '&gt;').replace(' -', '<br/>+-'),
    inputs: pace.inputs.map(([id, ship_strategy]) => ({ id, ship_strategy })),
  };
}

function metrics(asked: string | undefined, value: number): unknown {
  if (asked === undefined) return [{ id: 'numRecordsIn' }, { id: 'late.dropped' }];
  return [{ id: decodeURIComponent(asked), min: value * 0.4, avg: value, max: value * 1.8 }];
}
