import { randomBytes, randomInt } from 'node:crypto';
import {
  type AcceptedJob,
  type CheckpointHistory,
  type CheckpointType,
  type FailureHistorySettings,
  type JobConfiguration,
  type JobDetails,
  type JobExplanation,
  type JobFailure,
  type JobStatusSnapshot,
  type MetricsQuery,
  type MetricValue,
  MillraceError,
  type OptionLayer,
  Prng,
  type ResourceRequirements,
  resolveOptions,
  toWireError,
  type WireError,
} from '../../core/internal.js';
import type {
  CheckpointAnswer,
  ClusterGateway,
  JobResultAnswer,
  JobSubmission,
  LogFile,
  LogOwner,
  SavepointAnswer,
  SavepointRequest,
  SubmissionAnswer,
  TaskManagerAnswer,
  TaskManagerStatus,
  TaskStatus,
  Telemetry,
} from '../cluster/cluster-gateway.js';
import { startJobMaster } from '../cluster/job-master-actor.js';
import { JobRegistry } from '../cluster/job-registry.js';
import type { RescaleAnswer, RescaleRequest } from '../cluster/rescale-request.js';
import { ActorSystem } from '../kernel/actor-system.js';
import { AdaptiveScheduler } from './adaptive-scheduler.js';
import { ClusterMetrics } from './cluster-metrics.js';
import { CollectedValues } from './collected-values.js';
import { withDeadline } from './deadline.js';
import { type Deployment, deploymentOf } from './deployment.js';
import { type HostedJob, leave } from './hosted-job.js';
import { JobCounters } from './job-counters.js';
import { clusterCloses, type JobHome, noSavepointFolder, openJobHome, orRelease } from './job-home.js';
import { planJob } from './job-plan.js';
import { planAsRescaled, planForSlots, type ResumedPlan } from './job-requirements.js';
import { JobRescaler } from './job-rescaler.js';
import { configurationOf, failureHistory, jobStoreLimits, masterConfiguration } from './job-settings.js';
import { launcherSettings } from './launcher-settings.js';
import { LocalTaskManagers } from './local-task-managers.js';
import type { JobLog } from './logs/job-log.js';
import { listLogs, readLog } from './logs/log-files.js';
import { openJobLog } from './logs/open-job-log.js';
import { SYSTEM_CLOCK } from './system-clock.js';
import { SystemTimers } from './system-timers.js';
import { ThreadTaskLauncher } from './thread-task-launcher.js';
import { reportFailure } from './unexpected-failure.js';

/** A task that has not answered by then is busy in user code, and said to be. */
const EXPLAIN_DEADLINE_MS = 1000;

/**
 * The JobManager of this process, and its TaskManagers: accepts jobs and keeps them until it is closed.
 *
 * Invariants: one running job of a name; a job that could not be started leaves nothing behind; a job that
 * has ended holds no thread and no lead.
 */
export class ControlPlane implements ClusterGateway {
  readonly #system: ActorSystem;
  readonly #jobs = new Map<string, HostedJob>();
  readonly #names = new Set<string>();
  readonly #registry = new JobRegistry(SYSTEM_CLOCK);
  readonly #closings: Promise<void>[] = [];
  #layers: readonly OptionLayer[] | undefined;
  #managers: LocalTaskManagers | undefined;

