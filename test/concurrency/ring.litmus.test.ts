import t from 'tap';
import { createPartition } from '../../memory/channel-handle.js';
import { AnnouncementReader } from '../../memory/checkpoint-announcement.js';
import { createDoorbells, Doorbell } from '../../memory/doorbell.js';
import { RingWord, ringWords } from '../../memory/ring-layout.js';
import { createSegmentPool, SegmentAllocator } from '../../memory/segment-pool.js';
import { RingConsumer } from '../../memory/spsc-ring.js';
import { giveWay, meet, pingPong, type RingMemory, type StoreBufferMemory } from './litmus-roles.js';
import { litmusThread } from './litmus-thread.js';

/** Each test counts the outcomes that two real threads brought about and allows those with a reason. */

t.test('who sees a published id sees what was written before it, across the wrap of positions', async (t) => {
  const capacity = 16;
  const count = 100_000;
  const start = 2 ** 32 - 1000;
  const shared: RingMemory = {
    control: new SharedArrayBuffer(ringWords(capacity) * 4),
    base: 0,
    capacity,
    payload: new SharedArrayBuffer(capacity * 4),
  };
  const words = new Int32Array(shared.control);
  words[RingWord.TAIL] = start | 0;
  words[RingWord.HEAD] = start | 0;
  const producer = litmusThread<number>({ role: 'ringProducer', count, seed: 0, shared });
  const ring = new RingConsumer(words, 0, capacity);
  const payload = new Int32Array(shared.payload);
  const outcomes = { empty: 0, current: 0, stale: 0, early: 0 };
  for (let i = 0; i < count; ) {
    const id = ring.peek();
    if (id < 0) {
      giveWay(++outcomes.empty);
      continue;
    }
    const seen = payload[id] ?? -1;
    if (seen === i) outcomes.current++;
    else if (seen < i) outcomes.stale++;
    else outcomes.early++;
    ring.release();
    i++;
  }
  t.equal(await producer, (start + count) >>> 0, 'every position was used once');
  t.equal(outcomes.current, count, 'allowed: the id and the payload that was stored before it');
  t.equal(outcomes.stale, 0, 'forbidden: the store of the tail is after that of the payload');
  t.equal(outcomes.early, 0, 'forbidden: an id is not written again before its release');
  t.comment(`the ring was looked at ${outcomes.empty} times and empty, which is always allowed`);
});

t.test('of two who store and then look, at least one sees the other', async (t) => {
  const count = 10_000;
  const words = new SharedArrayBuffer(3 * 128);
  const shared: StoreBufferMemory = { words, mine: 64, theirs: 32 };
  const other = litmusThread<number[]>({ role: 'storeBuffer', count, seed: 0, shared });
  const memory = new Int32Array(words);
  const seen: number[] = [];
  for (let round = 1; round <= count; round++) {
    meet(memory, 2 * round - 1);
    Atomics.store(memory, 32, round);
    seen.push(Atomics.load(memory, 64) === round ? 1 : 0);
    meet(memory, 2 * round);
  }
  const theirs = await other;
  const outcomes = { both: 0, one: 0, none: 0 };
  for (let i = 0; i < count; i++) {
    const sum = (seen[i] ?? 0) + (theirs[i] ?? 0);
    if (sum === 2) outcomes.both++;
    else if (sum === 1) outcomes.one++;
    else outcomes.none++;
  }
  // What the doorbell rests on: ringer and sleeper may see each other, or one the other, never neither.
  t.equal(outcomes.none, 0, 'forbidden: atomic accesses are in one total order');
  t.equal(outcomes.both + outcomes.one, count, `allowed: both ${outcomes.both}, one ${outcomes.one}`);
});

t.test('no ring of a doorbell is lost, whenever it falls', async (t) => {
  const rounds = 6000;
  const [one, two] = createDoorbells(2);
  if (one === undefined || two === undefined) throw new Error('there is no one');
  const other = litmusThread<number>({
    role: 'pingPong',
    count: rounds,
    seed: 2,
    shared: { own: two, other: one },
  });
  t.equal(await pingPong(new Doorbell(one), new Doorbell(two), rounds, 1), 0, 'here');
  t.equal(await other, 0, 'there');
});

t.test('an announcement is seen whole or not at all', async (t) => {
  const count = 100_000;
  const pool = createSegmentPool(256, 2);
  const [producerDoorbell, consumerDoorbell] = createDoorbells(2);
  const segmentIds = new SegmentAllocator(pool).allocate(2);
  if (producerDoorbell === undefined || consumerDoorbell === undefined || segmentIds === undefined) return;
  const partition = createPartition({
    pool,
    producerDoorbell,
    consumerDoorbells: [consumerDoorbell],
    exclusivePerChannel: 2,
    segmentIds,
  });
  const handle = partition.channels[0];
  if (handle === undefined) return;
  const writer = litmusThread<number>({ role: 'announcer', count, seed: 0, shared: handle });
  const reader = new AnnouncementReader(handle);
  const outcomes = { whole: 0, torn: 0, backwards: 0 };
  let last = 0;
  while (last < count) {
    const seen = reader.refresh() ? reader.latest : undefined;
    if (seen === undefined || seen.checkpointId === last) continue;
    const id = seen.checkpointId;
    const isWhole =
      seen.timestamp === id * 1.5 &&
      seen.isSavepoint === (id % 2 === 1) &&
      seen.ringPosition === (id * 7) >>> 0 &&
      seen.offset === id % 1000;
    if (!isWhole) outcomes.torn++;
    else if (id <= last) outcomes.backwards++;
    else outcomes.whole++;
    last = Math.max(last, id);
  }
  await writer;
  t.equal(outcomes.torn, 0, 'forbidden: the version moves around every write');
  t.equal(outcomes.backwards, 0, 'forbidden: versions are seen in order');
  t.ok(outcomes.whole > 0, `allowed: some are passed over; ${outcomes.whole} of ${count} were seen`);
});
