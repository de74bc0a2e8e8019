import type { RecordCodec } from '../core/internal.js';

/**
 * A codec whose records are cheaper together: what they have in common (the names of their fields) is
 * written once per frame. A frame is complete in itself.
 */
export interface FrameCodec<T> extends RecordCodec<T> {
  newFrame(): FrameBuilder<T>;
  /** The records of bytes[start, start + length), `count` of them. @throws MillraceError MR2003 */
  decodeFrame(bytes: Uint8Array, start: number, length: number, count: number): T[];
}

/** Collects records on the heap. A record is encoded when it is added, so it may be changed afterwards. */
export interface FrameBuilder<T> {
  readonly count: number;
  readonly bytes: Uint8Array;
  /** Bytes in use. */
  readonly length: number;
  /** @throws MillraceError MR2002 for a value that cannot be carried */
  add(value: T): void;
  clear(): void;
}

export function isFrameCodec<T>(codec: RecordCodec<T>): codec is FrameCodec<T> {
  return 'newFrame' in codec;
}
