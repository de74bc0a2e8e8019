import { Worker } from 'node:worker_threads';
import { ByteReader, ByteWriter, ElementKind, interpretedCodec, types } from '../../core/internal.js';
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
import { median, nanosecondsEach, Report, SMALL } from '../harness.js';
import { type Bid, bidType, makeBids, touch } from './bid.js';
import { BATCH, type HopOrder } from './hop-order.js';

/** One hop between two threads, bare: no task, no operator. Codec and ring against postMessage. */

const SEGMENTS = 32;
const COUNT = SMALL ? 20_000 : 4_000_000;
const RUNS = SMALL ? 1 : 3;

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

/** Records per second over the ring. */
async function ring(way: 'ring' | 'ring-undeclared', count: number): Promise<number> {
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
  const handle = partition.channels[0];
  if (handle === undefined) throw new Error('no channel');
  const type = way === 'ring' ? bidType : types.dynamic<Bid>();
  const reader = new ChannelReader<Bid>(
    handle,
    new SegmentPool(pool),
    new ThreadCodecFactory().codecFor(type),
  );
  const worker = producer({ way, count, partition });
  const exit = ended(worker);
  const doorbell = new Doorbell(consumerDoorbell);
  let received = 0;
  let sum = 0;
  let start = 0n;
  for (;;) {
    const ticket = doorbell.ticket();
    let kind = reader.next();
    if (start === 0n && kind !== ElementKind.NONE) start = process.hrtime.bigint();
    while (kind === ElementKind.RECORD) {
      if (reader.value !== undefined) sum += touch(reader.value);
      received++;
      kind = reader.next();
    }
    if (kind === ElementKind.END_OF_PARTITION) break;
    await doorbell.wait(ticket, 1000);
  }
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  await exit;
  checkReceived(received, sum, count);
  return received / seconds;
}

async function overPostMessage(count: number): Promise<number> {
  const worker = producer({ way: 'postMessage', count, partition: undefined });
  let received = 0;
  let sum = 0;
  let start = 0n;
  let last = 0n;
  worker.on('message', (batch: Bid[]) => {
    if (start === 0n) start = process.hrtime.bigint();
    for (const bid of batch) sum += touch(bid);
    received += batch.length;
    last = process.hrtime.bigint();
    worker.postMessage(0);
  });
  await ended(worker);
  checkReceived(received, sum, count);
  return (received - BATCH) / (Number(last - start) / 1e9);
}

function checkReceived(received: number, sum: number, count: number): void {
  const bids = makeBids(1024);
  let expected = 0;
  for (let i = 0; i < count; i++) {
    const bid = bids[i & 1023];
    if (bid !== undefined) expected += touch(bid);
  }
  if (received !== count || sum !== expected) throw new Error(`received ${received} of ${count}, sum ${sum}`);
}

/** Encode and decode into shared memory on one thread, ns a record. */
function codecCost(report: Report): void {
  const bids = makeBids(256);
  const shared = new SharedArrayBuffer(64 * 1024);
  const bytes = new Uint8Array(shared);
  const view = new DataView(shared);
  const out = new ByteWriter();
  const input = new ByteReader();
  const rounds = SMALL ? 10 : 4000;
  for (const [name, codec] of [
    ['compiled', new ThreadCodecFactory().codecFor(bidType)],
    ['interpreted', interpretedCodec(bidType)],
  ] as const) {
    let encode = Number.POSITIVE_INFINITY;
    let decode = Number.POSITIVE_INFINITY;
    let sum = 0;
    for (let run = 0; run < (name === 'compiled' ? 7 : 3); run++) {
      const perRound = (work: () => void) =>
        nanosecondsEach(rounds * bids.length, () => {
          for (let i = 0; i < rounds; i++) work();
        });
      encode = Math.min(
        encode,
        perRound(() => {
          out.pointAt(bytes, view, 0, bytes.length);
          for (const bid of bids) codec.encode(bid, out);
        }),
      );
      decode = Math.min(
        decode,
        perRound(() => {
          input.pointAt(bytes, view, 0, bytes.length);
          for (let i = 0; i < bids.length; i++) sum += touch(codec.decode(input));
        }),
      );
    }
    if (sum === 0) throw new Error('nothing was decoded');
    report.value(`${name} codec, encode`, encode, 'ns/record');
    report.value(`${name} codec, decode`, decode, 'ns/record');
  }
  report.value('bytes of a bid', out.position / bids.length, 'B');
}

const report = new Report('ring-hop');
codecCost(report);
report.value('ring, declared', await median(RUNS, () => ring('ring', COUNT)), 'records/s');
report.value('ring, undeclared', await median(RUNS, () => ring('ring-undeclared', COUNT >> 2)), 'records/s');
report.value(
  'postMessage, batches of 1,000',
  await median(RUNS, () => overPostMessage(COUNT >> 2)),
  'records/s',
);
report.ratio('declared ring to postMessage', 'ring, declared', 'postMessage, batches of 1,000', 4);
report.ratio('undeclared ring to postMessage', 'ring, undeclared', 'postMessage, batches of 1,000', 1.2);
if (!report.finish()) process.exitCode = 1;
