import { invariant } from '../base/invariant.js';
import { murmurOfInt } from '../base/murmur3.js';
import type { KeyGroupRange } from '../ports/keyed-state-store.js';
import { KEY_DEPTH_MAX, keyFieldNames, refuseDepth, refuseKey, refuseNoKey } from '../serde/key-fields.js';

/**
 * Which subtask owns a key. Keys fall into `maxParallelism` key groups, and contiguous ranges of groups
 * belong to subtasks, as in Flink: the group of a key never changes, only the owner of the group does. All
 * of it is part of the savepoint format.
 */

export const MAX_PARALLELISM_LIMIT = 32_768;

const float64 = new Float64Array(1);
const words = new Int32Array(float64.buffer);
/** 1 where the low word of a float64 comes first. */
const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/**
 * The key group of a key, in [0, maxParallelism).
 *
 * @throws MillraceError MR2004 if it has no canonical form, or is undefined or null, as Flink does; within a key both
 * are values like others
 */
export function keyGroupOf(key: unknown, maxParallelism: number): number {
  const hash = javaHashCode(key);
  if (hash === 0 && (key === undefined || key === null)) refuseNoKey(key);
  return murmurOfInt(hash) % maxParallelism;
}

/** The subtask, in [0, parallelism), that owns a key group. */
export function subtaskOfKeyGroup(keyGroup: number, parallelism: number, maxParallelism: number): number {
  return Math.floor((keyGroup * parallelism) / maxParallelism);
}

/** The key groups of a subtask; every group is in exactly one subtask's range. */
export function keyGroupRangeOf(subtask: number, parallelism: number, maxParallelism: number): KeyGroupRange {
  invariant(parallelism >= 1 && parallelism <= maxParallelism, 'parallelism is within 1 and maxParallelism', {
    parallelism,
    maxParallelism,
  });
  invariant(subtask >= 0 && subtask < parallelism, 'the subtask exists', { subtask, parallelism });
  return {
    start: Math.ceil((subtask * maxParallelism) / parallelism),
    end: Math.floor(((subtask + 1) * maxParallelism - 1) / parallelism),
  };
}

/** The maximum parallelism where none is set: 1.5 times the parallelism, a power of two, in [128, 32768]. */
export function defaultMaxParallelism(parallelism: number): number {
  const wanted = parallelism + Math.floor(parallelism / 2);
  let power = 128;
  while (power < wanted && power < MAX_PARALLELISM_LIMIT) power *= 2;
  return power;
}

/**
 * Java's hashCode of the value that stands for the key there: a number in the range of int is an Integer,
 * another safe integer a Long, any other number a Double; a bigint is a Long, beyond its range a BigInteger;
 * a Uint8Array is a byte[] (by content), an array a tuple. undefined and null are 0. A plain object, which
 * Java has no counterpart of, is the tuple of its names and values in the order of `keyFieldNames`.
 *
 * Keys that encode to the same bytes have the same hash: -0 is 0.
 */
export function javaHashCode(key: unknown): number {
  return hashOf(key, 0);
}

function hashOf(key: unknown, depth: number): number {
  switch (typeof key) {
    case 'number':
      return (key | 0) === key ? key | 0 : hashOfNumber(key);
    case 'string':
      return hashOfString(key);
    case 'boolean':
      return key ? 1231 : 1237;
    case 'bigint':
      return hashOfBigint(key);
    case 'undefined':
      return 0;
    case 'object':
      return key === null ? 0 : hashOfObject(key, depth);
    default:
      return refuseKey(key);
  }
}

function hashOfString(key: string): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0;
  return hash;
}

function hashOfNumber(key: number): number {
  if (Number.isSafeInteger(key)) return (key | 0) ^ Math.floor(key / 0x1_0000_0000);
  // Java's canonical NaN; there is one NaN as a key, whatever its bits.
  if (Number.isNaN(key)) return 0x7ff8_0000;
  float64[0] = key;
  return (words[1 - HIGH] ?? 0) ^ (words[HIGH] ?? 0);
}

function hashOfBigint(key: bigint): number {
  if (BigInt.asIntN(64, key) === key) {
    return Number(BigInt.asIntN(32, key)) ^ Number(BigInt.asIntN(32, key >> 32n));
  }
  const magnitude = key < 0n ? -key : key;
  let hash = 0;
  for (let shift = highestWordShift(magnitude); shift >= 0n; shift -= 32n) {
    hash = (Math.imul(hash, 31) + Number(BigInt.asIntN(32, magnitude >> shift))) | 0;
  }
  return key < 0n ? -hash | 0 : hash;
}

function highestWordShift(magnitude: bigint): bigint {
  let shift = 0n;
  while (magnitude >> (shift + 32n) !== 0n) shift += 32n;
  return shift;
}

function hashOfObject(key: object, depth: number): number {
  if (depth >= KEY_DEPTH_MAX) refuseDepth();
  let hash = 0;
  if (Array.isArray(key)) {
    for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + hashOf(key[i], depth + 1)) | 0;
    return hash;
  }
  if (key instanceof Uint8Array) {
    hash = 1;
    for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + (((key[i] ?? 0) << 24) >> 24)) | 0;
    return hash;
  }
  const fields = key as Readonly<Record<string, unknown>>;
  for (const name of keyFieldNames(key)) {
    const value = fields[name];
    if (value === undefined) continue;
    hash = (Math.imul(hash, 31) + hashOfString(name)) | 0;
    hash = (Math.imul(hash, 31) + hashOf(value, depth + 1)) | 0;
  }
  return hash;
}
