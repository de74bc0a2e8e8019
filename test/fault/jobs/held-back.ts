import {
  AsyncDataStream,
  CollectSink,
  DataGeneratorSource,
  defineJob,
  InputStatus,
  InterleavedSourceReader,
  type ReaderOutput,
  type Source,
  type SourceReaderContext,
  type SplitEnumeratorContext,
  SplitQueueEnumerator,
  TumblingEventTimeWindows,
  WatermarkStrategy,
} from 'millrace';

interface Partition {
  readonly name: string;
  /** It has this many records, and then nothing for ever. */
  readonly records: number;
}

const PARTITIONS: readonly Partition[] = [
  { name: 'silent', records: 0 },
  { name: 'lively', records: 1_000_000_000 },
];

/** Two partitions, of which one never gives anything. */
class PartitionedSource implements Source<number, Partition, readonly Partition[]> {
  readonly boundedness = 'continuous-unbounded';

  createEnumerator(context: SplitEnumeratorContext<Partition>) {
    return new SplitQueueEnumerator(context, PARTITIONS);
  }

  restoreEnumerator(context: SplitEnumeratorContext<Partition>, state: readonly Partition[]) {
    return new SplitQueueEnumerator(context, state);
  }

  createReader(context: SourceReaderContext) {
    return new InterleavedSourceReader<number, Partition>(context, {
      splitId: ({ name }) => name,
      open: (partition) => {
        let next = 0;
        return {
          poll(output: ReaderOutput<number>) {
            if (next >= partition.records) return InputStatus.NOTHING_AVAILABLE;
            output.collect(next, next++);
            return InputStatus.NOTHING_AVAILABLE;
          },
          isAvailable: () => (next < partition.records ? context.sleep(5) : new Promise<void>(() => {})),
          snapshot: () => partition,
          close: () => {},
        };
      },
    });
  }
}

const byItself = WatermarkStrategy.forMonotonousTimestamps<number>().withTimestampAssigner((n) => n);

/** Windows that never fire, since one partition of a source says nothing. */
export default defineJob(import.meta.url, (env) => {
  const ticks = new DataGeneratorSource((index) => index, 'unbounded', { ratePerSecond: 500 });
  const log = env.fromSource(new PartitionedSource(), byItself, 'log').setParallelism(1);
  AsyncDataStream.orderedWait(env.fromSource(ticks, byItself, 'ticks'), async (n) => n, '1 min')
    .union(log)
    .keyBy((n) => n % 3)
    .window(TumblingEventTimeWindows.of('10 ms'))
    .reduce((a, b) => a + b)
    .name('sums')
    .setDescription('sums of 10 ms')
    .sinkTo(new CollectSink(), 'sums');
});
