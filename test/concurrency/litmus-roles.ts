import { parentPort, workerData } from 'node:worker_threads';
import { Prng } from '../../core/base/prng.js';
import type { ChannelHandle, PartitionHandle } from '../../memory/channel-handle.js';
import { ChannelWriter } from '../../memory/channel-writer.js';
import { CheckpointAnnouncer } from '../../memory/checkpoint-announcement.js';
import { ThreadCodecFactory } from '../../memory/codec-factory.js';
import { Doorbell, type DoorbellHandle } from '../../memory/doorbell.js';
import { KillLock, type KillLockMemory } from '../../memory/kill-lock.js';
import { LocalBufferPool } from '../../memory/local-buffer-pool.js';
import { SegmentPool } from '../../memory/segment-pool.js';
import { RingProducer } from '../../memory/spsc-ring.js';
import { litmusRecord, makeRecord } from './litmus-records.js';
import type { LitmusOrder } from './litmus-thread.js';

/** Publishes ids after writing a payload under each; waits for room by looking. */
function ringProducerRole(order: LitmusOrder) {
  const { control, base, capacity, payload } = order.shared as RingMemory;
  const ring = new RingProducer(new Int32Array(control), base, capacity);
  const words = new Int32Array(payload);
  // Fewer ids than slots, so that a slot never holds the id that comes next into it.
  const free = Array.from({ length: capacity - 3 }, (_, id) => id);
  for (let i = 0; i < order.count; i++) {
    let id = free.pop();
    for (let looks = 1; id === undefined; looks++) {
      const back = ring.reclaim();
      if (back >= 0) id = back;
      else giveWay(looks);
    }
    words[id] = i;
    ring.publish(id);
  }
  while (ring.inRing > 0) ring.reclaim();
  return ring.tail;
}

/** One side of the store buffer: stores its flag, then loads the other's. */
function storeBufferRole(order: LitmusOrder) {
  const { words, mine, theirs } = order.shared as StoreBufferMemory;
  const memory = new Int32Array(words);
  const seen: number[] = [];
  for (let round = 1; round <= order.count; round++) {
    meet(memory, 2 * round - 1);
    Atomics.store(memory, mine, round);
    seen.push(Atomics.load(memory, theirs) === round ? 1 : 0);
    meet(memory, 2 * round);
  }
  return seen;
}

/** Waits for its doorbell, then rings the other's. */
async function pingPongRole(order: LitmusOrder) {
  const { own, other } = order.shared as { own: DoorbellHandle; other: DoorbellHandle };
  return pingPong(new Doorbell(own), new Doorbell(other), order.count, order.seed);
}

/** Announces checkpoint after checkpoint, each field a function of the id. */
function announcerRole(order: LitmusOrder) {
  const handle = order.shared as ChannelHandle;
  const announcer = new CheckpointAnnouncer(handle);
  const words = new Int32Array(handle.control);
  const random = new Prng(order.seed);
  for (let id = 1; id <= order.count; id++) {
    // Leaves the reader time to see one whole now and then.
    for (let spin = random.below(100); spin > 0; spin--) Atomics.load(words, 0);
    announcer.announce({
      checkpointId: id,
      timestamp: id * 1.5,
      isSavepoint: id % 2 === 1,
      ringPosition: (id * 7) >>> 0,
      offset: id % 1000,
    });
  }
  return order.count;
}

/** Writes drawn records into a small channel, flushing and sleeping as it goes. */
async function channelProducerRole(order: LitmusOrder) {
  const partition = order.shared as PartitionHandle;
  const random = new Prng(order.seed);
  const handle = partition.channels[0];
  if (handle === undefined) throw new Error('no channel');
  const buffers = new LocalBufferPool(partition, new SegmentPool(handle.pool));
  const writer = new ChannelWriter(handle, buffers, new ThreadCodecFactory().codecFor(litmusRecord));
  const doorbell = new Doorbell(handle.producerDoorbell);
  for (let i = 0; i < order.count; i++) {
    while (!writer.drainOverflow() || !writer.hasRoom()) {
      const ticket = doorbell.ticket();
      if (writer.drainOverflow() && writer.hasRoom()) break;
      if (!(await doorbell.wait(ticket, 20_000))) throw new Error(`no room came at record ${i}`);
    }
    writer.writeRecord(makeRecord(i, random), i);
    if (random.chance(0.01)) writer.writeWatermark(i);
    if (random.chance(0.05)) writer.flush();
    if (i % 4096 === 0) buffers.audit();
  }
  writer.writeEndOfPartition();
  writer.flush();
  while (!writer.drainOverflow()) await doorbell.wait(doorbell.ticket(), 1);
  writer.flush();
  buffers.audit();
  return writer.bytesOut;
}