  readonly #metrics = new ClusterMetrics(
    () =>
      [...this.#jobs.values()].map(({ running, launcher }) => ({
        view: running.view,
        attempts: launcher.measured,
      })),
    () => this.taskManagers(),
  );

  constructor() {
    const turns = { schedule: (turn: () => void) => void setImmediate(turn) };
    this.#system = new ActorSystem(turns, { onFailure: (actor, error) => reportFailure(actor, error) });
  }

  configure(layers: readonly OptionLayer[]): void {
    this.#layers = layers;
  }

  taskManagers(): readonly TaskManagerStatus[] {
    return this.managers().status();
  }

  async startTaskManager(): Promise<TaskManagerAnswer> {
    try {
      return { type: 'started', taskManagerId: this.managers().add() };
    } catch (error) {
      return { type: 'failed', error: toWireError(error) };
    }
  }

  async terminateTaskManager(id: string): Promise<WireError | undefined> {
    try {
      await this.managers().terminate(id, this.#jobs);
      return undefined;
    } catch (error) {
      return toWireError(error);
    }
  }

  /** Made for whoever asks first, since what is configured may be refused. */
  protected managers(): LocalTaskManagers {
    this.#managers ??= new LocalTaskManagers(resolveOptions(this.#layers ?? []));
    return this.#managers;
  }

  async submit(submission: JobSubmission): Promise<SubmissionAnswer> {
    try {
      return await this.#submit(submission);
    } catch (error) {
      return { type: 'refused', error: toWireError(error) };
    }
  }

  status(jobId: string): JobStatusSnapshot | undefined {
    return this.#jobs.get(jobId)?.running.view.status();
  }

  jobs(): readonly JobDetails[] {
    return this.#registry.jobs();
  }

  job(jobId: string): JobDetails | undefined {
    return this.#registry.job(jobId);
  }

  checkpoints(jobId: string): CheckpointHistory | undefined {
    const history = this.#registry.checkpoints(jobId);
    return history && (this.#jobs.get(jobId)?.log.redaction.checkpoints(history) ?? history);
  }

  failures(jobId: string): readonly JobFailure[] {
    const failures = this.#registry.failures(jobId);
    const redaction = this.#jobs.get(jobId)?.log.redaction;
    return redaction === undefined ? failures : failures.map((each) => redaction.failure(each));
  }

  jobConfiguration(jobId: string): JobConfiguration | undefined {
    return this.#registry.jobConfiguration(jobId);
  }

  accumulators(jobId: string): Readonly<Record<string, unknown>> {
    return this.#registry.accumulators(jobId);
  }

  tasks(jobId: string): readonly TaskStatus[] {
    return this.#jobs.get(jobId)?.launcher.tasks() ?? [];
  }

  readMetrics(query: MetricsQuery): Promise<readonly MetricValue[]> {
    return this.#metrics.values(query);
  }

  prometheus(): Promise<string> {
    return this.#metrics.prometheus();
  }

  telemetry(): Promise<Telemetry> {
    return this.#metrics.telemetry();
  }

  listLogs(owner: LogOwner): Promise<readonly LogFile[]> {
    return listLogs(this.#logs(), owner);
  }

  readLog(owner: LogOwner, name: string): Promise<string | undefined> {
    return readLog(this.#logs(), owner, name);
  }

  #logs(): JobLog[] {
    return [...this.#jobs.values()].map(({ log }) => log);
  }

  async measuredTasks(jobId: string): Promise<readonly TaskStatus[]> {
    await this.#metrics.refresh();
    return this.tasks(jobId);
  }

  metrics(jobId: string): Readonly<Record<string, number>> {
    return this.#jobs.get(jobId)?.counters.sums() ?? {};
  }

  async explain(jobId: string): Promise<JobExplanation | undefined> {
    const job = this.#jobs.get(jobId);
    return job && withDeadline(EXPLAIN_DEADLINE_MS, (deadline) => job.running.explain(deadline));
  }

  collected(jobId: string): readonly unknown[] {
    return this.#jobs.get(jobId)?.collected.take() ?? [];
  }

  async result(jobId: string): Promise<JobResultAnswer> {
    try {
      const { running, counters } = this.#job(jobId);
      const result = await running.result;
      return { type: 'finished', result: { ...result, metrics: counters.sums() } };
    } catch (error) {
      return { type: 'failed', error: toWireError(error) };
    }
  }

  cancel(jobId: string): void {
    this.#job(jobId).running.cancel();
  }

  async triggerCheckpoint(jobId: string, type: CheckpointType): Promise<CheckpointAnswer> {
    try {
      return { type: 'completed', checkpointId: await this.#job(jobId).running.triggerCheckpoint(type) };
    } catch (error) {
      return { type: 'failed', error: toWireError(error) };
    }
  }

  async savepoint(jobId: string, { folder, stop }: SavepointRequest): Promise<SavepointAnswer> {
    try {
      const { running, home } = this.#job(jobId);
      const chosen = folder ?? home.savepointFolder;
      if (chosen === undefined) throw noSavepointFolder();
      return { type: 'completed', path: await running.triggerSavepoint({ folder: chosen, stop }) };
    } catch (error) {
      return { type: 'failed', error: toWireError(error) };
    }
  }

  async rescale(jobId: string, request: RescaleRequest): Promise<RescaleAnswer> {
    try {
      return await this.#job(jobId).rescaler.rescale(request);
    } catch (error) {
      return { type: 'failed', error: toWireError(error) };
    }
  }

  resourceRequirements(jobId: string): ResourceRequirements | undefined {
    return this.#jobs.get(jobId)?.rescaler.requirements;
  }

  /** Who calls it again waits for the end of the same jobs too. */
  async close(): Promise<void> {
    this.#closings.push(this.#closeJobs());
    await Promise.all(this.#closings);
  }

  async #closeJobs(): Promise<void> {
    this.#metrics.close();
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    await Promise.all(jobs.map((job) => job.running.close()));
    await Promise.all(jobs.map((job) => leave(job)));
  }

  async #submit(submission: JobSubmission): Promise<SubmissionAnswer> {
    const acceptedMs = SYSTEM_CLOCK.wallMs();
    this.#layers ??= submission.layers;
    const { layout, slots } = this.managers();
    const plan = await planForSlots(await planJob(submission, layout), slots.within(''));
    const failures = await failureHistory(plan);
    const { name } = plan.graph;
    // Who leads no more must not take the job from who does.
    if (this.#closings.length > 0) throw clusterCloses();
    if (this.#names.has(name)) {
      throw new MillraceError('MR8002', `The job '${name}' already runs in this cluster.`, {
        hint: 'Give one of them another name with --job-id or pipeline.name.',
      });
    }
    const jobId = submission.fixedJobId ?? randomBytes(16).toString('hex');
    const accepted = { jobId, graph: plan.graph, acceptedMs };
    this.#registry.accept(
      accepted,
      { configuration: configurationOf(plan), limits: jobStoreLimits(plan) },
      failures,
    );
    this.#names.add(name);
    const deployment = deploymentOf(plan);
    const { threads } = deployment;
    // They load while the disk is asked what the job goes on from.
    void threads.warm();
    try {
      const home = await openJobHome(plan, { ...submission, jobId: accepted.jobId });
      if (home.type === 'home') {
        const resumed = await orRelease(home, async () => {
          const rescaled = await planAsRescaled(plan, home.requirements, slots.within(''));
          if (this.#closings.length > 0) throw clusterCloses();
          return rescaled;
        });
        const { graph } = resumed.plan;
        if (graph !== plan.graph) await threads.close();
        const fitting = graph === plan.graph ? deployment : deploymentOf(resumed.plan);
        return this.#start(resumed, home, fitting, { ...accepted, graph, failures });
      }
      await threads.close();
      this.#names.delete(name);
      this.#registry.withdraw(accepted.jobId);
      return { ...home, jobName: name };
    } catch (error) {
      this.#registry.failed(accepted.jobId, toWireError(error));
      await threads.close();
      this.#names.delete(name);
      throw error;
    }
  }

  #start(
    resumed: ResumedPlan,
    home: JobHome,
    deployment: Deployment,
    accepted: AcceptedJob & { readonly failures: FailureHistorySettings },
  ): SubmissionAnswer {
    const { jobId } = accepted;
    const { plan } = resumed;
    const { name } = plan.graph;
    const collected = new CollectedValues();
    const counters = new JobCounters();
    const log = openJobLog(jobId, plan, home);
    const { slots } = this.managers();
    const launcher = new ThreadTaskLauncher(launcherSettings(plan, home, log, slots), deployment);
    const scheduler = AdaptiveScheduler.of(plan.options.values, slots);
    const configuration = masterConfiguration(plan);
    const mayRestart = configuration.restartStrategy.type !== 'none';
    const running = startJobMaster(
      this.#system,
      {
        ...accepted,
        restored: home.manifest,
        restoredFrom: home.restoredFrom,
        firstCheckpointId: home.nextCheckpointId,
        ...configuration,
      },
      {
        launcher,
        slots: slots.of(jobId),
        storage: home.storage,
        clock: SYSTEM_CLOCK,
        createTimers: (deliver) => new SystemTimers(deliver),
        trace: log.trace,
        jitter: new Prng(randomInt(2 ** 48 - 1)),
        listener: {
          onTasksRunning: () => {
            if (mayRestart) launcher.warm();
            scheduler?.onRunning();
          },
          onSlotsMissing: () => scheduler?.onWaiting(),
          onData: (task, report) => {
            if (report.type === 'counters') counters.add(task, report.values);
            else if (report.type === 'collected') collected.add(report);
          },
        },
      },
    );
    const rescaler = new JobRescaler(resumed, running, launcher, slots);
    scheduler?.begin(rescaler);
    const job: HostedJob = { name, running, launcher, rescaler, home, collected, counters, log, scheduler };
    this.#jobs.set(jobId, job);
    this.#registry.started(jobId, running.view);
    this.#metrics.start(plan.options.values['metrics.fetcher.update-interval']);
    const ended = (): Promise<void> => this.#ended(jobId, job);
    running.result.then(ended, ended).catch((error: unknown) => reportFailure(name, error));
    return {
      type: 'started',
      jobId,
      jobName: name,
      warnings: [...plan.warnings, ...home.warnings],
      restoredCheckpointId: home.manifest?.checkpointId,
      begunFrom: home.begunFrom,
    };
  }

  async #ended(jobId: string, job: HostedJob): Promise<void> {
    this.#registry.ended(jobId);
    this.managers().slots.release(jobId);
    await leave(job);
    this.#names.delete(job.name);
    for (const id of this.#jobs.keys()) if (!this.#registry.knows(id)) this.#jobs.delete(id);
  }

  #job(jobId: string): HostedJob {
    const job = this.#jobs.get(jobId);
    if (job !== undefined) return job;
    throw new MillraceError('MR7001', `No job ${jobId} is known to this cluster.`);
  }
}
