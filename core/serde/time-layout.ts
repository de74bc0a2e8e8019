import type { ByteWriter } from './byte-writer.js';

/**
 * A time, or another safe integer, as bytes that sort as the numbers do: two words, big endian, the high one with its
 * sign bit flipped.
 */
export const TIME_BYTES = 8;

const SIGN = 0x8000_0000;

/** Appends a safe integer so that bytes sort as the numbers do. */
export function appendTime(out: ByteWriter, time: number): void {
  out.reserve(TIME_BYTES);
  setTime(out.view, out.position, time);
  out.position += TIME_BYTES;
}

/** {@link appendTime} to memory that is there. */
export function setTime(view: DataView, at: number, time: number): void {
  putTime(view, at, highWordOf(time), time | 0);
}

/** {@link setTime} of a time of these words. */
export function putTime(view: DataView, at: number, high: number, low: number): void {
  view.setInt32(at, high ^ SIGN);
  view.setInt32(at + 4, low);
}

/** Reads what {@link appendTime} wrote. */
export function readTime(bytes: Uint8Array, at: number): number {
  return timeOf(highWordAt(bytes, at), lowWordAt(bytes, at));
}

/** {@link readTime} from memory that has a view. hot path. */
export function timeAt(view: DataView, at: number): number {
  return timeOf(view.getInt32(at) ^ SIGN, view.getInt32(at + 4));
}

/** The high word of a time, signed. Its low word is `time | 0`. */
export function highWordOf(time: number): number {
  return Math.floor(time / 0x1_0000_0000) | 0;
}

function timeOf(high: number, low: number): number {
  return high * 0x1_0000_0000 + (low >>> 0);
}

export function highWordAt(bytes: Uint8Array, at: number): number {
  return wordAt(bytes, at) ^ SIGN;
}

export function lowWordAt(bytes: Uint8Array, at: number): number {
  return wordAt(bytes, at + 4);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] ?? 0) << 24) |
    ((bytes[at + 1] ?? 0) << 16) |
    ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)
  );
}
