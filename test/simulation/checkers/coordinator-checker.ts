import {
  type AttemptDescription,
  type CheckpointManifest,
  isMillraceError,
  type TaskEvent,
  type TaskMessage,
} from '../../../core/internal.js';
import type { StorageAnswer, StorageCall } from '../observed-storage.js';
import type { WorldVerdict } from '../world-failure.js';
import type { TraceEvent, WorldListener } from '../world-listener.js';
import type { BoardTask, TaskBoard } from './task-board.js';

/** A checkpoint that has been triggered, and neither completed nor given up. */
interface Pending {
  readonly id: number;
  /** Those that ran when it began. */
  readonly tasks: readonly BoardTask[];
  readonly prepared: Answers;
  readonly enumerators: Answers;
  readonly triggered: Set<BoardTask>;
  /** By task that has acknowledged it: whether it had told before that nothing follows. */
  readonly acknowledged: Map<BoardTask, boolean>;
  isSavepoint: boolean;
  /** The storage was asked to complete it. */
  isStored: boolean;
}

/** Who was asked something, and who has answered. */
interface Answers {
  readonly asked: Set<BoardTask>;
  readonly answered: Set<BoardTask>;
}

type End = 'checkpoint-completed' | 'checkpoint-aborted';

/** What is known of the checkpoints of a process. */
interface Lead {
  readonly process: string;
  readonly pending: Map<number, Pending>;
  lastId: number;
  /** Checkpoints that came to an end in this turn, and who has been told so. */
  ended: { readonly pending: Pending; readonly end: End }[];
  readonly told: Map<BoardTask, Set<number>>;
  /** Tasks that have told of their end, of which the master may not have heard. */
  justEnded: number;
  /** Being stored. */
  storing: number | undefined;
  /** Something has been said since the last look at those under way. */
  hasNews: boolean;
  /** Its storage has said that somebody else leads. */
  isOver: boolean;
  /** The job ends with a savepoint. */
  isEnding: boolean;
  /** The input of its attempt has ended for good: before what it was restored from, or by order. */
  isDrained: boolean;
}

const HEARD: ReadonlySet<string> = new Set([
  'checkpoint.triggered',
  'checkpoint.completed',
  'checkpoint.aborted',
]);

/** When an attempt is taken down as a whole, its tasks are told nothing but to end. */
const UNTOLD: ReadonlySet<unknown> = new Set(['JOB_FAILURE', 'CHECKPOINT_COORDINATOR_SHUTDOWN']);

/**
 * Follows each checkpoint from its trigger to its end, by what tasks and their job master tell each other.
 *
 * What must hold, when the job master has handled all that it was told: of a checkpoint under way somebody has yet to
 * answer what he was asked, and who has finished is not awaited; whom no barrier could reach has been told; the last
 * answer has it stored. And with the turn in which one comes to its end: whoever took part and goes on is told; older
 * ones are given up where it was completed. Its manifest says of whom nothing follows, and whether of all for good.
 */
export class CoordinatorChecker implements WorldListener {
  readonly #board: TaskBoard;
  readonly #verdict: WorldVerdict;
  readonly #max: number;
  readonly #leads = new Map<string, Lead>();

  /** `max`: of checkpoints under way. */
  constructor(board: TaskBoard, verdict: WorldVerdict, max: number) {
    this.#board = board;
    this.#verdict = verdict;
    this.#max = max;
  }

  onEvent({ name, values }: TraceEvent): void {
    if (!HEARD.has(name)) return;
    const lead = this.#leadOf(`p${values.process}`);
    const id = Number(values.checkpointId);
    lead.hasNews = true;
    if (name === 'checkpoint.triggered') this.#onTriggered(lead, id, Number(values.tasks));
    else if (name === 'checkpoint.completed') this.#onEnded(lead, id, 'checkpoint-completed', true);
    else this.#onEnded(lead, id, 'checkpoint-aborted', !UNTOLD.has(values.reason));
  }

  onRegionLaunched(process: string, { restore }: AttemptDescription): void {
    const lead = this.#leadOf(process);
    lead.isEnding = false;
    lead.isDrained = restore?.drained === true;
  }

  onTaskSent(number: number, message: TaskMessage): void {
    const task = this.#board.find(number);
    if (task === undefined) return;
    const lead = this.#leadOf(task.process);
    if (message.type === 'finish') lead.isEnding = true;
    if (message.type === 'drain') lead.isDrained = true;
    if (!('checkpointId' in message)) return;
    const { checkpointId } = message;
    const pending = lead.pending.get(checkpointId);
    switch (message.type) {
      case 'prepare-full-snapshot':
        pending?.prepared.asked.add(task);
        break;
      case 'snapshot-enumerator':
        pending?.enumerators.asked.add(task);
        this.#checkPrepared(pending);
        break;
      case 'trigger-checkpoint':
        pending?.triggered.add(task);
        if (pending !== undefined && message.kind === 'savepoint') pending.isSavepoint = true;
        this.#checkPrepared(pending);
        break;
      default:
        this.#onEndTold(lead, task, message.type, checkpointId);
    }
  }

