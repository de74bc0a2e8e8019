import { endsEarly } from '../serde/varint.js';

/**
 * The form of files of in-flight data. A block is a piece of one channel's bytes:
 *
 * ```
 *   block   channel u32, little endian | bytes as they lay in the channel (memory/segment-layout.ts)
 * ```
 *
 * The pieces of a channel stand in their order, those of different channels in any. What changes the elements in the
 * bytes changes this number too. 2 knows latency markers; all else is as in 1, which is read as well.
 */
export const IN_FLIGHT_FORMAT = 2;

const HEAD_BYTES = 4;

export function encodeInFlightBlock(channel: number, piece: Uint8Array): Uint8Array {
  const block = new Uint8Array(HEAD_BYTES + piece.length);
  new DataView(block.buffer).setUint32(0, channel, true);
  block.set(piece, HEAD_BYTES);
  return block;
}

/** `piece` is a view of the block. @throws MillraceError MR2003 for a block without a channel */
export function decodeInFlightBlock(block: Uint8Array): {
  readonly channel: number;
  readonly piece: Uint8Array;
} {
  if (block.length < HEAD_BYTES) throw endsEarly(0);
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  return { channel: view.getUint32(0, true), piece: block.subarray(HEAD_BYTES) };
}
