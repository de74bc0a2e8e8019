import {
  formatMemoryBytes,
  formatMemoryBytesShort,
  MAX_MEMORY_BYTES,
  MillraceError,
  parseMemoryBytes,
  printMemoryBytes,
} from '../core/internal.js';
import { timesTruncated } from './decimal.js';

/**
 * A number of bytes with the arithmetic of Flink's MemorySize: never negative, never beyond 2^63 - 1, and
 * exact, since the sizes of a plan must come out the same to the byte. Immutable.
 *
 * Not for the record path: it holds a bigint.
 */
export class MemorySize {
  static readonly ZERO = new MemorySize(0n);
  static readonly MAX = new MemorySize(MAX_MEMORY_BYTES);

  readonly bytes: bigint;

  /** @throws MillraceError MR4003 if `bytes` is negative or beyond 64 bits */
  constructor(bytes: bigint) {
    if (bytes < 0n) throw new MillraceError('MR4003', 'bytes must be >= 0', { why: `It is ${bytes}.` });
    if (bytes > MAX_MEMORY_BYTES) {
      throw new MillraceError('MR4003', 'long overflow', {
        why: `A memory size cannot exceed ${MAX_MEMORY_BYTES} bytes.`,
      });
    }
    this.bytes = bytes;
  }

  /** @throws MillraceError MR4002 */
  static parse(text: string): MemorySize {
    return new MemorySize(parseMemoryBytes(text));
  }

  static mebibytes(count: number): MemorySize {
    return new MemorySize(BigInt(count) << 20n);
  }

  plus(other: MemorySize): MemorySize {
    return new MemorySize(this.bytes + other.bytes);
  }

  minus(other: MemorySize): MemorySize {
    return new MemorySize(this.bytes - other.bytes);
  }

  /** The exact product with the decimal that `factor` prints as, truncated to whole bytes. */
  times(factor: number): MemorySize {
    return new MemorySize(timesTruncated(this.bytes, factor));
  }

  /** Rounded down. `parts` is at least 1. */
  dividedBy(parts: number): MemorySize {
    return new MemorySize(this.bytes / BigInt(parts));
  }

  exceeds(other: MemorySize): boolean {
    return this.bytes > other.bytes;
  }

  equals(other: MemorySize): boolean {
    return this.bytes === other.bytes;
  }

  /** Bytes as a number, for run-time structures; sizes there are far below 2^53. */
  toNumber(): number {
    const value = Number(this.bytes);
    if (Number.isSafeInteger(value)) return value;
    throw new MillraceError('MR4003', `${this.toHumanReadable()} is beyond any memory.`);
  }

  /** `1.250gb (1342177280 bytes)` */
  toHumanReadable(): string {
    return formatMemoryBytes(this.bytes);
  }

  /** `1.250gb` */
  toShort(): string {
    return formatMemoryBytesShort(this.bytes);
  }

  /** `64 mb`: parses back to the same size. */
  toString(): string {
    return printMemoryBytes(this.bytes);
  }
}

/** The sum of sizes, added from left to right. */
export function sumOf(...sizes: readonly MemorySize[]): MemorySize {
  return sizes.reduce((sum, size) => sum.plus(size), MemorySize.ZERO);
}
