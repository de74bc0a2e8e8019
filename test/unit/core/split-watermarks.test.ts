import t from 'tap';
import { InterleavedSourceReader } from '../../../core/api/interleaved-source-reader.js';
import {
  InputStatus,
  type ReaderOutput,
  type Source,
  type SourceReaderContext,
} from '../../../core/api/source.js';
import type { OperatorStateHandle } from '../../../core/checkpoint/snapshot-handle.js';
import { Watermark } from '../../../core/element/watermark.js';
import { Accumulators } from '../../../core/operator/accumulator.js';
import { sourceOperator } from '../../../core/operator/source-operator.js';
import type { Output } from '../../../core/operator/stream-operator.js';
import type { WatermarkGenerator } from '../../../core/watermark/watermark-generator.js';
import { WatermarkStrategy } from '../../../core/watermark/watermark-strategy.js';
import { RecordingOutput } from '../../operator-test-harness.js';
import { OperatorWorld } from '../../operator-world.js';

/** A partition of a log: the test appends timestamps to it. */
interface Partition {
  readonly name: string;
  readonly next: number;
}

class LogSource implements Source<number, Partition, null> {
  readonly boundedness = 'continuous-unbounded';
  readonly #logs = new Map<string, number[]>();
  readonly #waiting: (() => void)[] = [];
  readonly ended = new Set<string>();

  append(name: string, ...timestamps: number[]): void {
    this.#logs.set(name, [...(this.#logs.get(name) ?? []), ...timestamps]);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  createEnumerator() {
    return { start: () => {}, handleSplitRequest: () => {}, snapshotState: () => null };
  }

  restoreEnumerator() {
    return this.createEnumerator();
  }

