import type { DataReport, ExplainedTask, TaskAddress, TaskEvent, TaskMessage } from '../../core/internal.js';

type Explained = Extract<DataReport, { type: 'explained' }>;

interface Request {
  readonly tasks: readonly TaskAddress[];
  readonly answers: Map<TaskAddress, ExplainedTask>;
  readonly resolve: (tasks: readonly ExplainedTask[]) => void;
}

/**
 * Asks the tasks of the present attempt where they are in event time, and gathers what they answer.
 *
 * Invariants: every request settles: when all have answered, when its deadline has come, or with the last task;
 * `#live` are the present tasks whose end is not known.
 */
export class Explanations {
  readonly #requests = new Map<number, Request>();
  readonly #live = new Map<string, TaskAddress>();
  #nextRequest = 1;

  /** A task of the present attempt has said something, or has ended. */
  onEvent({ type, task }: TaskEvent): void {
    if (type === 'exited') this.#live.delete(keyOf(task));
    else this.#live.set(keyOf(task), task);
  }

  onGone(): void {
    this.#live.clear();
    for (const requestId of [...this.#requests.keys()]) this.#settle(requestId);
  }

  /** By vertex and subtask. `deadline`: who has not answered by then is silent. */
  ask(
    send: (task: TaskAddress, message: TaskMessage) => void,
    deadline: Promise<void>,
  ): Promise<readonly ExplainedTask[]> {
    const tasks = [...this.#live.values()].sort((a, b) => a.vertexId - b.vertexId || a.subtask - b.subtask);
    if (tasks.length === 0) return Promise.resolve([]);
    const requestId = this.#nextRequest++;
    return new Promise((resolve, reject) => {
      this.#requests.set(requestId, { tasks, answers: new Map(), resolve });
      for (const task of tasks) send(task, { type: 'explain', requestId });
      deadline.then(() => this.#settle(requestId), reject);
    });
  }

  onAnswer(task: TaskAddress, { requestId, operators }: Explained): void {
    const request = this.#requests.get(requestId);
    const asked = request?.tasks.find((one) => keyOf(one) === keyOf(task));
    if (request === undefined || asked === undefined) return;
    request.answers.set(asked, { task, operators });
    if (request.answers.size === request.tasks.length) this.#settle(requestId);
  }

  #settle(requestId: number): void {
    const request = this.#requests.get(requestId);
    if (request === undefined) return;
    this.#requests.delete(requestId);
    request.resolve(request.tasks.map((task) => request.answers.get(task) ?? { task, operators: undefined }));
  }
}

function keyOf({ vertexId, subtask }: TaskAddress): string {
  return `${vertexId}/${subtask}`;
}
