import { type RunningJob, startJobMaster } from '../../actors/cluster/job-master-actor.js';
import { ActorSystem } from '../../actors/kernel/actor-system.js';
import {
  type CheckpointConfig,
  type CheckpointManifest,
  DEFAULT_CHECKPOINT_CONFIG,
  isMillraceError,
  type JobGraph,
  MillraceError,
  NO_TRACE,
  Prng,
} from '../../core/internal.js';
import { HarnessLauncher, type HarnessSurroundings } from './harness-attempt.js';
import { UnderWay } from './under-way.js';

/** Only when somebody asks. */
const CHECKPOINTING: CheckpointConfig = {
  ...DEFAULT_CHECKPOINT_CONFIG,
  intervalMs: Number.MAX_SAFE_INTEGER,
  timeoutMs: Number.MAX_SAFE_INTEGER,
};

/** Turns of the event loop without anything to do, after which nothing is taken to be on its way. */
const QUIET_TURNS = 2;
/** How long files that are being read or written are waited for. */
const DISK_TIMEOUT_MS = 60_000;
/** Steps between two turns of the event loop. */
const STEPS_PER_TURN = 1024;

/**
 * A job with its master and its tasks on this thread, driven from outside: nothing of it happens but inside
 * the methods of this class, and time stands still unless {@link advance} moves it.
 *
 * Invariants: time passes only when nothing is left to do at the present one; after a failure every call
 * rejects with it; after `close` nothing of the job runs.
 */
export class HarnessRun {
  readonly #surroundings: HarnessSurroundings;
  readonly #launcher: HarnessLauncher;
  readonly #settleTimeoutMs: number;
  readonly #underWay = new UnderWay();
  readonly #job: RunningJob;
  #turns: (() => void)[] = [];
  #running = false;
  #over = false;
  #failure: unknown;

  constructor(
    surroundings: HarnessSurroundings,
    graph: JobGraph,
    restored: CheckpointManifest | undefined,
    settleTimeoutMs: number,
  ) {
    this.#surroundings = surroundings;
    this.#launcher = new HarnessLauncher(surroundings);
    this.#settleTimeoutMs = settleTimeoutMs;
    const { time, checkpoints, takesCheckpoints } = surroundings;
    const system = new ActorSystem(
      { schedule: (turn) => this.#turns.push(turn) },
      { onFailure: (_actor, error) => this.#fail(error) },
    );
    this.#job = startJobMaster(
      system,
      {
        jobId: 'harness',
        graph,
        acceptedMs: time.clock.wallMs(),
        restored,
        firstCheckpointId: undefined,
        checkpointing: takesCheckpoints ? CHECKPOINTING : undefined,
        restartStrategy: { type: 'none' },
      },
      {
        launcher: this.#launcher,
        storage: takesCheckpoints ? checkpoints : undefined,
        clock: time.clock,
        createTimers: (deliver) => time.timersFor(deliver),
        trace: NO_TRACE,
        jitter: new Prng(1),
        listener: {
          onTasksRunning: () => {
            this.#running = true;
          },
          onData: () => {},
        },
      },
    );
    this.#job.result.then(
      () => {
        this.#over = true;
      },
      (error: unknown) => this.#fail(error),
    );
  }

