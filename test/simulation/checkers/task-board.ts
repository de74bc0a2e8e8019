import type {
  AttemptDescription,
  JobGraph,
  TaskAddress,
  TaskEvent,
  TaskMessage,
} from '../../../core/internal.js';
import type { WorldListener } from '../world-listener.js';

/** A task as it is known from what it and its job master have told each other. */
export interface BoardTask {
  readonly number: number;
  readonly process: string;
  readonly address: TaskAddress;
  /** It had processed the end of its input before what it was restored from. */
  readonly hadEnded: boolean;
  readonly state: 'starting' | 'running' | 'finished' | 'gone';
  /** It has told that it has processed the end of its input. */
  readonly dataFinished: boolean;
  /** It was told to end before its time. */
  readonly isCancelled: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Job {
  readonly graph: JobGraph;
  /** The newest task of each subtask that had not finished, by vertex and subtask. */
  readonly subtasks: Map<string, Mutable<BoardTask>>;
}

/**
 * The tasks of each process, of which the job master of the process knows the same, a little later: for checkers,
 * several of which look at each. What is told counts at once, so a task is no longer running here than it is there.
 */
export class TaskBoard implements WorldListener {
  readonly #jobs = new Map<string, Job>();
  readonly #tasks = new Map<number, Mutable<BoardTask>>();
  /** Of the region that is being launched. */
  #restore: AttemptDescription['restore'];

  /** Undefined: another has been launched in its place, and what it has told and is heard now means nothing. */
  find(number: number): BoardTask | undefined {
    return this.#tasks.get(number);
  }

  graphOf(process: string): JobGraph | undefined {
    return this.#jobs.get(process)?.graph;
  }

  /** The newest task of each subtask that had not finished before. */
  of(process: string): readonly BoardTask[] {
    return [...(this.#jobs.get(process)?.subtasks.values() ?? [])];
  }

  /** Undefined: it had finished before the attempt. */
  at(process: string, vertexId: number, subtask: number): BoardTask | undefined {
    return this.#jobs.get(process)?.subtasks.get(`${vertexId} ${subtask}`);
  }

  /** Whether somebody who has not finished sends to the task. */
  hasProducer({ process, address }: BoardTask): boolean {
    const graph = this.graphOf(process);
    return (
      graph?.edges.some(({ source, target, partitioner }) => {
        if (target !== address.vertexId) return false;
        const { parallelism = 0 } = graph.vertices[source] ?? {};
        const subtasks = partitioner === 'forward' ? [address.subtask] : [...new Array(parallelism).keys()];
        return subtasks.some((subtask) => {
          const producer = this.at(process, source, subtask);
          return producer !== undefined && producer.state !== 'finished';
        });
      }) === true
    );
  }

  onRegionLaunched(process: string, { graph, region, restore }: AttemptDescription): void {
    const known = this.#jobs.get(process);
    const isAlike = known?.graph.fingerprint === graph.fingerprint;
    const job: Job = isAlike ? known : { graph, subtasks: new Map() };
    this.#jobs.set(process, job);
    for (const [at, { number, address }] of known?.subtasks ?? []) {
      if (isAlike && region.subtasks[address.vertexId]?.[address.subtask] !== true) continue;
      known?.subtasks.delete(at);
      this.#tasks.delete(number);
    }
    this.#restore = restore;
  }

  onTaskPlaced(number: number, process: string, address: TaskAddress): void {
    const { vertexId, subtask } = address;
    const restored = this.#restore?.subtasks[vertexId]?.[subtask];
    const hadEnded = restored === 'finished' || restored?.dataFinished === true;
    const flags = { hadEnded, dataFinished: false, isCancelled: false };
    const task: BoardTask = { number, process, address, state: 'starting', ...flags };
    this.#tasks.set(number, task);
    this.#jobs.get(process)?.subtasks.set(`${vertexId} ${subtask}`, task);
  }

  onTaskSent(number: number, message: TaskMessage): void {
    const task = this.#tasks.get(number);
    if (task !== undefined && message.type === 'cancel') task.isCancelled = true;
  }

  onTaskTold(number: number, event: TaskEvent): void {
    const task = this.#tasks.get(number);
    if (task === undefined) return;
    if (event.type === 'exited') {
      if (task.state !== 'finished') task.state = 'gone';
      return;
    }
    const { type } = event.report;
    if (type === 'running') task.state = 'running';
    else if (type === 'data-finished') task.dataFinished = true;
    else if (type === 'finished') task.state = 'finished';
    else if (type === 'failed' || type === 'canceled') task.state = 'gone';
  }

  onTaskVanished(number: number): void {
    const task = this.#tasks.get(number);
    if (task !== undefined) task.state = 'gone';
  }
}
