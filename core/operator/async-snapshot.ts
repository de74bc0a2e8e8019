import { invariant } from '../base/invariant.js';
import type { OperatorListHandle, OperatorStateHandle } from '../checkpoint/snapshot-handle.js';
import { ByteReader } from '../serde/byte-reader.js';
import { ByteWriter } from '../serde/byte-writer.js';
import type { CodecFactory, RecordCodec } from '../serde/record-codec.js';
import { type TypeDescriptor, typeId } from '../serde/type-descriptor.js';
import { type AsyncQueue, AsyncRequest } from './async-queue.js';
import { itemDecoder, type StoredItems, storedItemsType } from './stored-items.js';

/** Before the type, in the name of the list that holds the requests under way. */
const REQUEST_LIST = 'requests';

/**
 * ```
 *   item   kind u8 | timestamp f64 | value, by the codec of the input
 * ```
 * Watermarks and changes of idleness between the records are told anew by those above, and left out: these may have
 * been given what others had, and be behind what they were. Of old, watermarks stand among the items.
 */
const HEADER_BYTES = 9;
const RECORD = 0;
const WATERMARK = 1;

/** Of the records, and what carries them. */
export interface RequestType {
  readonly type: TypeDescriptor<unknown>;
  readonly codec: RecordCodec<unknown>;
}

export function snapshotRequests(
  { type, codec }: RequestType,
  queue: AsyncQueue,
): Readonly<Record<string, OperatorListHandle>> {
  const items: Uint8Array[] = [];
  for (const node of queue) {
    if (node.kind !== 'request') continue;
    const writer = new ByteWriter();
    writer.reserve(HEADER_BYTES);
    writer.bytes[writer.position] = RECORD;
    writer.view.setFloat64(writer.position + 1, node.timestamp);
    writer.position += HEADER_BYTES;
    codec.encode(node.value, writer);
    items.push(writer.bytes.slice(writer.mark, writer.position));
  }
  return { [`${REQUEST_LIST}:${typeId(type)}`]: { mode: 'split', items } };
}

/**
 * Puts what the checkpoint holds into the empty queue, in its order. Records of another type are migrated as state is.
 *
 * @throws MillraceError MR2103 if the type of the records cannot be made of the stored one
 */
export function restoreRequests(
  type: RequestType,
  codecs: CodecFactory,
  restored: OperatorStateHandle | undefined,
  queue: AsyncQueue,
): void {
  for (const [name, { items }] of Object.entries(restored?.lists ?? {})) {
    const stored = storedItemsType(REQUEST_LIST, name);
    if (stored === undefined || items.length === 0) continue;
    const decode = itemDecoder(stored, storedRequests(type.type), codecs);
    for (const item of items) restoreItem(item, decode, queue);
  }
}

type Decode = (input: ByteReader) => unknown;

/** The records of requests under way. */
export function storedRequests<T>(type: TypeDescriptor<T>): StoredItems<T> {
  return { name: REQUEST_LIST, what: 'records of requests under way', type, untypedIsDeclared: true };
}

function restoreItem(item: Uint8Array, decode: Decode, queue: AsyncQueue): void {
  const kind = item[0];
  invariant(kind === RECORD || kind === WATERMARK, 'a request list holds records and watermarks', { kind });
  if (kind === WATERMARK) return;
  const reader = new ByteReader(item);
  const timestamp = reader.view.getFloat64(1);
  reader.position = HEADER_BYTES;
  queue.add(new AsyncRequest(decode(reader), timestamp));
}
