import {
  CHECKPOINT_FAILURE_REASONS,
  type CheckpointConfig,
  type CheckpointManifest,
  type CheckpointRequestOutcome,
  type CheckpointType,
  createRestartStrategy,
  explainJob,
  type FailoverStrategy,
  type FailureHistorySettings,
  fromWireError,
  invariant,
  type JobEffect,
  type JobEvent,
  type JobExplanation,
  type JobGraph,
  JobMaster,
  type JobOutcome,
  type JobRunResult,
  type JobView,
  MillraceError,
  type RescaleConfig,
  type RescaleOutcome,
  type RescaleRecord,
  type RestartStrategyConfig,
  type SavepointOrder,
  type SlotConfig,
} from '../../core/internal.js';
import type { Actor, ActorContext, ActorRef, StopReason } from '../kernel/actor.js';
import type { ActorSystem } from '../kernel/actor-system.js';
import { JobEffects } from './job-effects.js';
import type { JobMasterPorts } from './job-master-ports.js';

/** Task events of one attempt and outcomes of its effects; reports are bounded by their senders. */
const MAILBOX_CAPACITY = 1 << 18;

export interface JobMasterSettings {
  readonly jobId: string;
  readonly graph: JobGraph;
  /** Wall time at which it was accepted, ms. */
  readonly acceptedMs: number;
  /** What the first attempt starts from; undefined: from the beginning. */
  readonly restored: CheckpointManifest | undefined;
  /** Where that lies, as far as anybody could reach it. */
  readonly restoredFrom?: string | undefined;
  /** Above every checkpoint id that this job has ever used; undefined: one above the restored one. */
  readonly firstCheckpointId: number | undefined;
  /** Undefined: the job takes no checkpoints. */
  readonly checkpointing: CheckpointConfig | undefined;
  readonly restartStrategy: RestartStrategyConfig;
  /** How failures are remembered; undefined: as by default. */
  readonly failures?: FailureHistorySettings;
  readonly rescaling?: RescaleConfig;
  /** What is restarted when a task fails; undefined: its region. */
  readonly failoverStrategy?: FailoverStrategy;
  /** Undefined: it needs no slots. */
  readonly slots?: SlotConfig;
}

/** A job that has been started. All calls are made on the thread of its master. */
export interface RunningJob {
  /**
   * Resolves when the job has finished and that is recorded. Rejects with MR5006 and its causes when it
   * failed, MR5007 when it was cancelled, MR8003 when another process leads it now, MR5003 after `close`.
   */
  readonly result: Promise<JobRunResult>;
  /** What can be seen of it; stays as it is once the job has ended. */
  readonly view: JobView;
  /** Where its operators are in event time, and why not further. Who has not answered by then is silent. */
  explain(deadline: Promise<void>): Promise<JobExplanation>;
  /** Asks for the end; `result` tells when it came. */
  cancel(): void;
  /** Takes a checkpoint now; resolves to its id, rejects with MR3007 if it does not complete. */
  triggerCheckpoint(type?: CheckpointType): Promise<number>;
  /**
   * Takes a savepoint into a new folder below the given one; resolves to its path, rejects with MR3007 and its
   * cause if there is none. With `stop` the job ends with it, and this resolves when it has; rejected, the job
   * goes on (of a draining one only the savepoint is missing).
   */
  triggerSavepoint(order: SavepointOrder): Promise<string>;
  /**
   * Goes on with this graph, which is the job's own at another parallelism: with the next completed checkpoint, and
   * in a new attempt. Resolves when all its tasks run, to undefined if the job had that parallelism; rejects with
   * MR5013, MR2101, MR2102 or MR2104 if the job goes on as it was.
   */
  rescale(graph: JobGraph): Promise<RescaleRecord | undefined>;
  /** Ends the job as a crash would; resolves when nothing of it runs. Its checkpoints stay. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a job on an actor of its own.
 *
 * @throws MillraceError MR4002 if the restart strategy is out of its range
 */
export function startJobMaster(
  system: ActorSystem,
  settings: JobMasterSettings,
  ports: JobMasterPorts,
): RunningJob {
  invariant(
    (settings.checkpointing === undefined) === (ports.storage === undefined),
    'checkpoints need a storage',
    {
      job: settings.jobId,
    },
  );
  const { jobId, graph, acceptedMs, restored, restoredFrom, firstCheckpointId, checkpointing } = settings;
  const strategy = createRestartStrategy(settings.restartStrategy, ports.jitter);
  const epoch = ports.storage?.epoch ?? 0;
  const { failures, rescaling, slots, failoverStrategy } = settings;
  const start = { epoch, restored, restoredFrom, firstCheckpointId };
  const job = { jobId, graph, acceptedMs, ...start, failures, rescaling, slots, failoverStrategy };
  const master = new JobMaster(job, checkpointing, strategy);
  const client = new JobClient(system, master.view);
  const ref = system.spawn<JobEvent>(
    `job-master-${jobId}`,
    (context) => new JobMasterActor(context, master, { settings, ports, client, epoch }),
    { mailboxCapacity: MAILBOX_CAPACITY },
  );
  client.begin(ref);
  return client;
}

interface JobMasterParts {
  readonly settings: JobMasterSettings;
  readonly ports: JobMasterPorts;
  readonly client: JobClient;
  readonly epoch: number;
}

/**
 * Owns a {@link JobMaster}: gives it its mail one by one, and carries out what it decides.
 *
 * Invariant: effects of one event are carried out, in order, before the next event is handled.
 */
class JobMasterActor implements Actor<JobEvent> {
  readonly #master: JobMaster;
  readonly #parts: JobMasterParts;
  readonly #effects: JobEffects;

