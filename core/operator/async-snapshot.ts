import { invariant } from '../base/invariant.js';
import type { OperatorListHandle, OperatorStateHandle } from '../checkpoint/snapshot-handle.js';
import { ByteReader } from '../serde/byte-reader.js';
import { ByteWriter } from '../serde/byte-writer.js';
import type { CodecFactory, RecordCodec } from '../serde/record-codec.js';
import { type TypeDescriptor, typeId } from '../serde/type-descriptor.js';
import { type AsyncQueue, AsyncRequest } from './async-queue.js';
import { itemDecoder, type StoredItems, storedItemsType } from './stored-items.js';

/** Before the type, in the name of the list that holds the requests under way, and the watermarks between them. */
const REQUEST_LIST = 'requests';

/**
 * ```
 *   item   kind u8 | timestamp f64 | of a record: the value, by the codec of the input
 *                                  | of a watermark: subtask u32 | parallelism u32, of the queue that held it
 * ```
 * A watermark speaks of the records of its own queue: at another parallelism, where items of several queues come
 * together, none is restored, and those above tell theirs anew. So they do of changes of idleness, which are left
 * out.
 */
const HEADER_BYTES = 9;
const RECORD = 0;
const WATERMARK = 1;
const PLACE_BYTES = 8;

/** Of the records, and what carries them. */
export interface RequestType {
  readonly type: TypeDescriptor<unknown>;
  readonly codec: RecordCodec<unknown>;
}

/** Which of how many subtasks a queue belongs to. */
export interface RequestPlace {
  readonly subtaskIndex: number;
  readonly parallelism: number;
}

export function snapshotRequests(
  { type, codec }: RequestType,
  place: RequestPlace,
  queue: AsyncQueue,
): Readonly<Record<string, OperatorListHandle>> {
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
    else writePlace(place, writer);
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
  place: RequestPlace,
  codecs: CodecFactory,
  restored: OperatorStateHandle | undefined,
  queue: AsyncQueue,
): void {
  for (const [name, { items }] of Object.entries(restored?.lists ?? {})) {
    const stored = storedItemsType(REQUEST_LIST, name);
    if (stored === undefined || items.length === 0) continue;
    const decode = itemDecoder(stored, storedRequests(type.type), codecs);
    for (const item of items) restoreItem(item, decode, place, queue);
  }
}

type Decode = (input: ByteReader) => unknown;

/** The records of requests under way. */
export function storedRequests<T>(type: TypeDescriptor<T>): StoredItems<T> {
  return { name: REQUEST_LIST, what: 'records of requests under way', type, untypedIsDeclared: true };
}

function writePlace({ subtaskIndex, parallelism }: RequestPlace, writer: ByteWriter): void {
  writer.reserve(PLACE_BYTES);
  writer.view.setUint32(writer.position, subtaskIndex);
  writer.view.setUint32(writer.position + 4, parallelism);
  writer.position += PLACE_BYTES;
}

/** Where it is not told, as of old, it may be any. */
function isAt({ subtaskIndex, parallelism }: RequestPlace, reader: ByteReader): boolean {
  const { view, position } = reader;
  if (view.byteLength < position + PLACE_BYTES) return false;
  return view.getUint32(position) === subtaskIndex && view.getUint32(position + 4) === parallelism;
}

function restoreItem(item: Uint8Array, decode: Decode, place: RequestPlace, queue: AsyncQueue): void {
  const reader = new ByteReader(item);
  const kind = item[0];
  invariant(kind === RECORD || kind === WATERMARK, 'a request list holds records and watermarks', { kind });
  const timestamp = reader.view.getFloat64(1);
  reader.position = HEADER_BYTES;
  if (kind === RECORD) queue.add(new AsyncRequest(decode(reader), timestamp));
  else if (isAt(place, reader)) queue.addBarrier('watermark', timestamp);
}