/** Does transactions until the lock refuses one; returns for each round how many it did. */
function killedWriterRole(order: LitmusOrder) {
  const { locks, meeting, words } = order.shared as KillRounds;
  const sides = new Int32Array(meeting);
  const memory = new Int32Array(words);
  const random = new Prng(order.seed);
  return locks.map((lockMemory, round) => {
    const lock = new KillLock(lockMemory);
    let done = 0;
    meet(sides, 2 * round + 1);
    while (lock.enter()) {
      done++;
      memory[2 * round] = done;
      for (let spin = random.below(100); spin > 0; spin--) Atomics.load(sides, 0);
      memory[2 * round + 1] = done;
      lock.leave();
    }
    meet(sides, 2 * round + 2);
    return lock.enter() ? -1 : done;
  });
}

/** The other threads of the litmus tests, by role. */
const ROLES: Readonly<Record<string, (order: LitmusOrder) => unknown>> = {
  ringProducer: ringProducerRole,
  storeBuffer: storeBufferRole,
  pingPong: pingPongRole,
  announcer: announcerRole,
  channelProducer: channelProducerRole,
  killedWriter: killedWriterRole,
};

export interface RingMemory {
  readonly control: SharedArrayBuffer;
  readonly base: number;
  readonly capacity: number;
  readonly payload: SharedArrayBuffer;
}

export interface StoreBufferMemory {
  readonly words: SharedArrayBuffer;
  readonly mine: number;
  readonly theirs: number;
}

/** A lock and two words for each round. */
export interface KillRounds {
  readonly locks: readonly KillLockMemory[];
  readonly meeting: SharedArrayBuffer;
  readonly words: SharedArrayBuffer;
}

/** Word on which the sides of a litmus test wait for each other, so that their rounds overlap. */
export const MEETING_WORD = 0;

/** Both sides have come here `times` times. */
export function meet(memory: Int32Array, times: number): void {
  Atomics.add(memory, MEETING_WORD, 1);
  for (let looks = 1; Atomics.load(memory, MEETING_WORD) < 2 * times; looks++) giveWay(looks);
}

const NEVER_NOTIFIED = new Int32Array(new SharedArrayBuffer(4));

/** Looks for a while at full speed; then lets the other side have the core, should there be only one. */
export function giveWay(looks: number): void {
  if (looks % 2000 === 0) Atomics.wait(NEVER_NOTIFIED, 0, 0, 0.05);
}

/** Returns how many waits were not answered; there must be none. */
export async function pingPong(
  own: Doorbell,
  other: Doorbell,
  rounds: number,
  seed: number,
): Promise<number> {
  const random = new Prng(seed);
  let lost = 0;
  // Nobody has rung before the first round.
  let ticket = 0;
  for (let i = 0; i < rounds; i++) {
    // The ring may fall before, into and after each step of the wait.
    for (let spin = random.below(200); spin > 0; spin--) own.ticket();
    other.ring();
    if (!(await own.wait(ticket, 10_000))) lost++;
    ticket = (ticket + 1) | 0;
  }
  return lost;
}

if (parentPort !== null) {
  const order = workerData as LitmusOrder;
  const port = parentPort;
  // A wait on a doorbell alone does not keep a worker alive; a port with a listener does.
  port.on('message', () => {});
  const role = ROLES[order.role];
  if (role === undefined) throw new Error(`no role ${order.role}`);
  port.postMessage(await role(order));
  port.close();
}
