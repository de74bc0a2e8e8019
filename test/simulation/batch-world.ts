import { startJobMaster } from '../../actors/cluster/job-master-actor.js';
import { ActorSystem } from '../../actors/kernel/actor-system.js';
import type { StreamExecutionEnvironment } from '../../core/index.js';
import { isMillraceError, MillraceError, Prng } from '../../core/internal.js';
import { OutputChecker } from './checkers/output-checker.js';
import { addTaskCheckers } from './checkers/world-checkers.js';
import { topologyDrawer } from './drawn-workload.js';
import { SOUND } from './machinery.js';
import type { DiskWeather } from './scheduled-disk.js';
import { sharedCodecs } from './shared-codecs.js';
import { JOB_NAME, simulatedJob } from './simulated-job.js';
import { SimulatedMachine } from './simulated-machine.js';
import { loopTurned, type Participant, reactionsDone, SimulatedScheduler } from './simulated-scheduler.js';
import { SimulatedState } from './simulated-state.js';
import { SimulatedTaskLauncher } from './simulated-task-launcher.js';
import { SimulatedTime } from './simulated-time.js';
import { drawWorldOptions } from './world-draws.js';
import { type WorldFailure, WorldVerdict } from './world-failure.js';
import { CALM_DISK, type WorldOptions } from './world-options.js';
import { WorldTrace } from './world-trace.js';

/** Jobs of which a batch gives what a stream leaves. */
const TOPOLOGIES = [
  'window-aggregate',
  'union-windows',
  'cascaded-windows',
  'session-windows',
  'sliding-windows',
  'interval-join',
  'keyed-partitions',
  'keyed-partitions',
  'window-joins',
] as const;
/** More than any of these worlds needs. */
const TURNS_MAX = 2_000_000;

export interface BatchReport {
  readonly failure: WorldFailure | undefined;
  /** `failed`: while it committed, after which nothing is begun anew. */
  readonly outcome: 'finished' | 'failed' | undefined;
  readonly attempts: number;
}

/** Runs one world of a batch to its end. The same seed gives the same world. */
export function runBatchWorld(seed: number): Promise<BatchReport> {
  return new BatchWorld(seed).run();
}

/** A world's options with the faults that a batch can bear: its process goes on, its tasks and its disk may not. */
function batchOptions(seed: number, prng: Prng): WorldOptions {
  const options = drawWorldOptions(seed);
  return {
    ...options,
    topology: prng.pick(TOPOLOGIES),
    managedBytes: prng.pick([0, 1 << 20]),
    stateBackend: 'heap',
    restartStrategy: { type: 'fixed-delay', attempts: 1000, delayMs: prng.between(0, 20) },
  };
}

/**
 * One process that runs a job as a batch, whose tasks are killed and whose disk fails for a while. In the end the
 * job has finished, and all of its output is there once; or it has failed while it committed, and none is there
 * twice.
 */
class BatchWorld implements Participant {
  readonly weight = 3;
  readonly #options: WorldOptions;
  readonly #prng: Prng;
  readonly #verdict = new WorldVerdict();
  readonly #time: SimulatedTime;
  readonly #scheduler: SimulatedScheduler;
  readonly #weather: DiskWeather;
  readonly #machine: SimulatedMachine;
  readonly #launcher: SimulatedTaskLauncher;
  readonly #build: ReturnType<typeof simulatedJob>['build'];
  #turns: (() => void)[] = [];
  #killsLeft: number;
  #attempts = 0;
  #outcome: BatchReport['outcome'];