  onTaskTold(number: number, event: TaskEvent): void {
    const task = this.#board.find(number);
    if (task === undefined) return;
    const hasEnded = task.state === 'finished' || task.state === 'gone';
    const report = event.type === 'report' ? event.report : undefined;
    const isOfCheckpoint = report !== undefined && 'checkpointId' in report;
    if (!hasEnded && !isOfCheckpoint) return;
    const lead = this.#leadOf(task.process);
    lead.hasNews = true;
    if (hasEnded) lead.justEnded++;
    if (!isOfCheckpoint) return;
    const pending = lead.pending.get(report.checkpointId);
    if (report.type === 'checkpoint-acknowledged')
      pending?.acknowledged.set(task, task.hadEnded || task.dataFinished);
    if (report.type === 'full-snapshot-prepared') pending?.prepared.answered.add(task);
    if (report.type === 'enumerator-snapshot') pending?.enumerators.answered.add(task);
  }

  onStorageAsked(process: string, call: StorageCall): void {
    if (call.type !== 'complete' && call.type !== 'export') return;
    const lead = this.#leadOf(process);
    const { checkpointId } = call.manifest;
    const pending = lead.pending.get(checkpointId);
    if (pending === undefined) return;
    this.#checkManifest(lead, pending, call.manifest);
    pending.isStored = true;
    if (call.type === 'complete') lead.storing = checkpointId;
    // For the tasks a savepoint is over as soon as it is copied.
    else this.#onEnded(lead, checkpointId, 'checkpoint-aborted', true);
  }

  onStorageAnswered(process: string, _call: StorageCall, answer: StorageAnswer): void {
    if (answer.type === 'failed' && isMillraceError(answer.error) && answer.error.code === 'MR8003')
      this.#leadOf(process).isOver = true;
  }

  onMasterTurned(process: string, isIdle: boolean): void {
    const lead = this.#leads.get(process);
    if (lead === undefined) return;
    const isQuiet = lead.isOver || lead.isEnding;
    if (!isQuiet) for (const { pending, end } of lead.ended) this.#checkEnd(lead, pending, end);
    if (lead.ended.length > 0) {
      lead.ended = [];
      lead.told.clear();
    }
    if (!isIdle) return;
    lead.justEnded = 0;
    if (!lead.hasNews) return;
    lead.hasNews = false;
    if (!isQuiet) for (const pending of lead.pending.values()) this.#checkGoesOn(lead, pending);
  }

