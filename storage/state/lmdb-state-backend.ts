import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { KeyedStateBackend, KeyedStateRequest, KeyedStateStore } from '../../core/internal.js';
import { NO_DEADLINE, type SnapshotDeadline } from './lmdb-snapshot.js';
import { LmdbStateStore } from './lmdb-state-store.js';
import { SnapshotPace } from './snapshot-pace.js';
import type { StateWriterPort } from './state-writer-protocol.js';

/**
 * Keeps keyed state in managed memory and, beyond that, in LMDB.
 *
 * @example
 * ```ts
 * function open(request: KeyedStateRequest, connect: (path: string) => StateWriterPort): Promise<KeyedStateStore> {
 *   return new LmdbStateBackend('/tmp/state-of-this-process', connect).open(request);
 * }
 * ```
 */
export class LmdbStateBackend implements KeyedStateBackend {
  readonly name = 'lmdb';
  readonly #folder: string;
  readonly #connect: (path: string) => StateWriterPort;
  readonly #deadline: SnapshotDeadline;
  readonly #pace: SnapshotPace;

  /**
   * @param folder for working copies: of this process alone, empty at its start
   * @param connect the state writer's port for the environment at a path
   * @param deadline of each snapshot
   * @param pace of the stores, for who can let their tasks wait
   */
  constructor(
    folder: string,
    connect: (path: string) => StateWriterPort,
    deadline: SnapshotDeadline = NO_DEADLINE,
    pace: SnapshotPace = new SnapshotPace(),
  ) {
    this.#folder = folder;
    this.#connect = connect;
    this.#deadline = deadline;
    this.#pace = pace;
  }

  async open(request: KeyedStateRequest): Promise<KeyedStateStore> {
    const path = join(this.#folder, environmentName(request));
    return new LmdbStateStore(request, path, this.#connect(path), this.#deadline, this.#pace);
  }
}

/** A name without a dot, of bounded length, that no other store of the process has. */
function environmentName({ operatorUid, subtaskIndex, attempt }: KeyedStateRequest): string {
  const uid = createHash('sha256').update(operatorUid).digest('hex').slice(0, 16);
  return `${uid}-${subtaskIndex}-${attempt}`;
}
