import t from 'tap';
import { type JobMasterSettings, startJobMaster } from '../../../actors/cluster/job-master-actor.js';
import type { JobMasterPorts } from '../../../actors/cluster/job-master-ports.js';
import { ActorSystem } from '../../../actors/kernel/actor-system.js';
import { MillraceError } from '../../../core/base/millrace-error.js';
import { Prng } from '../../../core/base/prng.js';
import { DEFAULT_CHECKPOINT_CONFIG } from '../../../core/checkpoint/checkpoint-config.js';
import type { CheckpointStorage } from '../../../core/checkpoint/checkpoint-storage.js';
import type { CheckpointManifest } from '../../../core/checkpoint/snapshot-handle.js';
import type { JobTimer } from '../../../core/job/job-protocol.js';
import type { AttemptDescription, TaskEvent, TaskLauncher } from '../../../core/ports/task-launcher.js';
import type { TaskAddress, TaskMessage, TaskReport } from '../../../core/protocol/control-message.js';
import { ManualTurns } from '../../manual-turns.js';
import { modelGraph, modelSnapshot } from '../../model-graph.js';
import { METRICS } from '../core/coordinator-driver.js';

/** What a task says until its first record. */
const RUNNING = [{ type: 'initializing' }, { type: 'running' }] as const;
const GRAPH = modelGraph({ name: 'source', parallelism: 1 });

/** Everything around one job master, by hand. */
class World {
  readonly turns = new ManualTurns();
  readonly failures: string[] = [];
  readonly system = new ActorSystem(this.turns, {
    onFailure: (actor, error) => this.failures.push(`${actor}: ${String(error)}`),
  });
  readonly log: string[] = [];
  readonly attempts: AttemptDescription[] = [];
  readonly armed = new Map<number, JobTimer>();
  /** What the storage answers, by verb; absent: it agrees. */
  readonly refusals = new Map<string, unknown>();
  deliver: (timer: JobTimer) => void = () => {};
  onEvent: (event: TaskEvent) => void = () => {};
  launchError: unknown;
  terminate: () => Promise<void> = () => Promise.resolve();

  get ports(): JobMasterPorts {
    let nextTimer = 1;
    return {
      launcher: this.#launcher(),
      storage: this.#storage(),
      clock: { monotonicMs: () => 5, wallMs: () => 1005 },
      createTimers: (deliver) => {
        this.deliver = deliver;
        return {
          arm: (_, timer) => {
            this.armed.set(nextTimer, timer);
            return nextTimer++;
          },
          cancel: (id) => this.armed.delete(id),
        };
      },
      trace: { enabled: true, emit: ({ name }) => this.log.push(name) },
      jitter: new Prng(1),
      listener: {
        onTasksRunning: (attempt) => this.log.push(`running ${attempt}`),
        onData: (_, report) => {
          if (report.type === 'collected') this.log.push(`collected ${report.uid} ${report.sequence}`);
        },
      },
    };
  }

  start(settings: Partial<JobMasterSettings> = {}, ports: Partial<JobMasterPorts> = {}) {
    const all = {
      jobId: 'job',
      graph: GRAPH,
      acceptedMs: 5000,
      restored: undefined,
      firstCheckpointId: undefined,
      checkpointing: DEFAULT_CHECKPOINT_CONFIG,
      restartStrategy: { type: 'fixed-delay', attempts: 1, delayMs: 0 },
      ...settings,
    } as const;
    return startJobMaster(this.system, all, { ...this.ports, ...ports });
  }

  /** Turns of actors and of promises, until neither brings anything new. */
  async settle(): Promise<void> {
    for (let i = 0; i < 20; i++) {
      this.turns.runAll();
      await Promise.resolve();
    }
  }

  async report(...reports: readonly TaskReport[]): Promise<void> {
    const attempt = this.attempts.length;
    const task: TaskAddress = { jobId: 'job', attempt, vertexId: 0, subtask: 0 };
    for (const report of reports) this.onEvent({ type: 'report', task, report });
    await this.settle();
  }

  async fire(name: JobTimer['name']): Promise<void> {
    for (const [id, timer] of this.armed) {
      if (timer.name !== name) continue;
      this.armed.delete(id);
      this.deliver(timer);
    }
    await this.settle();
  }

