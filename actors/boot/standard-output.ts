import { write } from 'node:fs';
import { MillraceError, type StandardStream } from '../../core/internal.js';

const DESCRIPTORS = { stdout: 1, stderr: 2 } as const;
const NAMES = { stdout: 'Standard output', stderr: 'Standard error' } as const;

/** Of what waits, so much is kept at most; lines that are offered beyond it are dropped and counted. */
const WAITING_MAX = 4 * 1024 * 1024;
/** What a line that waits takes beside its characters, about. */
const LINE_COST = 64;

/** Hears what becomes of lines that are offered. */
export interface OfferListener {
  /** Nothing is written any more. Told once. */
  onFailure(error: unknown): void;
  /** So many lines found no room, behind those that have been written until now; there is room again. */
  onDropped(lines: number): void;
}

/**
 * Writes to standard output, or that of errors, from any thread, without passing through the main one, which may
 * be blocked.
 *
 * Invariants: lines of one thread come out whole and in order; one write is under way at a time, and what
 * comes meanwhile goes together with the next; after a failure nothing is written, and nothing kept.
 */
export class StandardOutput {
  readonly #to: StandardStream;
  readonly #listener: OfferListener | undefined;
  #waiting: string[] = [];
  #waitingSize = 0;
  #dropped = 0;
  #hasFailed = false;
  #failure: unknown;
  #next: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(to: StandardStream = 'stdout', listener?: OfferListener) {
    this.#to = to;
    this.#listener = listener;
  }

  /** Resolves when the line has been taken by the operating system. Who writes much waits for it: none is dropped. */
  writeLine(line: string): Promise<void> {
    if (this.#hasFailed) return Promise.reject(this.#failure);
    this.#waiting.push(line, '\n');
    this.#waitingSize += line.length + LINE_COST;
    this.#next ??= this.#writeNext();
    return this.#next;
  }

  /** For who cannot wait: drops the line if too much waits already. */
  offerLine(line: string): void {
    if (this.#hasFailed) return;
    if (this.#waiting.length > 0 && this.#waitingSize + line.length + LINE_COST > WAITING_MAX) {
      this.#dropped++;
      return;
    }
    const isFirst = this.#next === undefined;
    const taken = this.writeLine(line);
    // The listener is told.
    if (isFirst) taken.catch(() => undefined);
  }

  async #writeNext(): Promise<void> {
    await this.#last;
    const text = this.#waiting.join('');
    this.#waiting = [];
    this.#waitingSize = 0;
    this.#last = this.#writeAll(Buffer.from(text));
    this.#next = undefined;
    this.#tellDropped();
    await this.#last;
  }

  async #writeAll(bytes: Buffer): Promise<void> {
    try {
      for (let offset = 0; offset < bytes.length; )
        offset += await writeSome(bytes.subarray(offset), this.#to);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  #tellDropped(): void {
    const dropped = this.#dropped;
    this.#dropped = 0;
    if (dropped > 0) this.#listener?.onDropped(dropped);
  }

  #fail(error: unknown): void {
    this.#hasFailed = true;
    this.#failure = error;
    this.#waiting = [];
    this.#next = undefined;
    this.#listener?.onFailure(error);
  }
}

/** A pipe whose reader is slow says EAGAIN: the event loop gets a turn, then it is tried again. */
function writeSome(bytes: Buffer, to: StandardStream): Promise<number> {
  return new Promise((resolve, reject) => {
    write(DESCRIPTORS[to], bytes, (error, written) => {
      if (error === null) resolve(written);
      else if (error.code === 'EAGAIN') setTimeout(resolve, 1, 0);
      else reject(notWritten(error, to));
    });
  });
}

/** A reader that has gone, such as head, does not come back at a restart. */
function notWritten(error: NodeJS.ErrnoException, to: StandardStream): MillraceError {
  if (error.code !== 'EPIPE')
    return new MillraceError('MR6004', `${NAMES[to]} cannot be written.`, { cause: error });
  return new MillraceError('MR6007', `${NAMES[to]} is closed: its reader has gone.`, { cause: error });
}
