import { rmSync, statfsSync } from 'node:fs';
import { isMillraceError, MillraceError, toWireError } from '../../core/internal.js';
import { LmdbEnvironment } from './lmdb-environment.js';
import { LmdbRows } from './lmdb-rows.js';
import { commitRows, type WriteGuard } from './row-transaction.js';
import { SortedRows } from './sorted-rows.js';
import type { StateWriterMessage, StateWriterReply } from './state-writer-protocol.js';

interface OpenEnvironment {
  readonly environment: LmdbEnvironment;
  readonly rows: LmdbRows;
  fileBytes: number;
}

type Write = StateWriterMessage & { readonly type: 'write' };

/** A write may need some pages beside those of its rows; with less room the disk counts as full. */
const ROOM_BYTES = 1024 * 1024;
const ENOSPC = 28;
const EIO = 5;
const EDQUOT = 122;

/**
 * Does all writes to the LMDB environments of a TaskManager, on a thread of its own: each message is some
 * short transactions, in which no user code runs. It holds no state that matters: who lost it begins again
 * from a checkpoint.
 *
 * Invariants:
 * - an environment is open here from its first message to its `close`, which whoever connects a task sends for it where
 *   its thread has ended without;
 * - no write begins that would bring all environments and their stores' other files, together, above the quota; whose
 *   other files grow beyond it is told so.
 */
export class StateWriter {
  readonly #guard: WriteGuard;
  readonly #quotaBytes: number;
  readonly #environments = new Map<string, OpenEnvironment>();
  /** By path: of the store's other files, as it told last. */
  readonly #spilledBytes = new Map<string, number>();

  /** `quotaBytes`: what all of it may take on the disk. */
  constructor(guard: WriteGuard, quotaBytes: number = Number.POSITIVE_INFINITY) {
    this.#guard = guard;
    this.#quotaBytes = quotaBytes;
  }

  /**
   * Carries a message out and replies, a write before this returns; never throws. No reply to a write: the thread is
   * being ended.
   */
  handle(message: StateWriterMessage, reply: (reply: StateWriterReply) => void): void {
    const { path } = message;
    const failed = (error: unknown) =>
      reply({ type: 'failed', path, error: toWireError(writeError(path, error)) });
    if (message.type === 'close') {
      this.#close(path).then(() => reply({ type: 'closed', path }), failed);
      return;
    }
    try {
      if (message.type === 'spilled') {
        this.#spilledBytes.set(path, message.spilledBytes);
        this.#keepQuota([]);
        return;
      }
      if (!this.#write(message)) return;
      const storedBytes = this.#opened(path).environment.storedBytes;
      reply({ type: 'written', path, sequence: message.sequence, storedBytes });
    } catch (error) {
      failed(error);
    }
  }

  #write(message: Write): boolean {
    const opened = this.#opened(message.path);
    const { environment, rows } = opened;
    const sorted = new SortedRows();
    for (const block of message.rows) sorted.add(block);
    this.#spilledBytes.set(message.path, message.spilledBytes);
    this.#keepQuota(message.rows);
    const isWhole = commitRows(environment, rows, sorted, this.#guard);
    opened.fileBytes = environment.fileBytes;
    return isWhole;
  }

  #keepQuota(rows: Write['rows']): void {
    if (this.#quotaBytes === Number.POSITIVE_INFINITY) return;
    let used = 0;
    for (const { fileBytes } of this.#environments.values()) used += fileBytes;
    for (const bytes of this.#spilledBytes.values()) used += bytes;
    const wanted = rows.reduce((sum, block) => sum + block.length, 0);
    if (used + wanted <= this.#quotaBytes) return;
    throw new MillraceError(
      'MR3011',
      `Keyed state takes ${used} bytes of disk, and ${wanted} more are needed.`,
      {
        where: { at: 'state.backend.lmdb.max-size' },
        why: `All LMDB files of the job in this process may take ${this.#quotaBytes} bytes.`,
        hint:
          'Raise state.backend.lmdb.max-size, or taskmanager.memory.managed.size so that less leaves memory, or let ' +
          'state end (ttl); then start again with --resume: the last checkpoint is as it was.',
      },
    );
  }

  #opened(path: string): OpenEnvironment {
    const known = this.#environments.get(path);
    if (known !== undefined) return known;
    const environment = new LmdbEnvironment(path);
    const opened = { environment, rows: new LmdbRows(environment), fileBytes: 0 };
    this.#environments.set(path, opened);
    return opened;
  }

  async #close(path: string): Promise<void> {
    const opened = this.#environments.get(path);
    this.#environments.delete(path);
    this.#spilledBytes.delete(path);
    if (opened !== undefined) await opened.environment.remove();
    // Nothing was written, and yet the folder may hold what was put aside.
    else rmSync(path, { recursive: true, force: true });
  }
}

function writeError(path: string, cause: unknown): MillraceError {
  if (isMillraceError(cause)) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  if (isFull(path, cause)) {
    return new MillraceError('MR3003', `The state writer could not write to LMDB at ${path}.`, {
      where: { at: path },
      why: `The disk is full (${why}).`,
      hint:
        'Free space there, or set TMPDIR to a folder on a larger disk; then start again with --resume: the last ' +
        'checkpoint is as it was.',
      cause,
    });
  }
  return new MillraceError('MR3001', `The state writer could not write to LMDB at ${path}.`, {
    where: { at: path },
    why,
    hint: 'See whether the disk works, then start again with --resume.',
    cause,
  });
}

/** LMDB calls it an I/O error where the disk has taken a part of what was to be written. */
function isFull(path: string, cause: unknown): boolean {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  if (code === ENOSPC || code === EDQUOT || code === 'ENOSPC' || code === 'EDQUOT') return true;
  if (code !== EIO) return false;
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize < ROOM_BYTES;
  } catch {
    // The folder is gone as well: what LMDB said stands.
    return false;
  }
}
