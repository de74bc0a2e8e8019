import { fromWireError, MillraceError } from '../../core/internal.js';
import { LmdbEnvironment, type LmdbSnapshot } from './lmdb-environment.js';
import { LmdbRows } from './lmdb-rows.js';
import type { SnapshotPace } from './snapshot-pace.js';
import { SpillFiles } from './spill-files.js';
import type { StateWriterPort } from './state-writer-protocol.js';

/** Longest wait for the state writer to commit what was posted together. */
const WRITE_TIMEOUT_MS = 60_000;
const WAIT_STEP_MS = 100;
/** After so much more, or less, the state writer is told of what is spilled, though nothing is written. */
const SPILLED_STEP_BYTES = 1024 * 1024;

/**
 * The LMDB environment of one store, as its task sees it: it reads, and lets the state writer write.
 *
 * Invariants: `inFlight` counts the writes that are posted and not confirmed; they are confirmed in order;
 * the environment is opened for reading after the first confirmed write only.
 */
export class LmdbHome {
  readonly #path: string;
  readonly #port: StateWriterPort;
  readonly #confirmed: (sequence: number) => void;
  #environment: LmdbEnvironment | undefined = undefined;
  #rows: LmdbRows | undefined = undefined;
  #sequence = 0;
  #wasUsed = false;
  /** What the state writer knows to be spilled. */
  #toldBytes = 0;
  #closed = false;
  /** What checkpoints still need of chunks that had to leave memory. */
  readonly spills: SpillFiles;
  readonly pace: SnapshotPace;
  inFlight = 0;
  /** Size of what is stored, about. */
  storedBytes = 0;

  /** `confirmed` is called, inside {@link poll} and {@link waitForOne}, for each write in order. */
  constructor(
    path: string,
    port: StateWriterPort,
    pace: SnapshotPace,
    confirmed: (sequence: number) => void,
  ) {
    this.#path = path;
    this.pace = pace;
    this.spills = new SpillFiles(path);
    this.#port = port;
    this.#confirmed = confirmed;
  }

  /** Hands rows to the state writer. Returns the number that will be confirmed. */
  post(rows: readonly Uint8Array[]): number {
    const sequence = ++this.#sequence;
    this.#wasUsed = true;
    this.inFlight++;
    this.#toldBytes = this.spills.bytes;
    this.#port.post({ type: 'write', path: this.#path, sequence, rows, spilledBytes: this.#toldBytes });
    return sequence;
  }

  /** Something was spilled that no write follows. @throws as {@link poll}: it may be too much, if a little later */
  onSpilled(): void {
    if (Math.abs(this.spills.bytes - this.#toldBytes) < SPILLED_STEP_BYTES) return;
    this.#toldBytes = this.spills.bytes;
    this.#port.post({ type: 'spilled', path: this.#path, spilledBytes: this.#toldBytes });
    this.poll();
  }

  /** Takes in what the state writer has confirmed. @throws MillraceError MR3011, MR3003 or MR3001 if it failed */
  poll(): void {
    for (let reply = this.#port.receive(); reply !== undefined; reply = this.#port.receive()) {
      if (reply.type === 'failed') throw fromWireError(reply.error);
      if (reply.type === 'closed') continue;
      this.inFlight--;
      this.storedBytes = reply.storedBytes;
      this.#environment?.refresh();
      this.#confirmed(reply.sequence);
    }
  }

  /** Waits, blocking, until the oldest write is confirmed. @throws MillraceError MR3001 after too long */
  waitForOne(): void {
    const before = this.inFlight;
    for (let waited = 0; this.inFlight === before; waited += WAIT_STEP_MS) {
      if (waited > WRITE_TIMEOUT_MS) {
        throw new MillraceError('MR3001', `The state writer has not answered for ${WRITE_TIMEOUT_MS} ms.`, {
          hint: 'The disk of the local state folder may be overloaded or gone.',
        });
      }
      this.#port.wait(WAIT_STEP_MS);
      this.poll();
    }
  }

  /** Reading. There must have been a confirmed write. */
  get rows(): LmdbRows {
    if (this.#rows === undefined) {
      this.#environment = new LmdbEnvironment(this.#path);
      this.#rows = new LmdbRows(this.#environment);
    }
    return this.#rows;
  }

  snapshot(): LmdbSnapshot | undefined {
    void this.rows;
    return this.#environment?.snapshot();
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#environment?.close();
    this.spills.close();
    if (this.#wasUsed || this.#toldBytes > 0) this.#port.post({ type: 'close', path: this.#path });
    if (!this.#wasUsed) this.spills.removeFolder();
  }
}
