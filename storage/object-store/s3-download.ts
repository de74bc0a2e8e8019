import { type ByteRange, CHUNK_BYTES } from './object-store.js';
import { S3Failure } from './s3-failure.js';
import type { S3Piece } from './s3-requests.js';

/** Bytes that are asked for at once, and how many such requests are under way: 8 MiB in memory. */
const PIECE_BYTES = 2 * 1024 * 1024;
const PIECES_AHEAD = 4;

/** Reads at most `length` bytes from `offset`, with retries. */
export type ReadPiece = (offset: number, length: number, signal: AbortSignal) => Promise<S3Piece>;

/**
 * Streams an object, or a part of it, by several requests at once, in order. The first tells how long the object is.
 * A consumer that goes ends what is under way.
 */
export async function* download(read: ReadPiece, range: ByteRange | undefined): AsyncIterable<Uint8Array> {
  const gone = new AbortController();
  const from = range?.offset ?? 0;
  const wanted = range?.length ?? Number.MAX_SAFE_INTEGER;
  const ahead: Promise<S3Piece>[] = [];
  try {
    const first = await firstPiece(read, from, Math.min(wanted, PIECE_BYTES), gone.signal);
    if (first === undefined) return;
    yield* chunksOf(first.bytes);
    const end = Math.min(first.sizeBytes, from + wanted);
    for (let at = from + first.bytes.length; at < end || ahead.length > 0; ) {
      while (at < end && ahead.length < PIECES_AHEAD) {
        const piece = read(at, Math.min(PIECE_BYTES, end - at), gone.signal);
        // Whoever waits for it is told; before that, nobody waits yet.
        piece.catch(() => undefined);
        ahead.push(piece);
        at += PIECE_BYTES;
      }
      const piece = await ahead.shift();
      if (piece !== undefined) yield* chunksOf(piece.bytes);
    }
  } finally {
    gone.abort();
  }
}

/** undefined if the object ends before the range begins. */
async function firstPiece(
  read: ReadPiece,
  offset: number,
  length: number,
  signal: AbortSignal,
): Promise<S3Piece | undefined> {
  try {
    return await read(offset, length, signal);
  } catch (error) {
    if (error instanceof S3Failure && error.kind === 'beyond-end') return undefined;
    throw error;
  }
}

function* chunksOf(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}
