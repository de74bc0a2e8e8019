import { DataGeneratorSource, defineJob, type Sink, type SinkWriter, WatermarkStrategy } from 'millrace';
import { type Bid, bidType, makeBids, touch } from './bid.js';

/** Looks at every field of every record, as the bare ways do. */
class TouchingSink implements Sink<Bid> {
  createWriter(): SinkWriter<Bid> {
    let sum = 0;
    return {
      write: (bid) => {
        sum += touch(bid);
      },
      flush: () => {
        if (Number.isNaN(sum)) throw new Error('a field is missing');
      },
    };
  }
}

/** Bids with their event time, generated as fast as they are taken, over one hop: `--count N`. */
export default defineJob(import.meta.url, (env, params) => {
  const bids = makeBids(1024);
  const [first] = bids;
  if (first === undefined) throw new Error('no bids');
  env
    .fromSource(
      new DataGeneratorSource((i) => bids[i & 1023] ?? first, params.getInt('count'), { type: bidType }),
      WatermarkStrategy.forMonotonousTimestamps<Bid>().withTimestampAssigner((bid) => bid.dateTime),
      'bids',
    )
    .rebalance()
    .sinkTo(new TouchingSink(), 'touched');
});
