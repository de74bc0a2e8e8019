import type { Prng } from '../../core/internal.js';
import { checkExplanation } from './checkers/explanation-checker.js';
import { MetricChecker } from './checkers/metric-checker.js';
import type { ProcessGroup } from './process-group.js';
import type { SimulatedMachine } from './simulated-machine.js';

/** On average. */
const TURNS_BETWEEN = 1500;
/** How long who asks for an explanation waits for it. */
const ANSWER_MS = 5;

/** Somebody who looks at the job of a world now and then, as a dashboard does. */
export class WorldWatcher {
  readonly #prng: Prng;
  readonly #machine: SimulatedMachine;
  readonly #processes: ProcessGroup;
  readonly #metrics: MetricChecker;

  constructor(prng: Prng, machine: SimulatedMachine, processes: ProcessGroup) {
    this.#prng = prng;
    this.#machine = machine;
    this.#processes = processes;
    this.#metrics = new MetricChecker(machine.verdict);
  }

  /** Before a turn, when the reactions to the last one are done. */
  mayLook(): void {
    if (this.#prng.chance(1 / TURNS_BETWEEN)) this.#look();
  }

  #look(): void {
    const { time, trace, verdict } = this.#machine;
    for (const process of this.#processes.active) {
      const { job, number, launcher } = process;
      if (job === undefined) continue;
      const tasks = launcher.tasks.map(({ parts: { address, task } }) => ({ address, task }));
      trace.note('job.watched', `p${number} ${tasks.length}`);
      this.#metrics.look(
        { process: number, view: job.view, tasks },
        {
          wallMs: time.wallMs,
          monotonicMs: time.nowMs,
          completed: trace.counts.get('checkpoint.completed') ?? 0,
        },
      );
      void job.explain(time.sleep(process, ANSWER_MS)).then((explanation) => {
        trace.note('job.explained', `p${number} ${explanation.operators.length}`);
        checkExplanation(explanation, verdict);
      });
    }
  }
}
