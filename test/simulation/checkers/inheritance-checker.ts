import {
  type AccumulatorsByUid,
  type AccumulatorValue,
  type CheckpointManifest,
  type OperatorStateHandle,
  operatorUids,
} from '../../../core/internal.js';
import type { StorageCall } from '../observed-storage.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';

/**
 * What a leader begins from is in each checkpoint that it completes, whether anybody has asked for it since or not: the
 * names of keyed tables and of operator lists, and what subtasks had accumulated that had ended.
 *
 * Fair: an operator of which subtasks have ended, with what only they had; times, which go with a run.
 */
export class InheritanceChecker implements WorldListener {
  readonly #verdict: WorldVerdict;
  /** By epoch. */
  readonly #begunFrom = new Map<number, CheckpointManifest>();

  constructor(verdict: WorldVerdict) {
    this.#verdict = verdict;
  }

  onJobBegun(epoch: number, from: CheckpointManifest | undefined): void {
    if (from !== undefined) this.#begunFrom.set(epoch, from);
  }

  onStorageAsked(_process: string, call: StorageCall): void {
    if (call.type !== 'complete') return;
    const { epoch, checkpointId } = call.manifest;
    const from = this.#begunFrom.get(epoch);
    if (from === undefined) return;
    const says = (what: string): void =>
      this.#verdict.fail(
        'wrong',
        `Checkpoint ${checkpointId} goes back to ${from.checkpointId}, and has lost ${what}.`,
      );
    const now = statesOf(call.manifest);
    for (const [uid, names] of statesOf(from)) {
      const left = now.get(uid);
      for (const name of names) if (left?.has(name) === false) says(`'${name}' of '${uid}'`);
    }
    const accumulated = endedOf(call.manifest);
    for (const [uid, values] of Object.entries(endedOf(from)))
      for (const [name, value] of Object.entries(values))
        if (sizeOf(accumulated[uid]?.[name]) < sizeOf(value))
          says(`a part of what '${uid}' had as '${name}'`);
  }
}

/** By uid, of the operators of which no subtask has ended: the names of all that they have. */
function statesOf({ vertices }: CheckpointManifest): Map<string, Set<string>> {
  const states = new Map<string, Set<string>>();
  for (const vertex of vertices)
    for (const uid of operatorUids(vertex)) {
      const handles = vertex.subtasks.map((subtask) =>
        subtask === 'finished' ? undefined : subtask.operators[uid],
      );
      if (handles.every((handle) => handle !== undefined)) states.set(uid, new Set(handles.flatMap(namesOf)));
    }
  return states;
}

function namesOf({ keyed, lists }: OperatorStateHandle): string[] {
  const kept = Object.entries(lists).filter(([, { mode }]) => mode !== 'watermark');
  return [...Object.keys(keyed?.tables ?? {}), ...kept.map(([name]) => name)];
}

function endedOf({ vertices }: CheckpointManifest): AccumulatorsByUid {
  return Object.fromEntries(vertices.flatMap(({ ended = {} }) => Object.entries(ended)));
}

/** Grows with each part; sums are those of what is counted. */
function sizeOf(value: AccumulatorValue | undefined): number {
  switch (value?.kind) {
    case undefined:
      return 0;
    case 'sum':
      return value.value;
    case 'mean':
      return value.count;
    case 'list':
      return value.values.length;
    case 'histogram':
      return value.counts.reduce((sum, [, count]) => sum + count, 0);
    default:
      // Less may be less, and more may be.
      return 1;
  }
}
