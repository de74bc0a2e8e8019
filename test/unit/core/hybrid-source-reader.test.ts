import t from 'tap';
import { CollectionSource } from '../../../core/api/collection-source.js';
import { HybridSource } from '../../../core/api/hybrid-source.js';
import type { HybridSplit } from '../../../core/api/hybrid-source-reader.js';
import { InputStatus, type ReaderOutput, type SourceReader } from '../../../core/api/source.js';
import { OperatorWorld } from '../../operator-world.js';

function reader(): SourceReader<number, HybridSplit> {
  const world = new OperatorWorld();
  const source = HybridSource.builder(new CollectionSource([1]))
    .addSource(new CollectionSource([2]))
    .build();
  return source.createReader({
    subtaskIndex: 0,
    parallelism: 1,
    fileSystem: world.fileSystem,
    clock: world.clock,
    sleep: () => Promise.resolve(),
    countSkippedRecord: () => {},
    requestSplit: () => {},
  });
}

t.test('of readers that go on as one, one may not know of the present source yet', async (t) => {
  const [told, untold]: readonly HybridSplit[] = [
    { source: 1, kind: 'begin' },
    { source: 0, kind: 'begin' },
  ];
  for (const restored of [
    [told, untold],
    [untold, told],
  ] as HybridSplit[][]) {
    const merged = reader();
    merged.addSplits(restored);
    t.same(merged.snapshotState(1), [told], 'it goes on with the later one');
    await merged.close?.();
  }
});

t.test('who begins when there is nothing left of the last source is at its end', async (t) => {
  const late = reader();
  late.notifyNoMoreSplits();
  const output: ReaderOutput<number> = {
    remaining: 1,
    collect: () => t.fail('there was nothing to read'),
    sideOutput: () => {},
    emitWatermark: () => {},
    markIdle: () => {},
    markActive: () => {},
    createOutputForSplit: () => output,
    releaseOutputForSplit: () => {},
  };
  t.equal(late.pollNext(output), InputStatus.END_OF_INPUT);
  await late.close?.();
});