  constructor(seed: number) {
    const prng = new Prng(seed + 0xba7c4);
    const options = batchOptions(seed, prng);
    this.#prng = prng;
    this.#options = options;
    this.#killsLeft = prng.between(0, 8);
    this.#time = new SimulatedTime(prng.fork(), 1_750_000_000_000);
    this.#scheduler = new SimulatedScheduler(prng.fork(), this.#time, options.turnMs);
    const trace = new WorldTrace({ turn: () => 0, timeMs: () => 0 }, undefined);
    this.#weather = { conduct: options.faults.disk, late: options.faults.late, flips: new Map() };
    this.#machine = new SimulatedMachine({
      scheduler: this.#scheduler,
      time: this.#time,
      trace,
      weather: this.#weather,
      verdict: this.#verdict,
      state: new SimulatedState(options),
      codecs: sharedCodecs(options),
      checkpointsIn: options.checkpointsIn,
    });
    const topology = topologyDrawer(options, SOUND, prng)({ shift: 0, version: 0, read: undefined });
    const batch = (env: StreamExecutionEnvironment): void => topology.build(env.setRuntimeMode('BATCH'));
    const { build, launcher } = simulatedJob(options, batch);
    this.#build = build;
    addTaskCheckers(this.#verdict, trace.listeners);
    trace.listeners.add(new OutputChecker(topology.outputs(), this.#verdict));
    for (const [path, text] of topology.files) {
      const inode = this.#machine.disk.create(path, this.#time.wallMs);
      this.#machine.disk.append(inode, Buffer.from(text), this.#time.wallMs);
    }
    const settings = { ...launcher, build, folder: '/batch', processName: 'p1', checkpointing: false };
    this.#launcher = new SimulatedTaskLauncher(settings, this.#machine, SOUND, prng.fork());
    this.#scheduler.add(this.#time);
    this.#scheduler.add(this);
    trace.listeners.add({
      onEvent: ({ name }) => {
        if (name === 'job.attempt-deployed') this.#attempts++;
      },
    });
  }

  async run(): Promise<BatchReport> {
    await loopTurned();
    this.#start();
    const scheduler = this.#scheduler;
    const { safetyTurns } = this.#options;
    while (this.#outcome === undefined && this.#verdict.failure === undefined) {
      if (scheduler.turns === safetyTurns) {
        this.#weather.conduct = CALM_DISK;
        this.#weather.late = 0;
      }
      if (scheduler.turns < safetyTurns) this.#mayKill(safetyTurns - scheduler.turns);
      if (scheduler.turns > TURNS_MAX) this.#verdict.fail('stuck', 'The batch does not come to its end.');
      await reactionsDone();
      if (this.#outcome !== undefined) break;
      if (!scheduler.turn() && scheduler.passTime() === Number.POSITIVE_INFINITY)
        this.#verdict.fail('stuck', 'Nothing can happen any more.');
    }
    if (this.#outcome === 'finished') this.#machine.trace.listeners.onJobFinished();
    await this.#machine.state.close();
    return { failure: this.#verdict.failure, outcome: this.#outcome, attempts: this.#attempts };
  }

  isReady(): boolean {
    return this.#turns.length > 0;
  }

  dueMs(): number {
    return Number.POSITIVE_INFINITY;
  }

  takeTurn(): void {
    const [turn] = this.#turns.splice(this.#prng.below(this.#turns.length), 1);
    turn?.();
  }

  #start(): void {
    const { time, trace } = this.#machine;
    const system = new ActorSystem(
      { schedule: (turn: () => void) => this.#turns.push(turn) },
      {
        messagesPerTurn: 1,
        onFailure: (actor, error) =>
          this.#verdict.fail('crash', `The actor ${actor} failed: ${String(error)}`, error),
      },
    );
    const job = startJobMaster(
      system,
      {
        jobId: JOB_NAME,
        graph: this.#build().graph,
        acceptedMs: 0,
        restored: undefined,
        firstCheckpointId: undefined,
        checkpointing: undefined,
        restartStrategy: this.#options.restartStrategy,
      },
      {
        launcher: this.#launcher,
        storage: undefined,
        clock: time.clock,
        createTimers: (deliver) => time.timersFor(this, (timer) => this.#turns.push(() => deliver(timer))),
        trace,
        jitter: this.#prng.fork(),
        listener: { onTasksRunning: () => {}, onData: () => {} },
      },
    );
    job.result.then(
      () => {
        this.#outcome = 'finished';
      },
      (error: unknown) => {
        this.#outcome = 'failed';
        const committing = isMillraceError(error) && /begun to commit/.test(error.why ?? '');
        this.#verdict.check(committing, () => `The batch has failed: ${String(error)}`);
      },
    );
  }

  #mayKill(turnsLeft: number): void {
    if (!this.#prng.chance(this.#killsLeft / turnsLeft)) return;
    const { tasks } = this.#launcher;
    const task = tasks[this.#prng.below(Math.max(1, tasks.length))];
    if (task === undefined) return;
    this.#killsLeft--;
    task.kill(new MillraceError('MR5003', 'The task was killed.'));
  }
}
