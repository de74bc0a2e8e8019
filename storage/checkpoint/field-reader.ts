import { decodeUtf8, MillraceError } from '../../core/internal.js';

/**
 * Reads the fields that {@link FieldWriter} wrote, trusting nothing: every length is checked against what is
 * left before anything is allocated, numbers against their range, and the shortest form is the only one.
 * Bytes that do not fit throw MR3004, which names the file and the position.
 */
export class FieldReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #file: string;
  #position: number;

  constructor(bytes: Uint8Array, file: string, from = 0, to: number = bytes.length) {
    this.#bytes = bytes;
    this.#end = to;
    this.#file = file;
    this.#position = from;
  }

  get position(): number {
    return this.#position;
  }

  get remaining(): number {
    return this.#end - this.#position;
  }

  natural(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (byte === 0 && i > 0) break;
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
      scale *= 0x80;
    }
    throw this.corrupt('a number is out of its form');
  }

  uint32(): number {
    this.#need(4);
    const at = this.#position;
    this.#position += 4;
    const bytes = this.#bytes;
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true);
  }

  float64(): number {
    this.#need(8);
    const at = this.#position;
    this.#position += 8;
    const bytes = this.#bytes;
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat64(at, true);
  }

  byte(): number {
    this.#need(1);
    return this.#bytes[this.#position++] ?? 0;
  }

  /** A byte that is an index into `choices`. */
  oneOf<T>(choices: readonly T[], what: string): T {
    const index = this.byte();
    const choice = choices[index];
    if (choice === undefined) throw this.corrupt(`${what} has no form ${index}`);
    return choice;
  }

  text(): string {
    const length = this.natural();
    this.#need(length);
    const text = decodeUtf8(this.#bytes, this.#position, this.#position + length);
    if (text === undefined) throw this.corrupt('a text is not UTF-8');
    this.#position += length;
    return text;
  }

  /** A copy. */
  bytes(): Uint8Array {
    return this.raw(this.natural());
  }

  raw(length: number): Uint8Array {
    this.#need(length);
    const from = this.#position;
    this.#position += length;
    return this.#bytes.slice(from, from + length);
  }

  /** How many elements follow, each of at least `bytesLeast` bytes. */
  count(bytesLeast = 1): number {
    const count = this.natural();
    if (count * bytesLeast > this.remaining) throw this.corrupt(`${count} elements cannot follow`);
    return count;
  }

  /** Nothing may follow. */
  end(): void {
    if (this.remaining !== 0) throw this.corrupt(`${this.remaining} bytes too many`);
  }

  corrupt(why: string): MillraceError {
    return corruptFile(this.#file, `${why}, at byte ${this.#position}`);
  }

  #need(length: number): void {
    if (length > this.remaining) throw this.corrupt(`${length} bytes are needed, ${this.remaining} are left`);
  }
}

const CORRUPT_HINT =
  'restore the file from a copy; with --resume the newest checkpoint that can be read is used';

/** MR3004 for a stored file. */
export function corruptFile(file: string, why: string, hint = CORRUPT_HINT): MillraceError {
  return new MillraceError('MR3004', `The stored file ${file} is corrupt`, {
    where: { at: file },
    why,
    hint,
  });
}
