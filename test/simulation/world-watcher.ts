import type { StreamTask } from '../../actors/task/stream-task.js';
import type { JobView, Prng, TaskAddress } from '../../core/internal.js';
import type { ProcessGroup } from './process-group.js';
import type { SimulatedMachine } from './simulated-machine.js';

/** On average. */
const TURNS_BETWEEN = 1500;
/** How long who asks for an explanation waits for it. */
const ANSWER_MS = 5;

/** A running task of a job that is looked at. */
export interface SeenTask {
  readonly address: TaskAddress;
  readonly task: StreamTask;
}

/** A job of a process at one moment. */
export interface SeenJob {
  readonly process: number;
  readonly view: JobView;
  readonly tasks: readonly SeenTask[];
}

/** When somebody looks. */
export interface SeenAt {
  readonly wallMs: number;
  readonly monotonicMs: number;
  /** Checkpoints that all processes have completed. */
  readonly completed: number;
}

/** Somebody who looks at the job of a world now and then, as a dashboard does. */
export class WorldWatcher {
  readonly #prng: Prng;
  readonly #machine: SimulatedMachine;
  readonly #processes: ProcessGroup;

  constructor(prng: Prng, machine: SimulatedMachine, processes: ProcessGroup) {
    this.#prng = prng;
    this.#machine = machine;
    this.#processes = processes;
  }

  /** Before a turn, when the reactions to the last one are done. */
  mayLook(): void {
    if (this.#prng.chance(1 / TURNS_BETWEEN)) this.#look();
  }

  #look(): void {
    const { time, trace } = this.#machine;
    for (const process of this.#processes.active) {
      const { job, number, launcher } = process;
      if (job === undefined) continue;
      const tasks = launcher.tasks.map(({ parts: { address, task } }) => ({ address, task }));
      trace.note('job.watched', `p${number} ${tasks.length}`);
      trace.listeners.onJobSeen(
        { process: number, view: job.view, tasks },
        {
          wallMs: time.wallMs,
          monotonicMs: time.nowMs,
          completed: trace.counts.get('checkpoint.completed') ?? 0,
        },
      );
      void job.explain(time.sleep(process, ANSWER_MS)).then((explanation) => {
        trace.note('job.explained', `p${number} ${explanation.operators.length}`);
        trace.listeners.onJobExplained(explanation);
      });
    }
  }
}
