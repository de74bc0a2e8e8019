import { invariant } from '../base/invariant.js';
import type { WireError } from '../protocol/wire-error.js';
import { copyOverdue } from './checkpoint-error.js';
import type { CheckpointRequest } from './checkpoint-request-decider.js';
import { armTimer, cancelTimer, settleRequest, traceEvent } from './coordinator-effects.js';
import type { CoordinatorEffect, SavepointEvent } from './coordinator-protocol.js';
import type { PendingCheckpoint } from './pending-checkpoint.js';
import type { CheckpointManifest } from './snapshot-handle.js';

export type SavepointRequest = Extract<CheckpointRequest, { kind: 'user' }>;

/** A savepoint whose copying has come to an end. `path`: undefined if it failed. */
export interface EndedExport {
  readonly pending: PendingCheckpoint;
  readonly request: SavepointRequest;
  /** The attempt that its snapshots are of. */
  readonly attempt: number;
  readonly path: string | undefined;
  readonly error: WireError | undefined;
}

/**
 * Savepoints that are complete in the job's own storage and are being copied to where somebody wants them.
 *
 * Invariants: each is copied once, and whoever asked for it is told once; a savepoint with which the job ends
 * is told of here only when it failed, otherwise by whoever ends the job; none is waited for longer than the timeout of
 * a checkpoint, and what is heard of it later is ignored.
 */
export class SavepointExports {
  readonly #timeoutMs: number;
  readonly #running = new Map<number, Omit<EndedExport, 'path' | 'error'>>();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  get busy(): boolean {
    return this.#running.size > 0;
  }

  /** The job ends with one of them, also where the attempt that took it has failed meanwhile. */
  get drains(): boolean {
    return [...this.#running.values()].some(({ pending }) => pending.stop === 'drain');
  }

  begin(pending: PendingCheckpoint, manifest: CheckpointManifest, effects: CoordinatorEffect[]): void {
    const { request, checkpointId } = pending;
    invariant(request.kind === 'user' && request.savepoint !== undefined, 'only a savepoint is copied');
    this.#running.set(checkpointId, { pending, request, attempt: manifest.attempt });
    const { folder } = request.savepoint;
    armTimer('checkpoint-timeout', checkpointId, this.#timeoutMs, effects);
    const kind = manifest.kind === 'drained' ? 'drained' : 'savepoint';
    effects.push({ type: 'export-savepoint', manifest: { ...manifest, kind }, folder });
  }

  /** The storage has not answered in time. */
  onTimeout(checkpointId: number, effects: CoordinatorEffect[]): EndedExport | undefined {
    const error = copyOverdue(checkpointId, this.#timeoutMs);
    return this.handle({ type: 'savepoint-export-failed', checkpointId, error }, effects);
  }

  handle(event: SavepointEvent, effects: CoordinatorEffect[]): EndedExport | undefined {
    const { checkpointId } = event;
    const running = this.#running.get(checkpointId);
    this.#running.delete(checkpointId);
    if (running === undefined) return undefined;
    cancelTimer('checkpoint-timeout', checkpointId, effects);
    const { request } = running;
    if (event.type === 'savepoint-exported') {
      const { path } = event;
      traceEvent('savepoint.completed', { checkpointId, path }, effects);
      if (request.savepoint?.stop === undefined)
        settleRequest(request, { completed: true, checkpointId, savepointPath: path }, effects);
      return { ...running, path, error: undefined };
    }
    const { error } = event;
    traceEvent('savepoint.failed', { checkpointId, code: error.code, error: error.what }, effects);
    settleRequest(request, { completed: false, reason: 'FINALIZE_CHECKPOINT_FAILURE', error }, effects);
    return { ...running, path: undefined, error };
  }
}