  #leadOf(process: string): Lead {
    const known = this.#leads.get(process);
    if (known !== undefined) return known;
    const state = {
      lastId: 0,
      justEnded: 0,
      storing: undefined,
      hasNews: false,
      isOver: false,
      isEnding: false,
      isDrained: false,
    };
    const lead: Lead = { process, pending: new Map(), ended: [], told: new Map(), ...state };
    this.#leads.set(process, lead);
    return lead;
  }

  #onTriggered(lead: Lead, id: number, count: number): void {
    const { process, pending, lastId, justEnded } = lead;
    this.#verdict.check(id > lastId, () => `Checkpoint ${id} begins after ${lastId}.`);
    lead.lastId = id;
    const tasks = this.#board.of(process).filter(({ state }) => state === 'running');
    this.#verdict.check(
      count >= tasks.length && count <= tasks.length + justEnded,
      () => `Checkpoint ${id} is taken of ${count} tasks, and ${tasks.length} run.`,
    );
    pending.set(id, {
      id,
      tasks,
      prepared: { asked: new Set(), answered: new Set() },
      enumerators: { asked: new Set(), answered: new Set() },
      triggered: new Set(),
      acknowledged: new Map(),
      isSavepoint: false,
      isStored: false,
    });
    this.#verdict.check(
      pending.size <= this.#max,
      () => `${pending.size} checkpoints are under way, and ${this.#max} may be.`,
    );
  }

  #onEnded(lead: Lead, id: number, end: End, isTold: boolean): void {
    const pending = lead.pending.get(id);
    if (pending === undefined) return;
    lead.pending.delete(id);
    if (lead.storing === id) lead.storing = undefined;
    if (isTold) lead.ended.push({ pending, end });
    if (end === 'checkpoint-completed')
      this.#verdict.check(pending.isStored, () => `Checkpoint ${id} completes, and nobody has stored it.`);
  }

  #onEndTold(lead: Lead, task: BoardTask, type: TaskMessage['type'], id: number): void {
    const ended = lead.ended.find(({ pending }) => pending.id === id);
    this.#verdict.check(
      ended?.end === type,
      () => `A task is told '${type}' of checkpoint ${id}, of which that is not so.`,
    );
    const told = lead.told.get(task) ?? new Set();
    lead.told.set(task, told.add(id));
  }

  #checkPrepared(pending: Pending | undefined): void {
    this.#verdict.check(
      pending === undefined || !isAwaited(pending.prepared),
      () => `Checkpoint ${pending?.id} is to be full, and is triggered before all know of it.`,
    );
  }

  #checkEnd(lead: Lead, { id, tasks }: Pending, end: End): void {
    const untold = tasks.find(
      (task) => task.state === 'running' && !task.isCancelled && lead.told.get(task)?.has(id) !== true,
    );
    this.#verdict.check(
      untold === undefined,
      () => `Task ${nameOf(untold)} took part in checkpoint ${id}, and is not told '${end}'.`,
    );
    if (end !== 'checkpoint-completed') return;
    const older = [...lead.pending.values()].find((each) => each.id < id && !each.isSavepoint);
    this.#verdict.check(
      older === undefined || older.isStored,
      () => `Checkpoint ${id} is complete, and ${older?.id} is still under way.`,
    );
  }

  /** The master has handled all that it was told, and is to be told more. */
  #checkGoesOn(lead: Lead, pending: Pending): void {
    const { id, tasks, enumerators, prepared, triggered, acknowledged } = pending;
    if (pending.isStored || tasks.some(({ isCancelled }) => isCancelled)) return;
    const failed = tasks.find(({ state }) => state === 'gone');
    this.#verdict.check(
      failed === undefined,
      () => `Task ${nameOf(failed)} has failed, and checkpoint ${id} is not given up.`,
    );
    if (isAwaited(prepared)) return;
    const running = tasks.filter(({ state }) => state === 'running');
    const graph = this.#board.graphOf(lead.process);
    const unasked = running.find(
      (task) =>
        task.address.subtask === 0 &&
        graph?.vertices[task.address.vertexId]?.isSource === true &&
        !enumerators.asked.has(task),
    );
    this.#verdict.check(
      unasked === undefined,
      () => `The enumerator of task ${nameOf(unasked)} is not asked for checkpoint ${id}.`,
    );
    if (isAwaited(enumerators)) return;
    const awaited = running.filter((task) => !acknowledged.has(task));
    const forgotten = awaited.find((task) => !triggered.has(task) && !this.#board.hasProducer(task));
    this.#verdict.check(
      forgotten === undefined,
      () => `No barrier of checkpoint ${id} can reach task ${nameOf(forgotten)}, and it is not told of it.`,
    );
    this.#verdict.check(
      awaited.length > 0 || lead.storing !== undefined,
      () => `All have acknowledged checkpoint ${id}, and it is not stored.`,
    );
  }

  #checkManifest(
    { isDrained }: Lead,
    { id, acknowledged }: Pending,
    { kind, vertices }: CheckpointManifest,
  ): void {
    this.#verdict.check(
      (kind === 'drained') === isDrained,
      () => `Checkpoint ${id} is stored as '${kind}', and its input has ended for good: ${isDrained}.`,
    );
    for (const [{ process, address }, hadEnded] of acknowledged) {
      const { vertexId, subtask } = address;
      const uid = this.#board.graphOf(process)?.vertices[vertexId]?.uid;
      const snapshot = vertices.find(({ vertexUid }) => vertexUid === uid)?.subtasks[subtask];
      if (snapshot === undefined || snapshot === 'finished') {
        this.#verdict.fail(
          'wrong',
          `Checkpoint ${id} lacks what subtask ${subtask} of ${uid} has acknowledged.`,
        );
        continue;
      }
      const isMarked = snapshot.dataFinished === true;
      this.#verdict.check(
        isMarked === hadEnded,
        () => `Checkpoint ${id} says of subtask ${subtask} of ${uid}: nothing follows: ${isMarked}.`,
      );
    }
  }
}

/** Somebody who goes on has not answered. */
function isAwaited({ asked, answered }: Answers): boolean {
  for (const task of asked) if (task.state === 'running' && !answered.has(task)) return true;
  return false;
}

function nameOf(task: BoardTask | undefined): string {
  return task === undefined ? '' : `${task.address.vertexId}/${task.address.subtask}`;
}