  /** Until every task runs. */
  async start(): Promise<void> {
    await this.untilIdle();
    if (this.#running || this.#over) return;
    throw new MillraceError('MR5008', 'The pipeline did not start.', {
      why: 'An operator waits in open() for a promise that does not settle.',
    });
  }

  /** Runs until nothing is left that can happen at the present time. */
  async untilIdle(): Promise<void> {
    do {
      for (let quiet = 0; quiet < QUIET_TURNS; ) {
        quiet = this.#work() ? 0 : quiet + 1;
        await eventLoopTurn();
      }
    } while ((await this.#somethingSettles()) || this.#launcher.endStuck());
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Lets time pass; what is due on the way happens at its time. */
  async advance(ms: number): Promise<void> {
    const { time } = this.#surroundings;
    const end = time.nowMs + ms;
    await this.untilIdle();
    for (let next = this.#nextDueMs(); next <= end; next = this.#nextDueMs()) {
      const moved = next > time.nowMs;
      if (moved) time.nowMs = next;
      if (!this.#work() && !moved) break;
      // A tick that nobody waits behind needs no turn of the event loop.
      if (this.#isAwaiting() || this.#turns.length > 0) await this.untilIdle();
    }
    time.nowMs = end;
    await this.untilIdle();
  }

  /**
   * Takes a savepoint; resolves to its path.
   *
   * @throws MillraceError MR3007 if it does not complete
   */
  async savepoint(): Promise<string> {
    if (!this.#surroundings.takesCheckpoints) {
      throw new MillraceError('MR3007', 'The pipeline runs as a batch, of which there are no snapshots.');
    }
    let outcome: { readonly path: string } | { readonly error: unknown } | undefined;
    this.#job.triggerSavepoint({ folder: '', stop: undefined }).then(
      (path) => {
        outcome = { path };
      },
      (error: unknown) => {
        outcome = { error };
      },
    );
    await this.untilIdle();
    if (outcome === undefined) {
      throw new MillraceError('MR3007', 'The snapshot did not complete.', {
        why: 'Something in the pipeline waits for a promise that does not settle, and lets no barrier pass.',
        hint: 'Settle it first, or let the time pass after which it is given up.',
      });
    }
    if ('error' in outcome) throw outcome.error;
    return outcome.path;
  }

  /** What the operators of each subtask count and measure, `<uid>.<name>`. */
  *metrics(): Iterable<readonly [name: string, value: number]> {
    for (const { task } of this.#launcher.tasks) yield* Object.entries(task.registry.read());
  }

  /** Idempotent; what fails meanwhile is told by nobody, as the pipeline is over. */
  async close(): Promise<void> {
    let closed = false;
    const done = () => {
      closed = true;
    };
    this.#job.close().then(done, done);
    while (!closed) {
      this.#work();
      await eventLoopTurn();
      if (!closed && !(await this.#somethingSettles())) this.#launcher.endStuck();
    }
  }

  /** Everything that can be done without a turn of the event loop, up to a bound. True: there was something. */
  #work(): boolean {
    let worked = false;
    for (let steps = 0; steps < STEPS_PER_TURN; ) {
      const before = steps;
      const turns = this.#turns;
      this.#turns = [];
      for (const turn of turns) turn();
      steps += turns.length;
      while (this.#surroundings.time.fireNext()) steps++;
      for (const task of this.#launcher.tasks) if (task.step()) steps++;
      if (steps === before) break;
      worked = true;
    }
    return worked;
  }

  #nextDueMs(): number {
    let next = this.#surroundings.time.dueMs;
    for (const { nextWakeMs } of this.#launcher.tasks) if (nextWakeMs < next) next = nextWakeMs;
    return next;
  }

  #isAwaiting(): boolean {
    return this.#launcher.tasks.some(({ completions }) => completions.isAwaiting);
  }

  /**
   * Waits for promises of the pipeline, in real time, as long as something in this process may settle them.
   * True: one has. Those that have not settled when the time is over are not waited for again.
   */
  async #somethingSettles(): Promise<boolean> {
    const since = performance.now();
    while (this.#isAwaiting()) {
      if (this.#launcher.tasks.some(({ completions }) => completions.hasSettled)) return true;
      if (!this.#underWay.exists) break;
      const waitedMs = performance.now() - since;
      if (waitedMs > this.#settleTimeoutMs && (!this.#underWay.isOnDisk || waitedMs > DISK_TIMEOUT_MS)) {
        for (const { completions } of this.#launcher.tasks) completions.outlast();
        break;
      }
      await eventLoopTurn();
    }
    return this.#launcher.tasks.some(({ completions }) => completions.hasSettled);
  }

  /** The job failed for one reason; what says that it failed has it as its cause. */
  #fail(error: unknown): void {
    const { cause } = isMillraceError(error) && error.code === 'MR5006' ? error : { cause: undefined };
    this.#failure ??= cause ?? error;
  }
}

function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
