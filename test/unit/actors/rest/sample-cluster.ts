import type { RescaleReport } from '../../../../actors/cluster/rescale-request.js';
import type { RestCluster, RestTaskManager } from '../../../../actors/rest/rest-cluster.js';
import type { ThreadProfile } from '../../../../actors/rest/thread-profile.js';
import type {
  CheckpointHistory,
  CheckpointRecord,
  JobDetails,
  JobFailure,
  SubtaskDetails,
} from '../../../../core/internal.js';

export const JOB_ID = '0123456789abcdef0123456789abcdef';
export const JOB_NAME = 'orders <script>alert(1)</script>';

const NEVER = {
  CREATED: 0,
  SCHEDULED: 0,
  DEPLOYING: 0,
  INITIALIZING: 0,
  RUNNING: 0,
  FINISHED: 0,
  CANCELING: 0,
  CANCELED: 0,
  FAILED: 0,
};

function running(subtask: number): SubtaskDetails {
  return {
    subtask,
    attempt: 2,
    state: 'RUNNING',
    timestamps: {
      ...NEVER,
      CREATED: 900_000,
      SCHEDULED: 900_010,
      DEPLOYING: 900_020,
      INITIALIZING: 900_200,
      RUNNING: 900_300,
    },
    taskManagerId: 'taskmanager-1',
  };
}

function vertex(id: number, uid: string, parallelism: number) {
  return {
    id,
    uid,
    name: `${uid} -> Map`,
    parallelism,
    parallelismConfigured: false,
    maxParallelism: 128,
    slotSharingGroup: 'default',
    isSource: id === 0,
    bounded: false,
    operators: [
      { uid, name: uid, description: undefined, keyed: id === 1 },
      { uid: `${uid}-map`, name: 'Map', description: 'a < b && "c"', keyed: false },
    ],
  };
}

const SAMPLE_RESCALE: RescaleReport = {
  attempt: 3,
  requestedMs: 960_000,
  takenDownMs: 960_100,
  runningMs: 960_150,
  downMs: 50,
  pauseMs: 70,
  restoredCheckpointId: 12,
  vertices: [
    { former: 1, present: 1 },
    { former: 2, present: 4 },
  ],
};

export const SAMPLE_JOB: JobDetails = {
  jobId: JOB_ID,
  jobName: JOB_NAME,
  status: 'RUNNING',
  startMs: 899_000,
  endMs: undefined,
  lastModificationMs: 900_300,
  timestamps: {
    INITIALIZING: 899_000,
    CREATED: 899_900,
    RUNNING: 900_000,
    RESTARTING: 0,
    FAILING: 0,
    FAILED: 0,
    CANCELLING: 0,
    CANCELED: 0,
    FINISHED: 0,
    SUSPENDED: 0,
  },
  deploying: { sinceMs: undefined, spentMs: 0 },
  spentMs: {
    INITIALIZING: 900,
    CREATED: 100,
    RUNNING: 0,
    RESTARTING: 0,
    FAILING: 0,
    FAILED: 0,
    CANCELLING: 0,
    CANCELED: 0,
    FINISHED: 0,
    SUSPENDED: 0,
  },
  runtimeMode: 'STREAMING',
  attempt: 2,
  restarts: 1,
  graph: {
    name: JOB_NAME,
    runtimeMode: 'STREAMING',
    fingerprint: 'f',
    vertices: [vertex(0, 'numbers', 1), vertex(1, 'counts', 2)],
    edges: [
      {
        id: 0,
        source: 0,
        sourceUid: 'numbers-map',
        target: 1,
        inputIndex: 0,
        partitioner: 'hash',
        typeId: 't',
      },
    ],
    warnings: [],
    cachedFiles: [],
    configuration: {},
  },
  vertices: [{ subtasks: [running(0)] }, { subtasks: [running(0), running(1)] }],
};

const ACKNOWLEDGED = {
  ackMs: 950_120,
  durationMs: 120,
  syncMs: 3,
  asyncMs: 80,
  alignmentMs: 7,
  startDelayMs: 11,
  checkpointedBytes: 1000,
  stateBytes: 4000,
  processedBytes: 20,
  persistedBytes: 0,
  unaligned: false,
};

