import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { types } from '../../core/internal.js';
import {
  ChannelWriter,
  Doorbell,
  LocalBufferPool,
  type PartitionHandle,
  SegmentPool,
  ThreadCodecFactory,
} from '../../memory/index.js';
import { type Bid, bidType, makeBids } from './bid.js';
import { BATCH, BATCHES_IN_FLIGHT, type HopOrder } from './hop-order.js';

/** The other end of ring-hop: sends so many bids one way or another, as fast as it may. */

const bids = makeBids(1024);

async function overRing(order: HopOrder, partition: PartitionHandle): Promise<void> {
  const handle = partition.channels[0];
  if (handle === undefined) throw new Error('no channel');
  const buffers = new LocalBufferPool(partition, new SegmentPool(handle.pool));
  const type = order.way === 'ring' ? bidType : types.dynamic<Bid>();
  const writer = new ChannelWriter<Bid>(handle, buffers, new ThreadCodecFactory().codecFor(type));
  const doorbell = new Doorbell(handle.producerDoorbell);
  let sent = 0;
  while (sent < order.count) {
    const ticket = doorbell.ticket();
    writer.drainOverflow();
    while (sent < order.count && writer.hasRoom()) {
      const bid = bids[sent & 1023];
      if (bid === undefined) break;
      writer.writeRecord(bid, bid.dateTime);
      sent++;
    }
    if (sent < order.count && !writer.hasRoom()) await doorbell.wait(ticket, 1000);
  }
  writer.writeEndOfPartition();
  do writer.flush();
  while (!writer.drainOverflow());
}

async function overPort(order: HopOrder, port: MessagePort): Promise<void> {
  let inFlight = 0;
  let wake: (() => void) | undefined;
  port.on('message', () => {
    inFlight--;
    wake?.();
  });
  for (let sent = 0; sent < order.count; sent += BATCH) {
    const batch: Bid[] = [];
    for (let i = 0; i < BATCH; i++) {
      const bid = bids[(sent + i) & 1023];
      if (bid !== undefined) batch.push(bid);
    }
    if (inFlight >= BATCHES_IN_FLIGHT) await new Promise<void>((resolve) => (wake = resolve));
    inFlight++;
    port.postMessage(batch);
  }
  while (inFlight > 0) await new Promise<void>((resolve) => (wake = resolve));
}

const order = workerData as HopOrder;
if (parentPort === null) throw new Error('ring-hop-producer runs in a worker');
if (order.partition !== undefined) {
  // A wait on the doorbell alone does not keep a worker alive.
  parentPort.ref();
  parentPort.on('message', () => {});
  await overRing(order, order.partition);
} else {
  await overPort(order, parentPort);
}
parentPort.close();
