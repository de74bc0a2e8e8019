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
