import {
  type AttemptDescription,
  ElementKind,
  type TaskEvent,
  type TaskMessage,
  type TaskReport,
  Watermark,
} from '../../../core/internal.js';
import { OUTPUT } from '../observed-operators.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';
import type { BoardTask, TaskBoard } from './task-board.js';

/** Of what one who has ended said last, the master may not have heard all. */
const LAST_WORDS = 3;

/** Where a member has told that it is. */
interface Words {
  /** Newest first. */
  readonly all: readonly number[];
  /** How many of these the master may not have heard. */
  readonly fresh: number;
}

interface Group {
  readonly members: Map<BoardTask, Words>;
  /** What members were told last, in this turn. */
  announced: number | undefined;
  /** The newest of all that was. */
  newest: number | undefined;
}

/**
 * What the members of a watermark alignment group are told is the least of what they have said, each since it was
 * started. Who has ended counts until it is started anew, or not. A member says how far event time has come for those
 * behind it, and the end of time while it holds nobody back. All of them have been told the same, new ones too.
 */
export class AlignmentChecker implements WorldListener {
  readonly #board: TaskBoard;
  readonly #verdict: WorldVerdict;
  /** By process, then name. */
  readonly #groups = new Map<string, Map<string, Group>>();
  readonly #groupOf = new Map<BoardTask, Group>();
  /** What each was told last. */
  readonly #toldOf = new Map<BoardTask, number>();
  /** How far event time has come behind a source, by task; the end of time where it is idle. */
  readonly #times = new Map<number, number>();

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

  onTimeTold(task: number, node: number, input: number, kind: ElementKind, value: number): void {
    if (node !== 0 || input !== OUTPUT) return;
    if (kind === ElementKind.IDLE) this.#times.set(task, Watermark.MAX);
    else if (kind === ElementKind.WATERMARK) this.#times.set(task, value);
    else this.#times.delete(task);
  }

  onTaskReported(task: number, report: TaskReport): void {
    const time = this.#times.get(task);
    if (report.type !== 'watermark-reported' || time === undefined) return;
    const { group, watermark } = report;
    this.#verdict.check(
      watermark === time || watermark === Watermark.MAX,
      () => `A member of the alignment group '${group}' says that it is at ${watermark}, and is at ${time}.`,
    );
  }

  onTaskTold(number: number, event: TaskEvent): void {
    if (event.type === 'exited' || event.report.type !== 'watermark-reported') return;
    const task = this.#board.find(number);
    if (task === undefined || task.isCancelled) return;
    const { group, watermark } = event.report;
    const { members } = this.#named(task.process, group);
    this.#groupOf.set(task, this.#named(task.process, group));
    const { all, fresh } = members.get(task) ?? { all: [], fresh: 0 };
    members.set(task, { all: [watermark, ...all].slice(0, fresh + LAST_WORDS), fresh: fresh + 1 });
  }

  onTaskSent(number: number, message: TaskMessage): void {
    if (message.type !== 'watermark-aligned') return;
    const task = this.#board.find(number);
    const group = task === undefined ? undefined : this.#groupOf.get(task);
    if (task === undefined || group === undefined) return;
    group.announced = message.watermark;
    group.newest = message.watermark;
    this.#toldOf.set(task, message.watermark);
  }

  onMasterTurned(process: string, isIdle: boolean): void {
    for (const [name, group] of this.#groups.get(process) ?? []) {
      const { announced, members } = group;
      group.announced = undefined;
      if (announced !== undefined) this.#check(name, group, announced, isIdle);
      if (!isIdle) continue;
      this.#checkTold(name, group);
      for (const [task, { all, fresh }] of members) if (fresh > 0) members.set(task, { all, fresh: 0 });
    }
  }

  #checkTold(name: string, { members, newest }: Group): void {
    for (const [task, { all }] of members) {
      if (newest === undefined || task.state !== 'running' || task.isCancelled || all.length === 0) continue;
      const told = this.#toldOf.get(task);
      this.#verdict.check(
        told === newest,
        () => `A member of the alignment group '${name}' was told ${told}, and others ${newest}.`,
      );
    }
  }

  /** `isIdle`: whoever goes on has been heard. */
  #check(name: string, { members }: Group, announced: number, isIdle: boolean): void {
    let least = Number.POSITIVE_INFINITY;
    const others = new Set<number>();
    for (const [{ state, isCancelled }, { all }] of members) {
      const goesOn = isIdle && state === 'running' && !isCancelled;
      if (goesOn) least = Math.min(least, ...all.slice(0, 1));
      else for (const watermark of all) others.add(watermark);
    }
    this.#verdict.check(
      announced === least || (announced < least && others.has(announced)),
      () => `The alignment group '${name}' is told ${announced}, and the least of its members is ${least}.`,
    );
  }

  #named(process: string, name: string): Group {
    const groups = this.#groups.get(process) ?? new Map<string, Group>();
    this.#groups.set(process, groups);
    const group = groups.get(name) ?? { members: new Map(), announced: undefined, newest: undefined };
    groups.set(name, group);
    return group;
  }
}