  #launcher(): TaskLauncher {
    return {
      launch: (attempt, onEvent) => {
        if (this.launchError !== undefined) throw this.launchError;
        this.attempts.push(attempt);
        this.log.push(`launch ${attempt.attempt}`);
        this.onEvent = onEvent;
        return {
          send: (_: TaskAddress, { type }: TaskMessage) => this.log.push(`send ${type}`),
          terminate: () => {
            this.log.push(`terminate ${attempt.attempt}`);
            return this.terminate();
          },
        };
      },
    };
  }

  #storage(): CheckpointStorage {
    const answer = async (verb: string): Promise<void> => {
      this.log.push(verb);
      const refusal = this.refusals.get(verb);
      if (refusal !== undefined) throw refusal;
    };
    const unused = (): never => {
      throw new Error('not asked here');
    };
    return {
      epoch: 4,
      read: unused,
      writerFor: unused,
      latest: unused,
      complete: async ({ checkpointId }: CheckpointManifest) => {
        await answer(`complete ${checkpointId}`);
        return undefined;
      },
      resolveUnknown: async (id) => {
        await answer(`resolve ${id}`);
        return true;
      },
      exportSavepoint: async ({ checkpointId }, folder) => {
        await answer(`export ${checkpointId}`);
        return `${folder}/savepoint-${checkpointId}`;
      },
      retain: (count) => answer(`retain ${count}`),
      discard: (id) => answer(`discard ${id}`),
      finish: ({ state }, keep) => answer(`finish ${state}${keep ? ', kept' : ''}`),
    };
  }
}

const acknowledged = (checkpointId: number): TaskReport => ({
  type: 'checkpoint-acknowledged',
  checkpointId,
  snapshot: modelSnapshot('source', `f${checkpointId}`),
  metrics: METRICS,
});
const enumerated = (checkpointId: number): TaskReport => ({
  type: 'enumerator-snapshot',
  checkpointId,
  state: Uint8Array.of(),
});

async function completeByRequest(world: World, job: ReturnType<World['start']>, id: number): Promise<number> {
  const asked = job.triggerCheckpoint();
  await world.settle();
  await world.report(enumerated(id), acknowledged(id));
  return asked;
}

t.test('a job runs to its end: launched, checkpointed, finished, recorded', async (t) => {
  const world = new World();
  const job = world.start();
  await world.settle();
  t.match(world.attempts, [{ jobId: 'job', attempt: 1, epoch: 4, graph: GRAPH, restore: undefined }]);
  await world.report(...RUNNING);
  t.equal(await completeByRequest(world, job, 1), 1);
  await world.report({ type: 'data-finished' }, { type: 'finished' });
  t.match(await job.result, { jobName: 'model', attempts: 1, checkpoints: { completed: 1 } });
  t.equal(job.view.status().status, 'FINISHED');
  t.same(
    world.log.filter((line) => !line.includes('.')),
    [
      'launch 1',
      'running 1',
      'send snapshot-enumerator',
      'send trigger-checkpoint',
      'complete 1',
      'send checkpoint-completed',
      'retain 1',
      'send snapshot-enumerator',
      'terminate 1',
      'finish FINISHED',
    ],
  );
  t.same(world.armed.size, 0, 'no timer is left');
  await job.close();
});

t.test('timers come back as mail: the interval begins a checkpoint', async (t) => {
  const world = new World();
  world.start();
  await world.settle();
  await world.report(...RUNNING);
  await world.fire('checkpoint-due');
  t.ok(world.log.includes('send snapshot-enumerator'));
});

t.test(
  'a failed task is restarted, and the job fails with its cause when the strategy gives up',
  async (t) => {
    const world = new World();
    const job = world.start();
    await world.settle();
    const error = { why: undefined, hint: undefined, stack: undefined, cause: undefined };
    for (const what of ['first', 'second']) {
      await world.report(...RUNNING, {
        type: 'failed',
        error: { code: 'MR5001', what, where: {}, ...error },
      });
    }
    t.equal(world.attempts.length, 2);
    await t.rejects(job.result, {
      code: 'MR5006',
      cause: { code: 'MR5001', what: 'second', where: { operator: 'source', subtask: 0 } },
    });
    t.ok(world.log.includes('finish FAILED, kept'));
    t.same(job.view.status().lastFailure?.rootCause.what, 'second');
  },
);

