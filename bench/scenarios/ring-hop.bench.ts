import { ByteReader, ByteWriter, ElementKind, interpretedCodec } from '../../core/internal.js';
import {
  ChannelReader,
  ChannelWriter,
  LocalBufferPool,
  SegmentPool,
  ThreadCodecFactory,
} from '../../memory/index.js';
import { cpuNanoseconds, median, nanosecondsEach, Report, SMALL } from '../harness.js';
import { makeChannel, overPostMessage, overRing } from './bare-hop.js';
import { type Bid, bidType, makeBids, touch } from './bid.js';

/**
 * One hop between two threads, bare: no task, no operator. Codec and ring against postMessage. The costs on
 * one thread are CPU time, which a busy machine spoils less than a clock on the wall.
 */

const COUNT = SMALL ? 20_000 : 4_000_000;
const RUNS = SMALL ? 1 : 3;

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

/** Both ends of a channel in turns on one thread, CPU ns a record. */
function channelCost(report: Report): void {
  const { partition, pool } = makeChannel();
  const handle = partition.channels[0];
  if (handle === undefined) throw new Error('no channel');
  const codecs = new ThreadCodecFactory();
  const buffers = new LocalBufferPool(partition, new SegmentPool(pool));
  const writer = new ChannelWriter<Bid>(handle, buffers, codecs.codecFor(bidType));
  const reader = new ChannelReader<Bid>(handle, new SegmentPool(pool), codecs.codecFor(bidType));
  const bids = makeBids(1024);
  let written = 0;
  let write = Number.POSITIVE_INFINITY;
  let read = Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let run = 0; run < (SMALL ? 1 : 8); run++) {
    let writeNs = 0;
    let readNs = 0;
    const before = written;
    for (let round = 0; round < (SMALL ? 3 : 200); round++) {
      const start = cpuNanoseconds();
      while (writer.hasRoom()) {
        const bid = bids[written & 1023];
        if (bid === undefined) break;
        writer.writeRecord(bid, bid.dateTime);
        written++;
      }
      const middle = cpuNanoseconds();
      while (reader.next() === ElementKind.RECORD) if (reader.value !== undefined) sum += touch(reader.value);
      writer.drainOverflow();
      writeNs += middle - start;
      readNs += cpuNanoseconds() - middle;
    }
    write = Math.min(write, writeNs / (written - before));
    read = Math.min(read, readNs / (written - before));
  }
  if (sum === 0) throw new Error('nothing was read');
  report.value('channel, write', write, 'CPU ns/record');
  report.value('channel, read', read, 'CPU ns/record');
}

const report = new Report('ring-hop');
codecCost(report);
channelCost(report);
report.value('ring, declared', await median(RUNS, () => overRing('ring', COUNT)), 'records/s');
report.value(
  'ring, undeclared',
  await median(RUNS, () => overRing('ring-undeclared', COUNT >> 2)),
  'records/s',
);
report.value(
  'postMessage, batches of 1,000',
  await median(RUNS, () => overPostMessage(COUNT >> 2)),
  'records/s',
);
report.ratio('declared ring to postMessage', 'ring, declared', 'postMessage, batches of 1,000', 4);
if (!report.finish()) process.exitCode = 1;
