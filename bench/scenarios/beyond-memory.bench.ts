import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { ByteReader } from '../../core/serde/byte-reader.js';
import { ByteWriter } from '../../core/serde/byte-writer.js';
import { encodeKey } from '../../core/serde/key-encoding.js';
import { ValueStateDescriptor } from '../../core/state/state-descriptor.js';
import { ThreadCodecFactory } from '../../memory/codec-factory.js';
import { LmdbEnvironment } from '../../storage/state/lmdb-environment.js';
import { cpuNanoseconds, medianOf, Report, SMALL } from '../harness.js';
import { type Bid, bidType, makeBids } from './bid.js';
import { KeyedStateBench, KeySequence } from './keyed-state-bench.js';

/**
 * An object per key, keys drawn evenly, state ten times as large as managed memory: against LMDB used by hand, as
 * one would who gathers the records of a batch, looks their keys up in the order of the tree, and writes them back
 * in one transaction in that order. CPU time of one thread, which also does what the state writer does; no
 * checkpoints, since the other side has none.
 */
const MANAGED_BYTES = (SMALL ? 1 : 32) * 1024 * 1024;
const ROW_BYTES = 160;
const KEYS = Math.round((10 * MANAGED_BYTES) / ROW_BYTES);
const UPDATES = SMALL ? 20_000 : 400_000;
const RUNS = SMALL ? 1 : 3;
/** About what a segment of 32 KiB holds of such records, and more. */
const BATCH = 512;

const BIDS = makeBids(1000);
const report = new Report('beyond-memory');

function bidOf(i: number): Bid {
  const bid = BIDS[i % BIDS.length];
  if (bid === undefined) throw new Error('there are bids');
  return bid;
}

/** The next version of an object. */
function after(before: Bid | undefined, i: number): Bid {
  const bid = before ?? bidOf(i);
  return { ...bid, price: bid.price + 1 };
}

interface Entry {
  readonly key: Uint8Array;
  readonly number: number;
}

class Handwritten {
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  readonly #db = new LmdbEnvironment(join(this.#folder, 'lmdb'));
  readonly #codec = new ThreadCodecFactory().codecFor(bidType);
  readonly #reader = new ByteReader();
  readonly #writer = new ByteWriter(256);
  readonly #keys = new KeySequence(KEYS);

  fill(): void {
    for (let from = 0; from < KEYS; from += 10_000) {
      this.#db.transact(() => {
        for (let key = from; key < Math.min(KEYS, from + 10_000); key++) this.#put(keyOf(key), bidOf(key));
      });
    }
  }

  update(): number {
    const start = cpuNanoseconds();
    for (let from = 0; from < UPDATES; from += BATCH) this.#batch(from);
    return (cpuNanoseconds() - start) / UPDATES;
  }

  async close(): Promise<void> {
    await this.#db.remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #batch(from: number): void {
    const batch: Entry[] = [];
    for (let i = 0; i < BATCH; i++) {
      const number = this.#keys.next();
      batch.push({ key: keyOf(number), number });
    }
    batch.sort((a, b) => a.number - b.number);
    this.#db.refresh();
    const objects = batch.map(({ key }, i) => after(this.#get(key), from + i));
    this.#db.transact(() => {
      for (const [i, { key }] of batch.entries()) this.#put(key, objects[i] ?? bidOf(i));
    });
  }

  #get(key: Uint8Array): Bid | undefined {
    const found = this.#db.get(key);
    if (found === undefined) return undefined;
    this.#reader.pointAt(found, new DataView(found.buffer, found.byteOffset, found.length), 0, found.length);
    return this.#codec.decode(this.#reader) as Bid;
  }

  #put(key: Uint8Array, bid: Bid): void {
    this.#writer.clear();
    this.#codec.encode(bid, this.#writer);
    this.#db.put(key, this.#writer.bytes.subarray(0, this.#writer.position));
  }
}

const keyWriter = new ByteWriter(16);

/** The canonical bytes of the key, which are in its order. */
function keyOf(key: number): Uint8Array {
  keyWriter.clear();
  encodeKey(key, keyWriter);
  return keyWriter.bytes.slice(0, keyWriter.position);
}

class Stateful {
  readonly #bench: KeyedStateBench;
  readonly #keys = new KeySequence(KEYS);

  constructor(bench: KeyedStateBench) {
    this.#bench = bench;
  }

  async fill(): Promise<void> {
    const { keys } = this.#bench.access;
    const last = this.#bench.access.getState(new ValueStateDescriptor('last', bidType));
    for (let key = 0; key < KEYS; key++) {
      keys.setCurrentKey(key);
      last.update(bidOf(key));
      if (key % 100_000 === 0) await turn();
    }
    // What the fill has changed is for a checkpoint to hold; the updates that are measured find nothing of it.
    this.#bench.checkpoint();
    await this.#bench.written();
  }

  async update(): Promise<number> {
    const { keys } = this.#bench.access;
    const last = this.#bench.access.getState(new ValueStateDescriptor('last', bidType));
    const start = cpuNanoseconds();
    for (let i = 0; i < UPDATES; i++) {
      keys.setCurrentKey(this.#keys.next());
      last.update(after(last.value(), i));
    }
    return (cpuNanoseconds() - start) / UPDATES;
  }
}

const byHand = new Handwritten();
byHand.fill();
const bench = await KeyedStateBench.open(MANAGED_BYTES);
const state = new Stateful(bench);
await state.fill();
const handTimes: number[] = [];
const stateTimes: number[] = [];
for (let run = 0; run < RUNS; run++) {
  handTimes.push(byHand.update());
  stateTimes.push(await state.update());
  bench.checkpoint();
  await bench.written();
}
report.value('keys', KEYS, '');
report.value('LMDB by hand', 1e6 / medianOf(handTimes), 'k/s');
report.value('keyed state', 1e6 / medianOf(stateTimes), 'k/s');
report.ratio('keyed state to LMDB by hand', 'keyed state', 'LMDB by hand', 0.8);
await byHand.close();
await bench.close();
process.exitCode = report.finish() ? 0 : 1;