t.test('a rejection of the storage is looked into, and the checkpoint counts if it is there', async (t) => {
  const world = new World();
  world.refusals.set('complete 1', new Error('timed out'));
  const job = world.start();
  await world.settle();
  await world.report(...RUNNING);
  t.equal(await completeByRequest(world, job, 1), 1);
  t.ok(world.log.includes('resolve 1'));
});

t.test('upkeep that fails is traced and harms nobody', async (t) => {
  const world = new World();
  world.refusals.set('retain 1', new Error('busy'));
  const job = world.start();
  await world.settle();
  await world.report(...RUNNING);
  await completeByRequest(world, job, 1);
  t.ok(world.log.includes('checkpoint.retention-failed'));
  t.equal(job.view.status().status, 'RUNNING');
});

t.test('who has lost the lead rejects with that, and tells nobody', async (t) => {
  const world = new World();
  world.refusals.set('complete 1', new MillraceError('MR8003', 'fenced off'));
  const job = world.start();
  await world.settle();
  await world.report(...RUNNING);
  await t.rejects(completeByRequest(world, job, 1), { code: 'MR3007' });
  await t.rejects(job.result, { code: 'MR8003' });
  t.equal(job.view.status().status, 'SUSPENDED');
  t.notOk(world.log.some((line) => /checkpoint-(completed|aborted)|finish/.test(line)));
});

t.test('an attempt that does not fit into memory fails the job before a thread starts', async (t) => {
  const world = new World();
  world.launchError = new MillraceError('MR4004', 'Insufficient number of network buffers');
  const job = world.start();
  await world.settle();
  await t.rejects(job.result, { code: 'MR5006', cause: { code: 'MR4004' } });
});

t.test('a cancelled job rejects with MR5007', async (t) => {
  const world = new World();
  const job = world.start();
  await world.settle();
  await world.report(...RUNNING);
  job.cancel();
  await world.settle();
  await t.rejects(job.result, { code: 'MR5007' });
  t.ok(world.log.includes('finish CANCELED'));
});

t.test('closing ends the job as a crash would: threads go, nothing is recorded', async (t) => {
  const world = new World();
  const job = world.start();
  await world.settle();
  await world.report(...RUNNING);
  const asked = job.triggerCheckpoint();
  await Promise.all([job.close(), job.close(), t.rejects(asked, { code: 'MR3007' })]);
  await t.rejects(job.result, { code: 'MR5003' });
  t.ok(world.log.includes('terminate 1'));
  t.notOk(world.log.some((line) => line.startsWith('finish')));
  t.equal(world.armed.size, 0);
  await t.rejects(job.triggerCheckpoint(), { code: 'MR3007' }, 'whoever asks later is told');
});

t.test('threads that cannot be ended are the error of the job, and of closing it', async (t) => {
  const world = new World();
  world.terminate = () => Promise.reject(new Error('a thread hangs'));
  const job = world.start();
  await world.settle();
  await world.report(...RUNNING);
  await t.rejects(job.close(), { message: 'a thread hangs' });
  const other = world.start();
  await world.settle();
  other.cancel();
  await world.settle();
  await t.rejects(other.result, { code: 'MR5006', cause: { what: 'Error: a thread hangs' } });
});

t.test('a broken invariant of the machine ends the job with it', async (t) => {
  const world = new World();
  const job = world.start();
  await world.settle();
  await world.report({ type: 'finished' });
  await t.rejects(job.result, { code: 'MR9001' });
  t.ok(world.log.includes('terminate 1'));
  t.match(world.failures, [/job-master-job: MillraceError: MR9001/]);
});

t.test('collected values reach the listener; without checkpoints there is no storage', async (t) => {
  const world = new World();
  const job = world.start({ checkpointing: undefined }, { storage: undefined });
  await world.settle();
  t.match(world.attempts, [{ epoch: 0 }]);
  await world.report(...RUNNING, { type: 'collected', uid: 'sink', writer: '0-0', sequence: 3, values: [1] });
  t.ok(world.log.includes('collected sink 3'));
  await t.rejects(Promise.all([job.triggerCheckpoint(), world.settle()]), { code: 'MR3007' });
  t.match(job.view.describe(), /no checkpoints/);
  await world.report({ type: 'finished' });
  t.match(await job.result, { attempts: 1 });
  t.throws(() => world.start({ checkpointing: undefined }), { code: 'MR9001' }, 'the two belong together');
});
