import { Worker } from 'node:worker_threads';
import { ElementKind, types } from '../../core/internal.js';
import {
  ChannelReader,
  createDoorbells,
  createPartition,
  createSegmentPool,
  Doorbell,
  SegmentAllocator,
  SegmentPool,
  ThreadCodecFactory,
} from '../../memory/index.js';
import { type Bid, bidType, makeBids, touch } from './bid.js';
import type { HopOrder } from './hop-order.js';

/** Bids from another thread to this one with nothing around the way that carries them. */

const SEGMENTS = 32;
/** Share of the records after which the clock starts: compilers have done their work by then. */
const WARM_UP = 1 / 4;
/** Records between two looks at the clock. */
const LOOK_EVERY = 4096;

export function makeChannel() {
  const pool = createSegmentPool(32 * 1024, SEGMENTS);
  const [producerDoorbell, consumerDoorbell] = createDoorbells(2);
  const segmentIds = new SegmentAllocator(pool).allocate(SEGMENTS);
  if (producerDoorbell === undefined || consumerDoorbell === undefined || segmentIds === undefined) {
    throw new Error('no segments');
  }
  const partition = createPartition({
    pool,
    producerDoorbell,
    consumerDoorbells: [consumerDoorbell],
    exclusivePerChannel: 2,
    segmentIds,
  });
  return { partition, pool, consumerDoorbell };
}

/** Records per second over a ring, with the codec of the declared type or without one. */
export async function overRing(way: 'ring' | 'ring-undeclared', count: number): Promise<number> {
  const { partition, pool, consumerDoorbell } = makeChannel();
  const handle = partition.channels[0];
  if (handle === undefined) throw new Error('no channel');
  const type = way === 'ring' ? bidType : types.dynamic<Bid>();
  const reader = new ChannelReader<Bid>(
    handle,
    new SegmentPool(pool),
    new ThreadCodecFactory().codecFor(type),
  );
  const exit = ended(producer({ way, count, partition }));
  const doorbell = new Doorbell(consumerDoorbell);
  const pace = new Pace(count);
  let sum = 0;
  for (;;) {
    const ticket = doorbell.ticket();
    let received = 0;
    let kind = reader.next();
    while (kind === ElementKind.RECORD) {
      if (reader.value !== undefined) sum += touch(reader.value);
      received++;
      if (received === LOOK_EVERY) break;
      kind = reader.next();
    }
    pace.add(received);
    if (kind === ElementKind.END_OF_PARTITION) break;
    if (kind === ElementKind.NONE) await doorbell.wait(ticket, 1000);
  }
  await exit;
  return pace.perSecond(sum);
}

/** Records per second in messages of 1,000. */
export async function overPostMessage(count: number): Promise<number> {
  const worker = producer({ way: 'postMessage', count, partition: undefined });
  const pace = new Pace(count);
  let sum = 0;
  worker.on('message', (batch: Bid[]) => {
    for (const bid of batch) sum += touch(bid);
    pace.add(batch.length);
    worker.postMessage(0);
  });
  await ended(worker);
  return pace.perSecond(sum);
}

function producer(order: HopOrder): Worker {
  return new Worker(new URL('./ring-hop-producer.js', import.meta.url), { workerData: order });
}

function ended(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`producer exited with ${code}`)),
    );
  });
}

/** Counts what arrives; the clock runs from the end of the warm-up to the last record. */
class Pace {
  readonly #count: number;
  #received = 0;
  #startedAt = 0;
  #startMs = 0;
  #endMs = 0;

  constructor(count: number) {
    this.#count = count;
  }

  add(records: number): void {
    if (records === 0) return;
    this.#received += records;
    if (this.#startMs !== 0) this.#endMs = performance.now();
    else if (this.#received >= this.#count * WARM_UP) {
      this.#startMs = performance.now();
      this.#startedAt = this.#received;
    }
  }

  /** @throws Error unless every record came once */
  perSecond(sum: number): number {
    const bids = makeBids(1024);
    let expected = 0;
    for (let i = 0; i < this.#count; i++) {
      const bid = bids[i & 1023];
      if (bid !== undefined) expected += touch(bid);
    }
    if (this.#received !== this.#count || sum !== expected) {
      throw new Error(`received ${this.#received} of ${this.#count}, sum ${sum}`);
    }
    return ((this.#received - this.#startedAt) / (this.#endMs - this.#startMs)) * 1000;
  }
}
