import { MillraceError } from './millrace-error.js';

/** The largest size that can be written down: the largest signed 64-bit number, as in Flink. */
export const MAX_MEMORY_BYTES = 2n ** 63n - 1n;

interface MemoryUnit {
  readonly names: readonly [string, string, ...string[]];
  readonly bytes: bigint;
}

/** From small to large; the second name is the one that is printed. All are powers of 1024. */
const UNITS: readonly MemoryUnit[] = [
  { names: ['b', 'bytes'], bytes: 1n },
  { names: ['k', 'kb', 'kibibytes'], bytes: 2n ** 10n },
  { names: ['m', 'mb', 'mebibytes'], bytes: 2n ** 20n },
  { names: ['g', 'gb', 'gibibytes'], bytes: 2n ** 30n },
  { names: ['t', 'tb', 'tebibytes'], bytes: 2n ** 40n },
];

const ALL_UNITS = UNITS.map((unit) => `(${unit.names.join(' | ')})`).join(' / ');

/**
 * Bytes of a memory size text: digits, optional space, optional unit (`b`, `k`, `m`, `g`, `t` and their
 * longer names, in any case). No unit means bytes; there are no decimals and no negative sizes.
 *
 * @throws MillraceError MR4002 with Flink's sentence as `what`
 */
export function parseMemoryBytes(text: string): bigint {
  const trimmed = trimSpace(text);
  if (trimmed === '') throw unreadable('argument is an empty- or whitespace-only string');
  const digits = /^[0-9]*/.exec(trimmed)?.[0] ?? '';
  if (digits === '') throw unreadable('text does not start with a number');
  const value = BigInt(digits);
  if (value > MAX_MEMORY_BYTES) {
    throw unreadable(`The value '${digits}' cannot be re represented as 64bit number (numeric overflow).`);
  }
  const bytes = value * unitBytes(trimSpace(trimmed.slice(digits.length)).toLowerCase());
  if (bytes > MAX_MEMORY_BYTES) {
    throw unreadable(
      `The value '${text}' cannot be re represented as 64bit number of bytes (numeric overflow).`,
    );
  }
  return bytes;
}

/** For people: `1.250gb (1342177280 bytes)` in the largest unit that the size exceeds, or `512 bytes`. */
export function formatMemoryBytes(bytes: bigint): string {
  const unit = UNITS.findLast((candidate) => bytes > candidate.bytes);
  if (unit === undefined || unit.bytes === 1n) return `${bytes} bytes`;
  return `${inUnit(bytes, unit)} (${bytes} bytes)`;
}

/** The short form for tables, where the exact bytes stand beside it: `1.250gb`, `512 bytes`. */
export function formatMemoryBytesShort(bytes: bigint): string {
  const unit = UNITS.findLast((candidate) => bytes >= candidate.bytes);
  if (unit === undefined || unit.bytes === 1n) return `${bytes} bytes`;
  return inUnit(bytes, unit);
}

/**
 * A text that parses back to the same size, in the largest unit that divides it: `64 mb`, `1 gb`,
 * `1025 bytes`. Whole terabytes are printed in bytes, as Flink does.
 */
export function printMemoryBytes(bytes: bigint): string {
  const tooLarge = UNITS.findIndex((unit) => bytes % unit.bytes !== 0n);
  const unit = UNITS[tooLarge - 1];
  return unit === undefined ? `${bytes} bytes` : `${bytes / unit.bytes} ${unit.names[1]}`;
}

function inUnit(bytes: bigint, unit: MemoryUnit): string {
  return `${(Number(bytes) / Number(unit.bytes)).toFixed(3)}${unit.names[1]}`;
}

function unitBytes(name: string): bigint {
  if (name === '') return 1n;
  const unit = UNITS.find((candidate) => candidate.names.includes(name));
  if (unit !== undefined) return unit.bytes;
  throw unreadable(`Memory size unit '${name}' does not match any of the recognized units: ${ALL_UNITS}`);
}

function unreadable(what: string): MillraceError {
  return new MillraceError('MR4002', what, {
    hint: "Write whole bytes, or a whole number and a unit: '1728m', '1 gb', '65536'.",
  });
}

/** Strips what Java's trim() strips: everything up to the space character, and no other white space. */
function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 0x20) start++;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end--;
  return text.slice(start, end);
}