function record(checkpointId: number, status: CheckpointRecord['status']): CheckpointRecord {
  const all = status === 'COMPLETED';
  return {
    checkpointId,
    status,
    type: checkpointId === 3 ? 'SAVEPOINT' : 'CHECKPOINT',
    triggerMs: 950_000,
    latestAckMs: 950_120,
    durationMs: 130,
    checkpointedBytes: 2000,
    stateBytes: 8000,
    processedBytes: 40,
    persistedBytes: 0,
    externalPath: all ? 'checkpoints/orders/log/0000000004' : undefined,
    discarded: false,
    failure:
      status === 'FAILED'
        ? { failedMs: 950_500, message: 'Checkpoint expired before completing.' }
        : undefined,
    tasks: [
      { vertexId: 0, subtasks: [{ subtask: 0, ...ACKNOWLEDGED }] },
      {
        vertexId: 1,
        subtasks: [{ subtask: 0, ...ACKNOWLEDGED }, all ? { subtask: 1, ...ACKNOWLEDGED } : undefined],
      },
    ],
  };
}

const STATS = { min: 1, max: 100, avg: 38.5, p50: 30.5, p90: 98.1, p95: 100, p99: 100, p999: 100 };

export const SAMPLE_HISTORY: CheckpointHistory = {
  counts: { restored: 1, total: 5, inProgress: 1, completed: 3, failed: 1 },
  summary: {
    checkpointedBytes: STATS,
    stateBytes: STATS,
    durationMs: STATS,
    processedBytes: STATS,
    persistedBytes: { ...STATS, p50: Number.NaN },
  },
  restored: { checkpointId: 1, restoredMs: 900_000, isSavepoint: false, externalPath: undefined },
  latestCompleted: record(4, 'COMPLETED'),
  latestSavepoint: record(3, 'COMPLETED'),
  latestFailed: record(2, 'FAILED'),
  history: [record(5, 'IN_PROGRESS'), record(4, 'COMPLETED'), record(3, 'COMPLETED'), record(2, 'FAILED')],
};

const FAILURE: JobFailure = {
  attempt: 1,
  failedMs: 899_950,
  rootCause: {
    code: 'MR5001',
    what: 'A user function threw.',
    where: { operator: 'counts', subtask: 1 },
    why: undefined,
    hint: undefined,
    stack: 'Error: boom\n    at map (file:///jobs/orders.js:3:9)',
    cause: {
      code: 'MR9002',
      what: 'Error: no answer of s3://key:canary-secret@bucket/x',
      where: {},
      why: undefined,
      hint: undefined,
      stack: undefined,
      cause: undefined,
    },
  },
  taskName: 'counts (2/2)',
  taskManagerId: undefined,
  labels: { type: 'USER' },
  concurrent: [],
  restartedTasks: ['counts (1/2)', 'counts (2/2)'],
  restoredCheckpointId: undefined,
  recoveryMs: 50,
};

const RESOURCE = {
  cpuCores: 1,
  taskHeapMemory: 191,
  taskOffHeapMemory: 0,
  managedMemory: 256,
  networkMemory: 64,
};
const TASK_MANAGER: RestTaskManager = {
  id: 'taskmanager-1',
  lastHeartbeatMs: 999_000,
  slots: 2,
  freeSlots: 0,
  totalResource: RESOURCE,
  freeResource: RESOURCE,
  hardware: { cpuCores: 2, physicalMemory: 8e9, freeMemory: 4e9, managedMemory: 536_870_920 },
  memory: {
    frameworkHeap: 134_217_728,
    taskHeap: 402_653_174,
    frameworkOffHeap: 134_217_728,
    taskOffHeap: 0,
    networkMemory: 134_217_730,
    managedMemory: 536_870_920,
    jvmMetaspace: 268_435_456,
    jvmOverhead: 201_326_592,
    totalFlinkMemory: 1_342_177_280,
    totalProcessMemory: 1_811_939_328,
  },
  allocated: [{ jobId: JOB_ID, resource: RESOURCE }],
  heapMax: 30,
  segmentBytes: 32_768,
  segmentsTotal: 4096,
  segmentsAvailable: 4000,
};