  constructor(context: ActorContext<JobEvent>, master: JobMaster, parts: JobMasterParts) {
    this.#master = master;
    this.#parts = parts;
    parts.client.explainWith((deadline) => this.explain(deadline));
    const { settings, ports, client, epoch } = parts;
    const { jobId } = settings;
    this.#effects = new JobEffects({ jobId, epoch }, ports, {
      tell: (event) => context.self.tell(event),
      onRequestSettled: (requestId, outcome) => client.onRequestSettled(requestId, outcome),
      onRescaleSettled: (requestId, outcome) => client.onRescaleSettled(requestId, outcome),
      onSettled: (outcome) => {
        client.onSettled(outcome);
        context.stop();
      },
    });
  }

  receive(event: JobEvent): void {
    const { clock } = this.#parts.ports;
    const effects: JobEffect[] = [];
    this.#master.handle(event, { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() }, effects);
    for (const effect of effects) this.#effects.run(effect);
  }

  explain(deadline: Promise<void>): Promise<JobExplanation> {
    const { clock } = this.#parts.ports;
    return this.#effects
      .explain(deadline)
      .then((tasks) => explainJob(this.#master.view.graph(), tasks, clock.wallMs()));
  }

  stopped(reason: StopReason): void {
    this.#parts.client.onStopped(reason, this.#effects.close());
  }
}

interface Settle<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

type CheckpointWish = Pick<
  Extract<JobEvent, { type: 'checkpoint-requested' }>,
  'savepoint' | 'checkpointType'
>;
type GrantedCheckpoint = Extract<CheckpointRequestOutcome, { completed: true }>;
type RefusedCheckpoint = Extract<CheckpointRequestOutcome, { completed: false }>;

/** Invariant: every promise that was given out settles, at the latest when the actor has stopped. */
class JobClient implements RunningJob {
  readonly result: Promise<JobRunResult>;
  readonly view: JobView;
  readonly #system: ActorSystem;
  readonly #requests = new Map<number, Settle<GrantedCheckpoint>>();
  readonly #rescales = new Map<number, Settle<RescaleRecord | undefined>>();
  readonly #gone: Promise<void>;
  #ref: ActorRef<JobEvent> | undefined;
  #settle: Settle<JobRunResult> | undefined;
  #onGone: (gone: Promise<void>) => void = () => {};
  #nextRequest = 1;
  #explain: (deadline: Promise<void>) => Promise<JobExplanation> = () =>
    Promise.reject(new MillraceError('MR5003', 'The job has not been started.'));

  constructor(system: ActorSystem, view: JobView) {
    this.#system = system;
    this.view = view;
    this.result = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#gone = new Promise((resolve) => {
      this.#onGone = resolve;
    });
    this.result.catch(leftToCaller);
    this.#gone.catch(leftToCaller);
  }

  begin(ref: ActorRef<JobEvent>): void {
    this.#ref = ref;
    ref.tell({ type: 'started' });
  }

  explainWith(explain: (deadline: Promise<void>) => Promise<JobExplanation>): void {
    this.#explain = explain;
  }

  explain(deadline: Promise<void>): Promise<JobExplanation> {
    return this.#explain(deadline);
  }

  cancel(): void {
    this.#ref?.tell({ type: 'cancel-requested' });
  }

  async triggerCheckpoint(checkpointType: CheckpointType = 'CONFIGURED'): Promise<number> {
    return (await this.#request({ checkpointType })).checkpointId;
  }

  async triggerSavepoint(order: SavepointOrder): Promise<string> {
    const { savepointPath } = await this.#request({ savepoint: order });
    invariant(savepointPath !== undefined, 'a savepoint that is complete lies somewhere');
    return savepointPath;
  }

  #request(wish: CheckpointWish): Promise<GrantedCheckpoint> {
    const requestId = this.#nextRequest++;
    return new Promise((resolve, reject) => {
      this.#requests.set(requestId, { resolve, reject });
      if (this.#ref?.tell({ type: 'checkpoint-requested', requestId, ...wish }) === true) return;
      this.onRequestSettled(requestId, { completed: false, reason: 'CHECKPOINT_COORDINATOR_SHUTDOWN' });
    });
  }

  rescale(graph: JobGraph): Promise<RescaleRecord | undefined> {
    const requestId = this.#nextRequest++;
    return new Promise((resolve, reject) => {
      this.#rescales.set(requestId, { resolve, reject });
      if (this.#ref?.tell({ type: 'rescale-requested', requestId, graph }) === true) return;
      this.#rescales.delete(requestId);
      reject(new MillraceError('MR5003', 'The job runs no more.'));
    });
  }

  close(): Promise<void> {
    if (this.#ref !== undefined) this.#system.stop(this.#ref);
    return this.#gone;
  }

  onRequestSettled(requestId: number, outcome: CheckpointRequestOutcome): void {
    const settle = this.#requests.get(requestId);
    this.#requests.delete(requestId);
    if (outcome.completed) settle?.resolve(outcome);
    else settle?.reject(checkpointRefused(outcome));
  }

  onRescaleSettled(requestId: number, outcome: RescaleOutcome): void {
    const settle = this.#rescales.get(requestId);
    this.#rescales.delete(requestId);
    if (outcome.completed) settle?.resolve(outcome.rescale);
    else settle?.reject(fromWireError(outcome.error));
  }

  onSettled(outcome: JobOutcome): void {
    if (outcome.status === 'FINISHED') this.#settle?.resolve(outcome.result);
    else this.#settle?.reject(fromWireError(outcome.error));
  }

  /** `gone`: when nothing of the job runs any more. */
  onStopped({ error }: StopReason, gone: Promise<void>): void {
    this.view.close();
    const reason = error ?? new MillraceError('MR5003', 'The job was closed while it ran.');
    const settled = gone.then(
      () => this.#settle?.reject(reason),
      (cause) => {
        this.#settle?.reject(reason);
        throw cause;
      },
    );
    this.#onGone(settled);
    for (const { reject } of this.#rescales.values()) reject(reason);
    this.#rescales.clear();
    for (const requestId of [...this.#requests.keys()]) {
      this.onRequestSettled(requestId, { completed: false, reason: 'CHECKPOINT_COORDINATOR_SHUTDOWN' });
    }
  }
}

function checkpointRefused({ reason, error }: RefusedCheckpoint): MillraceError {
  return new MillraceError('MR3007', 'The checkpoint did not complete.', {
    why: `${CHECKPOINT_FAILURE_REASONS[reason].text} (${reason})`,
    ...(error === undefined ? {} : { cause: fromWireError(error) }),
  });
}

/** Whoever asks for a promise gets its rejection; that nobody asks is no reason to end the process. */
function leftToCaller(): void {}
