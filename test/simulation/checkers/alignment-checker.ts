import type { AttemptDescription, TaskEvent, TaskMessage } from '../../../core/internal.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';
import type { BoardTask, TaskBoard } from './task-board.js';

/** Of what one who has ended said last, the master may not have heard all. */
const LAST_WORDS = 3;

interface Group {
  /** By subtask that has told where it is: what it said last, newest first. */
  readonly members: Map<BoardTask, readonly number[]>;
  /** What members were told last, in this turn. */
  announced: number | undefined;
}

/**
 * What the members of a watermark alignment group are told is the least of what they have said, each since it was
 * started. Who has ended counts until it is started anew, or not.
 */
export class AlignmentChecker implements WorldListener {
  readonly #board: TaskBoard;
  readonly #verdict: WorldVerdict;
  /** By process, then name. */
  readonly #groups = new Map<string, Map<string, Group>>();
  readonly #groupOf = new Map<BoardTask, Group>();

  constructor(board: TaskBoard, verdict: WorldVerdict) {
    this.#board = board;
    this.#verdict = verdict;
  }

  onRegionLaunched(process: string, { region }: AttemptDescription): void {
    for (const { members } of this.#groups.get(process)?.values() ?? [])
      for (const task of members.keys()) {
        const { vertexId, subtask } = task.address;
        // At another parallelism all are launched anew.
        if (region.subtasks[vertexId]?.[subtask] !== false) members.delete(task);
      }
  }

  onTaskTold(number: number, event: TaskEvent): void {
    if (event.type === 'exited' || event.report.type !== 'watermark-reported') return;
    const task = this.#board.find(number);
    if (task === undefined || task.isCancelled) return;
    const { group, watermark } = event.report;
    const { members } = this.#named(task.process, group);
    this.#groupOf.set(task, this.#named(task.process, group));
    members.set(task, [watermark, ...(members.get(task) ?? [])].slice(0, LAST_WORDS));
  }

  onTaskSent(number: number, message: TaskMessage): void {
    if (message.type !== 'watermark-aligned') return;
    const task = this.#board.find(number);
    const group = task === undefined ? undefined : this.#groupOf.get(task);
    if (group !== undefined) group.announced = message.watermark;
  }

  onMasterTurned(process: string, isIdle: boolean): void {
    for (const [name, group] of this.#groups.get(process) ?? []) {
      const { announced } = group;
      group.announced = undefined;
      if (announced !== undefined && isIdle) this.#check(name, group, announced);
    }
  }

  #check(name: string, { members }: Group, announced: number): void {
    let least = Number.POSITIVE_INFINITY;
    const others = new Set<number>();
    for (const [{ state, isCancelled }, [last = least, ...former]] of members)
      if (state === 'running' && !isCancelled) least = Math.min(least, last);
      else for (const watermark of [last, ...former]) others.add(watermark);
    this.#verdict.check(
      announced === least || (announced < least && others.has(announced)),
      () => `The alignment group '${name}' is told ${announced}, and the least of its members is ${least}.`,
    );
  }

  #named(process: string, name: string): Group {
    const groups = this.#groups.get(process) ?? new Map<string, Group>();
    this.#groups.set(process, groups);
    const group = groups.get(name) ?? { members: new Map(), announced: undefined };
    groups.set(name, group);
    return group;
  }
}
