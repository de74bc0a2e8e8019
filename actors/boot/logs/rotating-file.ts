import { appendFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Text that waits to be written, at most; what comes beyond is dropped and counted. */
const WAITING_MAX = 4 * 1024 * 1024;

/**
 * A log file that becomes `<path>.1` when it is full, as the one before becomes `<path>.2`, and so on.
 *
 * Invariants: lines come out whole and in order; one write is under way at a time; of each file no more than
 * `maxBytes` is written, a single longer line aside; `backups` older ones are kept.
 */
export class RotatingFile {
  readonly path: string;
  readonly #maxBytes: number;
  readonly #backups: number;
  readonly #onFailure: (error: unknown) => void;
  #waiting: string[] = [];
  #waitingLength = 0;
  #dropped = 0;
  #size: number | undefined;
  #last: Promise<void> = Promise.resolve();
  #isScheduled = false;

  /** `onFailure` is told of what the disk says; those lines are lost. */
  constructor(path: string, maxBytes: number, backups: number, onFailure: (error: unknown) => void) {
    this.path = path;
    this.#maxBytes = maxBytes;
    this.#backups = backups;
    this.#onFailure = onFailure;
  }

  /** Names of the files that there may be, the newest first. */
  get paths(): readonly string[] {
    return Array.from({ length: this.#backups + 1 }, (_, age) => this.#pathOf(age));
  }

  /** `line` ends with a line feed. */
  write(line: string): void {
    if (this.#waitingLength + line.length > WAITING_MAX) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(line);
    this.#waitingLength += line.length;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#last = this.#last.then(() => this.#writeWaiting()).catch(this.#onFailure);
  }

  /** Lines that found no room since the last call. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  /** Resolves when everything has been written that came so far. */
  flush(): Promise<void> {
    return this.#last;
  }

  async #writeWaiting(): Promise<void> {
    this.#isScheduled = false;
    const lines = this.#waiting.map((line) => Buffer.from(line));
    this.#waiting = [];
    this.#waitingLength = 0;
    this.#size ??= await sizeOf(this.path);
    for (let next = 0; next < lines.length; ) {
      const first = next;
      let bytes = 0;
      while (next < lines.length && this.#size + bytes + (lines[next]?.length ?? 0) <= this.#maxBytes)
        bytes += lines[next++]?.length ?? 0;
      if (next === first && this.#size > 0) {
        await this.#rotate();
        continue;
      }
      if (next === first) bytes = lines[next++]?.length ?? 0;
      await appendFile(this.path, Buffer.concat(lines.slice(first, next)));
      this.#size += bytes;
    }
  }

  async #rotate(): Promise<void> {
    for (let age = this.#backups; age > 0; age--)
      await renameIfThere(this.#pathOf(age - 1), this.#pathOf(age));
    if (this.#backups === 0) await rm(this.path, { force: true });
    this.#size = 0;
  }

  #pathOf(age: number): string {
    return age === 0 ? this.path : `${this.path}.${age}`;
  }
}

/** Makes its folder where there is none yet. */
async function sizeOf(path: string): Promise<number> {
  await mkdir(dirname(path), { recursive: true });
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
