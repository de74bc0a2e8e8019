import { write } from 'node:fs';
import { MillraceError, type StandardStream } from '../../core/internal.js';

const DESCRIPTORS = { stdout: 1, stderr: 2 } as const;
const NAMES = { stdout: 'Standard output', stderr: 'Standard error' } as const;

/**
 * Writes to standard output, or that of errors, from any thread, without passing through the main one, which may
 * be blocked.
 *
 * Invariants: lines of one thread come out whole and in order; one write is under way at a time, and what
 * comes meanwhile goes together with the next.
 */
export class StandardOutput {
  readonly #to: StandardStream;
  #waiting: string[] = [];
  #next: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(to: StandardStream = 'stdout') {
    this.#to = to;
  }

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
    this.#last = writeAll(Buffer.from(text), this.#to);
    this.#next = undefined;
    await this.#last;
  }
}

async function writeAll(bytes: Buffer, to: StandardStream): Promise<void> {
  let offset = 0;
  while (offset < bytes.length) offset += await writeSome(bytes.subarray(offset), to);
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