function sampleTask(subtask: number) {
  return {
    vertexId: 1,
    subtask,
    threadId: 7 + subtask,
    recordsIn: 100,
    recordsOut: 90,
    bytesIn: 1000,
    bytesOut: 900,
    watermark: 898_000,
    busyMs: 700,
    idleMs: 100,
    backPressuredMs: 200,
  };
}

/** One running job, and what there is to see of it. Calls that change something are noted. */
export function sampleCluster(done: string[]): RestCluster {
  const known = <T>(jobId: string, value: T): T | undefined => (jobId === JOB_ID ? value : undefined);
  return {
    shutDown: undefined,
    jobs: async () => [SAMPLE_JOB],
    job: async (jobId) => known(jobId, SAMPLE_JOB),
    checkpoints: async (jobId) => known(jobId, SAMPLE_HISTORY),
    failures: async (jobId) => known(jobId, [FAILURE]) ?? [],
    jobConfiguration: async (jobId) =>
      known(jobId, {
        options: { 'execution.checkpointing.interval': { value: 10_000, origin: 'flag' } },
        parallelism: 2,
        restartStrategy: 'fixed-delay',
        params: { input: 'in' },
      }),
    explain: async (jobId) =>
      known(jobId, { jobName: SAMPLE_JOB.jobName, atMs: 1, operators: [], silent: [], text: '' }),
    accumulators: async () => ({ words: new Map([['a', 2]]), lines: 7, names: ['x'] }),
    taskManagers: async () => [TASK_MANAGER],
    startTaskManager: async () => {
      done.push('start TaskManager');
      return 'taskmanager-2';
    },
    terminateTaskManager: async (id) => void done.push(`terminate ${id}`),
    tasks: async () => [0, 1].map(sampleTask),
    sampleThreads: async ({ threadIds }) => sampleProfiles(threadIds ?? [0, 1, 7, 8]),
    prometheus: async () => 'flink_jobmanager_numRunningJobs{host="here"} 1\n',
    listLogs: async (owner) => [{ name: `job.${owner}.log`, size: 5, mtime: 1000 }],
    readLog: async (owner, name) => (name === `job.${owner}.log` ? 'said\n' : undefined),
    metrics: async (scope) =>
      scope.type === 'vertex'
        ? [
            { id: '0.numRecordsIn', value: 100 },
            { id: '1.numRecordsIn', value: 50 },
            { id: '0.currentInputWatermark', value: 898_000 },
          ]
        : [{ id: 'uptime', value: 1000 }],
    cancel: async (jobId) => void done.push(`cancel ${jobId}`),
    savepoint: async (_, { folder, stop }) => {
      done.push(`savepoint ${folder} ${stop}`);
      return { type: 'completed', path: 'savepoints/savepoint-1' };
    },
    checkpoint: async (_, type) => {
      done.push(`checkpoint ${type}`);
      return { type: 'completed', checkpointId: 6 };
    },
    submitFile: async (name) => {
      done.push(`submit ${name}`);
      return {
        type: 'started',
        jobId: JOB_ID,
        jobName: name,
        warnings: [],
        restoredCheckpointId: undefined,
        begunFrom: undefined,
      };
    },
    disposeSavepoint: async (path) => void done.push(`dispose ${path}`),
    resourceRequirements: async (jobId) => known(jobId, [{ vertexId: 1, lowerBound: 1, upperBound: 2 }]),
    rescale: async (_, parallelism, waits) => {
      done.push(`rescale ${JSON.stringify(parallelism)}`);
      return waits ? SAMPLE_RESCALE : undefined;
    },
  };
}

/** Of ten samples a thread was in `price` in six, below `run`, and waited in three; one was of the engine. */
export function sampleProfiles(threadIds: readonly number[]): ThreadProfile[] {
  const frame = (functionName: string, url: string, line: number, hits: number, calls: number[]) => ({
    functionName,
    url,
    line,
    hits,
    calls,
  });
  return threadIds.map((threadId) => ({
    threadId,
    name: threadId === 0 ? 'main' : `thread ${threadId}`,
    frames: [
      frame('(root)', '', 0, 0, [1, 3]),
      frame('run', 'file:///app/job.js', 3, 1, [2]),
      frame('price', 'file:///app/job.js', 12, 6, []),
      frame('(idle)', '', 0, 3, []),
    ],
    last: threadId === 7 ? 2 : 3,
  }));
}
