import { ElementKind, type TaskMessage, type TaskReport } from '../../../core/internal.js';
import type { DiskOperation } from '../disk-fault-plan.js';
import type { Flow } from '../observed-channels.js';
import type { WorldVerdict } from '../world-failure.js';
import type { TraceEvent, WorldListener } from '../world-listener.js';

interface SeenTask {
  /** The greatest checkpoint of whose end without completion it has read. */
  aborted: number;
  /** Channels that it reads and that have not ended. */
  readonly open: Set<number>;
  /** It was told to end before its input does. */
  isStopped: boolean;
  hasFinished: boolean;
}

/**
 * Once a task has read that a checkpoint is given up, it neither takes a snapshot for that or an older one, nor
 * acknowledges it. It ends as it should no earlier than those that send to it, and with all its output at rest; however
 * it ends, it is not in the midst of a commit.
 */
export class TaskChecker implements WorldListener {
  readonly #verdict: WorldVerdict;
  readonly #tasks: SeenTask[] = [];
  /** By channel: who reads it. */
  readonly #readers: SeenTask[] = [];

  constructor(verdict: WorldVerdict) {
    this.#verdict = verdict;
  }

  onChannelOpened({ channel }: Flow, task: number, isWriter: boolean): void {
    if (isWriter) return;
    const seen = this.#seen(task);
    seen.open.add(channel);
    this.#readers[channel] = seen;
  }

  onElementRead({ channel }: Flow, kind: ElementKind): void {
    if (kind === ElementKind.END_OF_PARTITION) this.#readers[channel]?.open.delete(channel);
  }

  onTaskRead(task: number, message: TaskMessage): void {
    const seen = this.#seen(task);
    if (message.type === 'checkpoint-aborted') seen.aborted = Math.max(seen.aborted, message.checkpointId);
    if (message.type === 'finish') seen.isStopped = true;
  }

  onTaskReported(task: number, report: TaskReport): void {
    if (report.type === 'checkpoint-acknowledged')
      this.#checkWanted(task, report.checkpointId, 'acknowledges');
    if (report.type !== 'finished') return;
    const seen = this.#seen(task);
    const { open, isStopped } = seen;
    seen.hasFinished = true;
    this.#verdict.check(
      isStopped || open.size === 0,
      () => `A task has finished, and ${open.size} of those that send to it have not.`,
    );
  }

  onEvent({ name, values }: TraceEvent): void {
    if (name === 'task.aligned' || name === 'task.snapshot-taken')
      this.#checkWanted(Number(values.task), Number(values.checkpointId), 'takes a snapshot for');
  }

  onTaskClosing(_task: number, operations: readonly DiskOperation[]): void {
    const left = operations.find(({ path }) => path.startsWith('/out/'));
    this.#verdict.check(
      left === undefined,
      () => `A task comes to its end, and still has the disk ${left?.kind} ${left?.path}.`,
    );
  }

  onTaskDone(task: number, operations: readonly DiskOperation[]): void {
    const { hasFinished } = this.#seen(task);
    const left = operations.find(
      ({ kind, path }) => path.startsWith('/out/') && (hasFinished || kind === 'link'),
    );
    this.#verdict.check(
      left === undefined,
      () => `A task has ended, and still has the disk ${left?.kind} ${left?.path}.`,
    );
  }

  #checkWanted(task: number, checkpointId: number, does: string): void {
    const { aborted } = this.#seen(task);
    this.#verdict.check(
      checkpointId > aborted,
      () => `A task ${does} checkpoint ${checkpointId}, and has read that ${aborted} is given up.`,
    );
  }

  #seen(task: number): SeenTask {
    const known = this.#tasks[task];
    if (known !== undefined) return known;
    const seen: SeenTask = { aborted: -1, open: new Set(), isStopped: false, hasFinished: false };
    this.#tasks[task] = seen;
    return seen;
  }
}
