import { write } from 'node:fs';
import { MillraceError } from '../../core/internal.js';

const STANDARD_OUTPUT = 1;

/**
 * Writes to standard output from any thread, without passing through the main one, which may be blocked.
 *
 * Invariants: lines of one thread come out whole and in order; one write is under way at a time, and what
 * comes meanwhile goes together with the next.
 */
export class StandardOutput {
  #waiting: string[] = [];
  #next: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();

  /** Resolves when the line has been taken by the operating system. */
  writeLine(line: string): Promise<void> {
    this.#waiting.push(line, '\n');
    this.#next ??= this.#writeNext();
    return this.#next;
  }

  async #writeNext(): Promise<void> {
    await this.#last;
    const text = this.#waiting.join('');
    this.#waiting = [];
    this.#last = writeAll(Buffer.from(text));
    this.#next = undefined;
    await this.#last;
  }
}

async function writeAll(bytes: Buffer): Promise<void> {
  let offset = 0;
  while (offset < bytes.length) offset += await writeSome(bytes.subarray(offset));
}

/** A pipe whose reader is slow says EAGAIN: the event loop gets a turn, then it is tried again. */
function writeSome(bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    write(STANDARD_OUTPUT, bytes, (error, written) => {
      if (error === null) resolve(written);
      else if (error.code === 'EAGAIN') setTimeout(resolve, 1, 0);
      else reject(notWritten(error));
    });
  });
}

/** A reader that has gone, such as head, does not come back at a restart. */
function notWritten(error: NodeJS.ErrnoException): MillraceError {
  if (error.code !== 'EPIPE')
    return new MillraceError('MR6004', 'Standard output cannot be written.', { cause: error });
  return new MillraceError('MR6007', 'Standard output is closed: its reader has gone.', { cause: error });
}