  createReader(context: SourceReaderContext) {
    return new InterleavedSourceReader<number, Partition>(context, {
      splitId: ({ name }) => name,
      open: (partition) => {
        let { next } = partition;
        return {
          poll: (output: ReaderOutput<number>) => {
            const log = this.#logs.get(partition.name) ?? [];
            while (next < log.length && output.remaining > 0) {
              const timestamp = log[next++] ?? 0;
              output.collect(timestamp, timestamp);
            }
            if (this.ended.has(partition.name)) return InputStatus.END_OF_INPUT;
            return next < log.length ? InputStatus.MORE_AVAILABLE : InputStatus.NOTHING_AVAILABLE;
          },
          isAvailable: () => new Promise<void>((resolve) => this.#waiting.push(resolve)),
          snapshot: () => ({ name: partition.name, next }),
          close: () => {},
        };
      },
    });
  }
}

async function open(
  options: {
    strategy?: WatermarkStrategy<number>;
    restored?: OperatorStateHandle;
    restoredCheckpointId?: number;
    source?: LogSource;
  } = {},
) {
  const {
    source = new LogSource(),
    strategy = WatermarkStrategy.forMonotonousTimestamps<number>(),
    restored,
    restoredCheckpointId,
  } = options;
  const world = new OperatorWorld();
  const output = new RecordingOutput();
  const own = world.context({ uid: 'source', restored, restoredCheckpointId });
  const context = { ...own, chainIndex: 0, accumulators: new Accumulators(own), userCode: { node: 0 } };
  const reports: [string, number][] = [];
  const reader = sourceOperator(source, strategy).createReader(context, output as Output<never>, {
    requestSplit: () => {},
    reportWatermark: (group, watermark) => reports.push([group, watermark]),
  });
  await reader.open();
  const watermarks = (): unknown[] =>
    output
      .take()
      .filter((element) => !Array.isArray(element))
      .map((element) => ('watermark' in element ? element.watermark : element));
  /** Reads all there is, then lets an interval pass. */
  const turn = async (): Promise<unknown[]> => {
    await world.settle();
    while (reader.poll(10) === InputStatus.MORE_AVAILABLE);
    world.clock.advance(200);
    reader.onWake(world.clock.wallMs());
    return watermarks();
  };
  const values = (): unknown[] =>
    output.take().flatMap((element) => (Array.isArray(element) ? [element[0]] : []));
  return { source, world, reader, output, reports, turn, values };
}

const A: Partition = { name: 'a', next: 0 };
const B: Partition = { name: 'b', next: 0 };

t.test('the watermark of a reader is the least one of its splits', async (t) => {
  const { source, reader, turn } = await open();
  reader.addSplits([A, B]);
  source.append('a', 100);
  t.same(await turn(), [], 'nothing is known of the other one');
  source.append('b', 50);
  t.same(await turn(), [49]);
  source.append('b', 300);
  t.same(await turn(), [99]);
});

t.test('a split that comes later, and is behind, does not turn the watermark back', async (t) => {
  const { source, reader, turn } = await open();
  reader.addSplits([A]);
  source.append('a', 100);
  t.same(await turn(), [99]);
  reader.addSplits([B]);
  source.append('b', 20);
  source.append('a', 200);
  t.same(await turn(), []);
  source.append('b', 150);
  t.same(await turn(), [149]);
});

t.test('idleness is of each split; all idle make the reader idle', async (t) => {
  const strategy = WatermarkStrategy.forMonotonousTimestamps<number>().withIdleness(300);
  const { source, reader, turn } = await open({ strategy });
  reader.addSplits([A, B]);
  source.append('a', 100);
  source.append('b', 50);
  t.same(await turn(), [49]);
  source.append('a', 200);
  t.same(await turn(), []);
  source.append('a', 300);
  t.same(await turn(), [299], 'the other one has fallen silent');
  t.same([...(await turn()), ...(await turn()), ...(await turn())], [{ status: 'idle' }]);
  source.append('b', 400);
  t.same(await turn(), [{ status: 'active' }, 399]);
});

t.test('a split that has been read to its end holds nothing back', async (t) => {
  const { source, reader, turn } = await open();
  reader.addSplits([A, B]);
  source.append('a', 100);
  source.append('b', 50);
  t.same(await turn(), [49]);
  source.ended.add('b');
  source.append('b');
  source.append('a', 110);
  t.same(await turn(), [99, 109]);
});

t.test('generators of splits are restored by the name of the split', async (t) => {
  const first = await open();
  first.reader.addSplits([A, B]);
  first.source.append('a', 100);
  first.source.append('b', 50);
  t.same(await first.turn(), [49]);
  const { lists } = first.reader.snapshotState(1);
  const second = await open({ restored: structuredClone({ keyed: undefined, lists }), source: first.source });
  t.same(await second.turn(), [49], 'those behind are told where it was');
  first.source.append('b', 60);
  t.same(await second.turn(), [59], 'the split that has nothing new is where it was');
});

t.test('who is given one of several splits is where that split was, though it has nothing new', async (t) => {
  const first = await open();
  first.reader.addSplits([A, B]);
  first.source.append('a', 100);
  first.source.append('b', 50);
  await first.turn();
  const lists = structuredClone(first.reader.snapshotState(1).lists);
  const { splits } = lists;
  const ahead = { ...splits, mode: 'split', items: splits?.items.slice(0, 1) ?? [] } as const;
  const second = await open({
    restored: { keyed: undefined, lists: { ...lists, splits: ahead } },
    source: first.source,
  });
  t.same(await second.turn(), [49, 99], 'or its group would wait for it');
});

t.test(
  'a split goes on as who read it last knew it, though no watermark tells that from older knowledge',
  async (t) => {
    const first = await open();
    first.reader.addSplits([A]);
    first.source.append('a', 100);
    await first.turn();
    const restoredFrom = (lists: OperatorStateHandle['lists'], restoredCheckpointId: number) => ({
      restored: structuredClone({ keyed: undefined, lists }),
      restoredCheckpointId,
      source: first.source,
    });
    const before = first.reader.snapshotState(700).lists;
    // The checkpoint of another job: in this one it has the number 1.
    const owner = await open(restoredFrom(before, 1));
    await owner.turn();
    owner.source.append('a', 200);
    await owner.world.settle();
    owner.reader.poll(10);
    const other = await open(restoredFrom({ ...before, splits: { mode: 'split', items: [] } }, 1));
    const [read, remembered] = [owner, other].map(({ reader }) => reader.snapshotState(2).lists);
    const items = [remembered, read].flatMap((lists) => lists?.['event-time']?.items ?? []);
    const eventTime = { mode: 'watermark', items } as const;
    const third = await open(restoredFrom({ ...read, 'event-time': eventTime }, 2));
    t.same(await third.turn(), [99, 199]);
  },
);

t.test('punctuated generators speak with each record, of their own split', async (t) => {
  const strategy = WatermarkStrategy.forGenerator<number>(
    (): WatermarkGenerator<number> => ({
      onEvent: (event, _timestamp, output) => {
        if (event % 10 === 0) output.emitWatermark(event);
      },
      onPeriodicEmit: () => {},
    }),
  );
  const { source, reader, output } = await open({ strategy });
  reader.addSplits([A, B]);
  source.append('a', 10, 11, 20);
  source.append('b', 5, 10);
  reader.poll(100);
  t.same(
    output.take().map((element) => (Array.isArray(element) ? element[0] : element)),
    [10, 11, 20, 5, 10, { watermark: 10 }],
  );
});

const ALIGNED = WatermarkStrategy.forMonotonousTimestamps<number>().withWatermarkAlignment('group', 100, 500);

t.test('a member tells where it is, and rests while it is too far ahead of the group', async (t) => {
  const { source, reader, turn, reports, values, world } = await open({ strategy: ALIGNED });
  t.same(reports, [['group', Watermark.MIN]], 'from the beginning on');
  reader.addSplits([A]);
  source.append('a', 1000);
  await turn();
  await turn();
  await turn();
  t.same(reports.slice(1), [['group', 999]]);
  reader.alignTo(800);
  source.append('a', 1001);
  await world.settle();
  t.equal(reader.poll(10), InputStatus.NOTHING_AVAILABLE);
  let available = false;
  void reader.isAvailable().then(() => {
    available = true;
  });
  await world.settle();
  t.notOk(available);
  reader.alignTo(899);
  await world.settle();
  t.ok(available);
  values();
  reader.poll(10);
  t.same(values(), [1001]);
});

t.test('a split that is ahead rests alone, and is not idle', async (t) => {
  const { source, reader, turn, values, world } = await open({ strategy: ALIGNED.withIdleness(300) });
  reader.addSplits([A, B]);
  source.append('a', 1000);
  source.append('b', 50);
  await turn();
  reader.alignTo(49);
  source.append('a', 1001);
  source.append('b', 60);
  await world.settle();
  values();
  reader.poll(10);
  t.same(values(), [60]);
  for (let i = 0; i < 5; i++) await turn();
  reader.alignTo(Watermark.MAX);
  await world.settle();
  values();
  reader.poll(10);
  t.same(values(), [1001]);
});

t.test('what makes no sense is refused', async (t) => {
  const strategy = WatermarkStrategy.noWatermarks<number>();
  t.throws(() => strategy.withWatermarkAlignment('', 1), { code: 'MR1001' });
  t.throws(() => strategy.withWatermarkAlignment('g', -1), { code: 'MR1001' });
  t.throws(() => strategy.withWatermarkAlignment('g', 1, 0), { code: 'MR1001' });
});
