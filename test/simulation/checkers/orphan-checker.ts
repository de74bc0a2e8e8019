import {
  type AttemptDescription,
  type CheckpointManifest,
  isMillraceError,
  type SubtaskSnapshot,
  type TaskEvent,
} from '../../../core/internal.js';
import type { StorageAnswer, StorageCall } from '../observed-storage.js';
import type { WorldVerdict } from '../world-failure.js';
import type { TraceEvent, WorldListener } from '../world-listener.js';
import type { BoardTask, TaskBoard } from './task-board.js';

/** What a task has acknowledged. */
interface Fresh {
  readonly task: BoardTask;
  readonly checkpointId: number;
  readonly keys: readonly string[];
}

/** What a job master knows of the files of its checkpoints. */
interface Files {
  /** By checkpoint: files that were acknowledged for it, and not handed over for removal since. */
  readonly acknowledged: Map<number, Set<string>>;
  /** The same, of which the master may not have heard. */
  fresh: Fresh[];
  /** What completed checkpoints name, and what the job began from. */
  readonly named: Set<string>;
  /** Triggered or being copied: what is acknowledged for them is of use. */
  readonly underWay: Set<number>;
  readonly exports: Set<number>;
  /** Handed over to be completed, and nobody knows what became of it. */
  readonly open: Map<number, CheckpointManifest>;
  /** The same, as far as the master knows: it may hear of it too late. */
  readonly stored: Set<number>;
  /** Regions that may run, by attempt. */
  readonly regions: Set<string>;
  /** The greatest checkpoint that was completed in this turn. */
  completed: number;
  isGone: boolean;
  /** The storage has said that somebody else leads, and in a way that the master must heed; and it has heard that. */
  lost: boolean;
  isTold: boolean;
  isOver: boolean;
}

const HEARD: ReadonlySet<string> = new Set([
  'checkpoint.triggered',
  'checkpoint.completed',
  'checkpoint.aborted',
  'savepoint.completed',
  'savepoint.failed',
  'job.attempt-gone',
]);

/**
 * What tasks have acknowledged for checkpoints that did not complete, or too late, is handed over for removal once a
 * later one is complete or nothing of the attempt runs any more, unless a completed one names it. While nobody knows
 * whether a checkpoint was completed, nothing is: it may name what others do. Who has lost the lead removes nothing.
 */
export class OrphanChecker implements WorldListener {
  readonly #board: TaskBoard;
  readonly #verdict: WorldVerdict;
  readonly #files = new Map<string, Files>();

  constructor(board: TaskBoard, verdict: WorldVerdict) {
    this.#board = board;
    this.#verdict = verdict;
  }

  onRegionLaunched(process: string, { attempt, region, restore }: AttemptDescription): void {
    const files = this.#filesOf(process);
    files.regions.add(`${attempt} ${region.id}`);
    // What of it is heard only now means nothing any more.
    files.fresh = files.fresh.filter(({ task }) => this.#board.find(task.number) === task);
    for (const snapshot of restore?.subtasks.flat() ?? []) addNamed(files.named, snapshot);
  }

  onEvent({ name, values }: TraceEvent): void {
    if (!HEARD.has(name)) return;
    const files = this.#filesOf(`p${values.process}`);
    const id = Number(values.checkpointId);
    if (name === 'checkpoint.completed' || name === 'checkpoint.aborted') files.stored.delete(id);
    if (name === 'checkpoint.triggered') files.underWay.add(id);
    else if (name === 'checkpoint.aborted') files.underWay.delete(id);
    else if (name === 'savepoint.completed' || name === 'savepoint.failed') {
      files.exports.delete(id);
      files.underWay.delete(id);
    } else if (name === 'checkpoint.completed') {
      if (!files.exports.has(id)) files.underWay.delete(id);
      files.completed = Math.max(files.completed, id);
    } else if (name === 'job.attempt-gone') {
      files.regions.delete(`${values.attempt} ${values.region}`);
      files.isGone = files.regions.size === 0;
    }
  }

  onTaskTold(number: number, event: TaskEvent): void {
    if (event.type === 'exited' || event.report.type !== 'checkpoint-acknowledged') return;
    const task = this.#board.find(number);
    if (task === undefined) return;
    const { checkpointId, snapshot } = event.report;
    const keys = new Set<string>();
    addNamed(keys, snapshot);
    this.#filesOf(task.process).fresh.push({ task, checkpointId, keys: [...keys] });
  }

  onStorageAsked(process: string, call: StorageCall): void {
    const files = this.#filesOf(process);
    switch (call.type) {
      case 'complete':
        files.open.set(call.manifest.checkpointId, call.manifest);
        files.stored.add(call.manifest.checkpointId);
        break;
      case 'export':
        files.exports.add(call.manifest.checkpointId);
        break;
      case 'discard':
        this.#onDiscarded(files, call.checkpointId, new Set(call.files.map(({ key }) => key)));
        break;
      default:
    }
    this.#verdict.check(
      !files.isOver,
      () => `${process} asks its storage to ${call.type}, and another leads.`,
    );
  }

