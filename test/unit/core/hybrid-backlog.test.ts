import t from 'tap';
import { CollectionSource } from '../../../core/api/collection-source.js';
import { HybridSource } from '../../../core/api/hybrid-source.js';
import { OperatorWorld } from '../../operator-world.js';

t.test('a hybrid source works off a backlog until its last source begins', async (t) => {
  const world = new OperatorWorld();
  const told: boolean[] = [];
  const waiting: (() => Promise<void>)[] = [];
  const source = HybridSource.builder(new CollectionSource([1]))
    .addSource(new CollectionSource([2]))
    .build();
  const context = {
    parallelism: 1,
    fileSystem: world.fileSystem,
    clock: world.clock,
    assignSplit: () => {},
    signalNoMoreSplits: () => {},
    setIsProcessingBacklog: (isProcessingBacklog: boolean) => void told.push(isProcessingBacklog),
    callAsync: <V>(work: () => Promise<V>, handle: (value: V) => void) =>
      void waiting.push(async () => handle(await work())),
  };
  const enumerator = source.createEnumerator(context);
  await enumerator.start();
  t.same(told, [true]);
  // The split of the first source, its end, and that the reader has come to it.
  for (let i = 0; i < 3; i++) enumerator.handleSplitRequest(0);
  t.same(told, [true, false]);
  for (const each of waiting.splice(0)) await each();
  const restored = source.restoreEnumerator(context, enumerator.snapshotState(1));
  await restored.start();
  t.same(told, [true, false, false], 'said again after a restore');
});
