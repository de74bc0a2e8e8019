import fc from 'fast-check';
import { ElementKind } from '../../core/element/element-kind.js';
import type { LatencyMarker } from '../../core/element/latency-marker.js';
import { interpretedCodec } from '../../core/serde/interpreted-codec.js';
import type { RecordCodec } from '../../core/serde/record-codec.js';
import { types } from '../../core/serde/types.js';
import { createPartition } from '../../memory/channel-handle.js';
import { ChannelReader } from '../../memory/channel-reader.js';
import { ChannelWriter } from '../../memory/channel-writer.js';
import { compiledCodec } from '../../memory/compiled-codec.js';
import { createDoorbells, Doorbell } from '../../memory/doorbell.js';
import { DynamicCodec } from '../../memory/dynamic-codec.js';
import type { ElementReader } from '../../memory/element-reader.js';
import { LocalBufferPool } from '../../memory/local-buffer-pool.js';
import { createSegmentPool, SegmentAllocator, SegmentPool } from '../../memory/segment-pool.js';

export const record = types.object({ id: types.int32, text: types.string, raw: types.optional(types.bytes) });
export type Record = { id: number; text: string; raw?: Uint8Array | undefined };

/** What a channel carries, as the test remembers it. */
export type Element = readonly [kind: number, ...values: unknown[]];

const payload = fc.oneof(
  { weight: 6, arbitrary: fc.string({ maxLength: 20 }) },
  {
    weight: 2,
    arbitrary: fc.string({ unit: fc.constantFrom('é', 'x', '😀'), minLength: 30, maxLength: 200 }),
  },
  { weight: 1, arbitrary: fc.integer({ min: 200, max: 2000 }).map((length) => 'y'.repeat(length)) },
);
export const element: fc.Arbitrary<Element> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.tuple(
      fc.constant(ElementKind.RECORD),
      fc.record(
        {
          id: fc.integer(),
          text: payload,
          raw: fc.option(fc.uint8Array({ maxLength: 400 }), { nil: undefined }),
        },
        { noNullPrototype: true },
      ),
      fc.oneof(fc.constant(Number.MIN_SAFE_INTEGER), fc.integer(), fc.constant(-0.5)),
    ),
  },
  { weight: 2, arbitrary: fc.tuple(fc.constant(ElementKind.WATERMARK), fc.integer()) },
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.constant(ElementKind.BARRIER),
      fc.nat(),
      fc.integer({ min: 0, max: 2 ** 42 }),
      fc.boolean(),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constant(ElementKind.LATENCY_MARKER),
      fc.record(
        {
          markedMs: fc.integer(),
          sourceVertexId: fc.nat({ max: 2 ** 32 - 1 }),
          sourceSubtask: fc.nat({ max: 32_767 }),
        },
        { noNullPrototype: true },
      ),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constantFrom(
        ElementKind.IDLE,
        ElementKind.ACTIVE,
        ElementKind.END_OF_DATA,
        ElementKind.END_OF_PARTITION,
      ),
    ),
  },
);

export function write(writer: ChannelWriter<Record>, element: Element): void {
  const [kind, a, b, c] = element;
  if (kind === ElementKind.RECORD) writer.writeRecord(a as Record, b as number);
  else if (kind === ElementKind.WATERMARK) writer.writeWatermark(a as number);
  else if (kind === ElementKind.BARRIER) writer.writeBarrier(a as number, b as number, c as boolean);
  else if (kind === ElementKind.LATENCY_MARKER) writer.writeLatencyMarker(a as LatencyMarker);
  else if (kind === ElementKind.IDLE) writer.writeIdle();
  else if (kind === ElementKind.ACTIVE) writer.writeActive();
  else if (kind === ElementKind.END_OF_DATA) writer.writeEndOfData();
  else writer.writeEndOfPartition();
}

export function read(reader: ElementReader<Record>): Element | undefined {
  const kind = reader.next();
  if (kind === ElementKind.NONE) return undefined;
  if (kind === ElementKind.RECORD) return [kind, plainRecord(reader.value), reader.timestamp];
  if (kind === ElementKind.WATERMARK) return [kind, reader.timestamp];
  if (kind === ElementKind.LATENCY_MARKER) return [kind, reader.latencyMarker];
  if (kind === ElementKind.BARRIER) return [kind, reader.checkpointId, reader.timestamp, reader.isSavepoint];
  return [kind];
}

/** An undeclared Uint8Array comes back as a Buffer. */
function plainRecord(value: Record | undefined): Record | undefined {
  return value?.raw === undefined ? value : { ...value, raw: new Uint8Array(value.raw) };
}

export interface WorldPlan {
  readonly channels: number;
  readonly segmentBytes: number;
  readonly exclusive: number;
  readonly floating: number;
  readonly startPosition: number;
  readonly carried: 'interpreted' | 'compiled' | 'undeclared';
}

export function codecOf(plan: WorldPlan): RecordCodec<Record> {
  if (plan.carried === 'undeclared') return new DynamicCodec() as RecordCodec<unknown> as RecordCodec<Record>;
  return plan.carried === 'compiled' ? compiledCodec(record, new DynamicCodec()) : interpretedCodec(record);
}

export function makeWorld(plan: WorldPlan) {
  return makeWorldOf(() => codecOf(plan), plan);
}

export function makeWorldOf<T>(codec: () => RecordCodec<T>, plan: Omit<WorldPlan, 'carried'>) {
  const segments = plan.channels * plan.exclusive + plan.floating;
  const poolHandle = createSegmentPool(plan.segmentBytes, segments + 3);
  const allocator = new SegmentAllocator(poolHandle);
  const [producerDoorbell, ...consumerDoorbells] = createDoorbells(1 + plan.channels);
  const segmentIds = allocator.allocate(segments);
  if (producerDoorbell === undefined || segmentIds === undefined) throw new Error('no world');
  const partition = createPartition({
    pool: poolHandle,
    producerDoorbell,
    consumerDoorbells,
    exclusivePerChannel: plan.exclusive,
    segmentIds,
    startPosition: plan.startPosition,
  });
  const buffers = new LocalBufferPool(partition, new SegmentPool(poolHandle));
  const consumerPool = new SegmentPool(poolHandle);
  const encoding = codec();
  return {
    buffers,
    /** Rung once for each segment that a consumer gives back. */
    producerBell: new Doorbell(producerDoorbell),
    channels: partition.channels.map((handle) => ({
      writer: new ChannelWriter<T>(handle, buffers, encoding),
      reader: new ChannelReader<T>(handle, consumerPool, codec()),
      expected: [] as Element[],
    })),
  };
}
