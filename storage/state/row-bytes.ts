/** Above this, one native call is cheaper than a loop. */
const LOOP_BYTES_MAX = 96;

/** Copies from[start, start + length) to into[at, at + length). hot path. */
export function copyBytes(
  from: Uint8Array,
  start: number,
  into: Uint8Array,
  at: number,
  length: number,
): void {
  if (length > LOOP_BYTES_MAX) {
    into.set(from.subarray(start, start + length), at);
    return;
  }
  for (let i = 0; i < length; i++) into[at + i] = from[start + i] ?? 0;
}

/** Negative, 0 or positive: the order of a[aStart, …) and b[bStart, …) of the given lengths. */
export function compareBytes(
  a: Uint8Array,
  aStart: number,
  aLength: number,
  b: Uint8Array,
  bStart: number,
  bLength: number,
): number {
  const shared = Math.min(aLength, bLength);
  for (let i = 0; i < shared; i++) {
    const difference = (a[aStart + i] ?? 0) - (b[bStart + i] ?? 0);
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}

/** Whether the first `length` bytes of a key are those from words[at] on, whatever follows them. hot path. */
export function isKeyAt(words: Int32Array, at: number, key: Int32Array, length: number): boolean {
  const whole = length >> 2;
  // From the end: the first bytes of keys are often the same in all of them.
  const left = length & 3;
  if (left !== 0) {
    const different = (words[at + whole] ?? 0) ^ (key[whole] ?? 0);
    if (different << (32 - (left << 3)) !== 0) return false;
  }
  for (let i = whole - 1; i >= 0; i--) if (words[at + i] !== key[i]) return false;
  return true;
}