  onStorageAnswered(process: string, call: StorageCall, answer: StorageAnswer): void {
    const files = this.#filesOf(process);
    if (answer.type === 'failed' && isMillraceError(answer.error) && answer.error.code === 'MR8003') {
      files.lost = true;
      // What is heard of the others too late says nothing any more.
      files.isTold ||= call.type === 'retain' || call.type === 'discard';
    }
    const manifest = manifestOf(files, call);
    if (manifest === undefined || answer.type === 'failed') return;
    files.open.delete(manifest.checkpointId);
    if (call.type === 'resolve' && answer.value !== true) return;
    for (const snapshot of manifest.vertices.flatMap(({ subtasks }) => subtasks))
      addNamed(files.named, snapshot);
  }

  onMasterTurned(process: string, isIdle: boolean): void {
    const files = this.#files.get(process);
    if (files === undefined) return;
    if (isIdle) files.isOver = files.isTold;
    if (files.completed > 0 && !files.lost) this.#checkBelow(files, files.completed);
    files.completed = 0;
    if (isIdle && files.fresh.length > 0) {
      for (const { checkpointId, keys } of files.fresh) {
        const known = files.acknowledged.get(checkpointId) ?? new Set();
        for (const key of keys) known.add(key);
        files.acknowledged.set(checkpointId, known);
      }
      files.fresh = [];
    }
    if (files.isGone && files.stored.size === 0 && !files.lost)
      this.#checkBelow(files, Number.POSITIVE_INFINITY);
    files.isGone = false;
  }

  #filesOf(process: string): Files {
    const known = this.#files.get(process);
    if (known !== undefined) return known;
    const files: Files = {
      acknowledged: new Map(),
      fresh: [],
      named: new Set(),
      underWay: new Set(),
      exports: new Set(),
      open: new Map(),
      stored: new Set(),
      regions: new Set(),
      completed: 0,
      isGone: false,
      lost: false,
      isTold: false,
      isOver: false,
    };
    this.#files.set(process, files);
    return files;
  }

  #onDiscarded(files: Files, checkpointId: number, keys: ReadonlySet<string>): void {
    const [open] = files.open.keys();
    this.#verdict.check(
      open === undefined,
      () => `Files of checkpoint ${checkpointId} are removed, and nobody knows whether ${open} is complete.`,
    );
    const known = files.acknowledged.get(checkpointId);
    for (const key of keys) known?.delete(key);
    for (const fresh of files.fresh)
      if (fresh.checkpointId === checkpointId)
        files.fresh[files.fresh.indexOf(fresh)] = {
          ...fresh,
          keys: fresh.keys.filter((key) => !keys.has(key)),
        };
  }

  /** What was acknowledged for those below is done with. */
  #checkBelow(files: Files, bound: number): void {
    for (const [id, keys] of files.acknowledged) {
      if (id >= bound || files.underWay.has(id) || files.open.has(id)) continue;
      files.acknowledged.delete(id);
      const left = [...keys].find((key) => !files.named.has(key));
      this.#verdict.check(
        left === undefined,
        () => `${left} was acknowledged for checkpoint ${id}, which is over, and is not removed.`,
      );
    }
  }
}

/** What an answer to it tells the outcome of. */
function manifestOf(files: Files, call: StorageCall): CheckpointManifest | undefined {
  if (call.type === 'complete') return call.manifest;
  return call.type === 'resolve' ? files.open.get(call.checkpointId) : undefined;
}

function addNamed(named: Set<string>, snapshot: SubtaskSnapshot | 'finished'): void {
  if (snapshot === 'finished') return;
  for (const { keyed } of Object.values(snapshot.operators))
    for (const { key } of keyed?.files ?? []) named.add(key);
  if (snapshot.inFlight !== undefined) named.add(snapshot.inFlight.file.key);
}
