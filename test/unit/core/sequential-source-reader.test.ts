import t from 'tap';
import { SequentialSourceReader, type SplitReader } from '../../../core/api/sequential-source-reader.js';
import { InputStatus, type ReaderOutput } from '../../../core/api/source.js';
import { MemoryFileSystem } from '../storage/memory-file-system.js';

interface Countdown {
  readonly left: number;
}

class CountdownReader implements SplitReader<number, Countdown> {
  #left: number;
  closed = false;

  constructor(split: Countdown) {
    this.#left = split.left;
  }

  poll(output: ReaderOutput<number>): InputStatus {
    while (this.#left > 0 && output.remaining > 0) output.collect(this.#left--);
    return this.#left > 0 ? InputStatus.MORE_AVAILABLE : InputStatus.END_OF_INPUT;
  }

  async isAvailable(): Promise<void> {}

  snapshot(): Countdown {
    return { left: this.#left };
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

class Output implements ReaderOutput<number> {
  remaining = 100;
  readonly values: number[] = [];

  collect(value: number): void {
    this.remaining--;
    this.values.push(value);
  }

  createOutputForSplit(): this {
    return this;
  }

  releaseOutputForSplit(): void {}

  sideOutput(): void {}

  emitWatermark(): void {}

  markIdle(): void {}

  markActive(): void {}
}

function world() {
  const opened: CountdownReader[] = [];
  const state = { requests: 0 };
  const context = {
    subtaskIndex: 0,
    parallelism: 1,
    fileSystem: new MemoryFileSystem(),
    clock: { monotonicMs: () => 0, wallMs: () => 0 },
    sleep: async () => {},
    countSkippedRecord: () => {},
    requestSplit: () => {
      state.requests++;
    },
  };
  const reader = new SequentialSourceReader(context, (split: Countdown) => {
    const opening = new CountdownReader(split);
    opened.push(opening);
    return opening;
  });
  return { reader, opened, state, output: new Output() };
}

t.test('it asks once for a split, and again when that is read', async (t) => {
  const { reader, opened, state, output } = world();
  t.equal(reader.pollNext(output), InputStatus.NOTHING_AVAILABLE);
  t.equal(reader.pollNext(output), InputStatus.NOTHING_AVAILABLE);
  t.equal(state.requests, 1);
  reader.addSplits([{ left: 2 }]);
  t.equal(reader.pollNext(output), InputStatus.NOTHING_AVAILABLE);
  t.same(output.values, [2, 1]);
  t.equal(state.requests, 2);
  reader.notifyNoMoreSplits();
  t.equal(reader.pollNext(output), InputStatus.END_OF_INPUT);
  await reader.close();
  t.ok(opened.every(({ closed }) => closed));
});

t.test('a split that comes before anybody waits for it ends the wait at once', async (t) => {
  const { reader, output } = world();
  reader.pollNext(output);
  const early = reader.isAvailable();
  reader.addSplits([{ left: 1 }]);
  await early;
  await reader.isAvailable();
  t.equal(reader.pollNext(output), InputStatus.NOTHING_AVAILABLE);
  reader.notifyNoMoreSplits();
  await reader.isAvailable();
  t.equal(reader.pollNext(output), InputStatus.END_OF_INPUT);
});

t.test('it stops between two records, and its snapshot holds what is left', async (t) => {
  const { reader, output } = world();
  reader.addSplits([{ left: 3 }, { left: 5 }]);
  output.remaining = 2;
  t.equal(reader.pollNext(output), InputStatus.MORE_AVAILABLE);
  t.same(reader.snapshotState(), [{ left: 1 }, { left: 5 }]);
  output.remaining = 1;
  t.equal(reader.pollNext(output), InputStatus.MORE_AVAILABLE);
  t.same(reader.snapshotState(), [{ left: 5 }]);
});

t.test('no split comes after the last one', async (t) => {
  const { reader } = world();
  reader.notifyNoMoreSplits();
  t.throws(() => reader.addSplits([{ left: 1 }]), { code: 'MR9001' });
});
