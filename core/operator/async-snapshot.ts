import { invariant } from '../base/invariant.js';
import type { OperatorListHandle, OperatorStateHandle } from '../checkpoint/snapshot-handle.js';
import { ByteReader } from '../serde/byte-reader.js';
import { ByteWriter } from '../serde/byte-writer.js';
import type { RecordCodec } from '../serde/record-codec.js';
import { type AsyncQueue, AsyncRequest } from './async-queue.js';

/** Name of the operator list that holds the requests under way, and the watermarks between them. */
export const REQUEST_LIST = 'requests';

/**
 * ```
 *   item   kind u8 | timestamp f64 | (of a record) the value, by the codec of the input
 * ```
 * Changes of idleness are left out: after a restore, those above find out anew.
 */
const HEADER_BYTES = 9;
const RECORD = 0;
const WATERMARK = 1;

export function snapshotRequests(codec: RecordCodec<unknown>, queue: AsyncQueue): OperatorListHandle {
  const items: Uint8Array[] = [];
  for (const node of queue) {
    const isRecord = node.kind === 'request';
    if (!isRecord && node.kind !== 'watermark') continue;
    const writer = new ByteWriter();
    writer.reserve(HEADER_BYTES);
    writer.bytes[writer.position] = isRecord ? RECORD : WATERMARK;
    writer.view.setFloat64(writer.position + 1, node.timestamp);
    writer.position += HEADER_BYTES;
    if (isRecord) codec.encode(node.value, writer);
    items.push(writer.bytes.slice(writer.mark, writer.position));
  }
  return { mode: 'split', items };
}

/** Puts what the checkpoint holds into the empty queue, in its order. */
export function restoreRequests(
  codec: RecordCodec<unknown>,
  restored: OperatorStateHandle | undefined,
  queue: AsyncQueue,
): void {
  for (const item of restored?.lists[REQUEST_LIST]?.items ?? []) {
    const reader = new ByteReader(item);
    const kind = item[0];
    invariant(kind === RECORD || kind === WATERMARK, 'a request list holds records and watermarks', { kind });
    const timestamp = reader.view.getFloat64(1);
    reader.position = HEADER_BYTES;
    if (kind === RECORD) queue.add(new AsyncRequest(codec.decode(reader), timestamp));
    else queue.addBarrier('watermark', timestamp);
  }
}
