import type { AttemptDescription, TaskEvent, TaskMessage } from '../../../core/internal.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';
import type { BoardTask, TaskBoard } from './task-board.js';

type Splits = readonly unknown[];

/** What an enumerator has told for one of its readers. */
interface Told {
  readonly splits: Splits;
  /** The job master has handled it. */
  isHeard: boolean;
}

/** What the reader of one subtask was sent since it, or the source as a whole, was started. */
interface Log {
  /** In order; a number: the trigger of that checkpoint. */
  sent: (Splits | number)[];
  /** What has been told for it, and not been sent. */
  due: Told[];
}

/** A launch of some regions, which are launched in one turn. */
interface Launch {
  readonly restored: number | undefined;
  /** By vertex and subtask. */
  readonly subtasks: Set<string>;
  /** What those were sent after it. */
  readonly sent: Map<string, Splits[]>;
}

/**
 * A reader that is started anew from a checkpoint while its enumerator goes on is sent once more what it had been sent
 * since the trigger of that checkpoint, or would have been while it was down, in order, and nothing else. When an
 * enumerator goes back to a checkpoint, no reader goes on that was sent anything since. What one tells that is to end
 * is sent to nobody.
 */
export class SplitChecker implements WorldListener {
  readonly #board: TaskBoard;
  readonly #verdict: WorldVerdict;
  /** By process, then vertex and subtask. */
  readonly #logs = new Map<string, Map<string, Log>>();
  readonly #launches = new Map<string, Launch>();

  constructor(board: TaskBoard, verdict: WorldVerdict) {
    this.#board = board;
    this.#verdict = verdict;
  }

  onRegionLaunched(process: string, { region, restore }: AttemptDescription): void {
    const launch = this.#launches.get(process) ?? {
      restored: restore?.checkpointId,
      subtasks: new Set(),
      sent: new Map(),
    };
    this.#launches.set(process, launch);
    region.subtasks.forEach((subtasks, vertexId) => {
      subtasks.forEach((isOwn, subtask) => {
        if (isOwn) launch.subtasks.add(`${vertexId} ${subtask}`);
      });
    });
  }

  onTaskTold(number: number, event: TaskEvent): void {
    if (event.type === 'exited' || event.report.type !== 'splits-assigned') return;
    const task = this.#board.find(number);
    if (task === undefined || task.isCancelled) return;
    const { subtask, splits } = event.report;
    this.#logOf(task.process, `${task.address.vertexId} ${subtask}`).due.push({ splits, isHeard: false });
  }

  onTaskSent(number: number, message: TaskMessage): void {
    if (message.type !== 'splits-assigned' && message.type !== 'trigger-checkpoint') return;
    const task = this.#board.find(number);
    if (task === undefined) return;
    const at = placeOf(task);
    const launch = this.#launches.get(task.process);
    const log = this.#logOf(task.process, at);
    if (message.type === 'trigger-checkpoint') log.sent.push(message.checkpointId);
    else if (launch?.subtasks.has(at) === true)
      launch.sent.set(at, [...(launch.sent.get(at) ?? []), message.splits]);
    else {
      const due = log.due.filter(({ splits }) => splits !== message.splits);
      this.#verdict.check(
        due.length < log.due.length,
        () => `Reader ${at} is sent splits of which no enumerator that goes on has told.`,
      );
      log.sent.push(message.splits);
      log.due = due;
    }
  }

  onMasterTurned(process: string, isIdle: boolean): void {
    const launch = this.#launches.get(process);
    if (launch !== undefined) {
      this.#launches.delete(process);
      for (const [at, log] of this.#logs.get(process) ?? []) this.#onLaunched(process, at, log, launch);
    }
    if (!isIdle) return;
    for (const { due } of this.#logs.get(process)?.values() ?? [])
      for (const told of due) told.isHeard = true;
  }

  #onLaunched(process: string, at: string, log: Log, { restored, subtasks, sent }: Launch): void {
    const [vertexId] = at.split(' ');
    const isEnumeratorNew = subtasks.has(`${vertexId} 0`);
    const since = sinceCheckpoint(log, restored);
    if (!subtasks.has(at)) {
      if (!isEnumeratorNew) return;
      const task = this.#board.at(process, Number(vertexId), Number(at.split(' ')[1]));
      this.#verdict.check(
        task?.state !== 'running' || since.length === 0,
        () => `Reader ${at} goes on with splits that its enumerator will deal out again.`,
      );
      return;
    }
    const again = sent.get(at) ?? [];
    if (isEnumeratorNew) {
      log.sent = [...again];
      log.due = [];
      return;
    }
    const expected = [...since, ...log.due.map(({ splits }) => splits)];
    const least = since.length + log.due.filter(({ isHeard }) => isHeard).length;
    const isRight = again.length >= least && again.every((splits, index) => splits === expected[index]);
    const isPlaced = this.#board.at(process, Number(vertexId), Number(at.split(' ')[1])) !== undefined;
    this.#verdict.check(
      isRight || !isPlaced,
      () =>
        `Reader ${at} begins anew from checkpoint ${restored}, and is sent ${again.length} of ${least} splits.`,
    );
    log.due = log.due.slice(Math.max(0, again.length - since.length));
    log.sent = [...again];
  }

  #logOf(process: string, at: string): Log {
    const logs = this.#logs.get(process) ?? new Map<string, Log>();
    this.#logs.set(process, logs);
    const log = logs.get(at) ?? { sent: [], due: [] };
    logs.set(at, log);
    return log;
  }
}

/** What was sent after the trigger of a checkpoint; all of it where the log begins with that. */
function sinceCheckpoint({ sent }: Log, checkpointId: number | undefined): Splits[] {
  const at = checkpointId === undefined ? -1 : sent.lastIndexOf(checkpointId);
  return sent.slice(at + 1).filter((entry) => typeof entry !== 'number');
}

function placeOf({ address }: BoardTask): string {
  return `${address.vertexId} ${address.subtask}`;
}
