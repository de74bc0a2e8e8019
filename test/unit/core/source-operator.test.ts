import t from 'tap';
import { OutputTag } from '../../../core/api/output-tag.js';
import {
  InputStatus,
  type ReaderOutput,
  type Source,
  type SourceReaderContext,
  type SplitEnumeratorContext,
} from '../../../core/api/source.js';
import type { OperatorStateHandle } from '../../../core/checkpoint/snapshot-handle.js';
import { NO_SPLITS_LEFT } from '../../../core/checkpoint/state-assignment.js';
import { Watermark } from '../../../core/element/watermark.js';
import { Accumulators } from '../../../core/operator/accumulator.js';
import { sourceOperator } from '../../../core/operator/source-operator.js';
import type { Output } from '../../../core/operator/stream-operator.js';
import { WatermarkStrategy } from '../../../core/watermark/watermark-strategy.js';
import { RecordingOutput } from '../../operator-test-harness.js';
import { OperatorWorld, type WorldOptions } from '../../operator-world.js';

interface Split {
  readonly at: number;
  readonly end: number;
}

/** Emits the numbers of its splits as value and timestamp; everything it is told goes into `calls`. */
class ScriptedSource implements Source<number, Split, { readonly left: number }> {
  readonly boundedness = 'bounded';
  readonly calls: string[] = [];
  enumeratorContext: SplitEnumeratorContext<Split> | undefined;
  readerContext: SourceReaderContext | undefined;
  starting: Promise<void> | undefined;

  createEnumerator(context: SplitEnumeratorContext<Split>) {
    return this.#enumerator(context, 3);
  }

  restoreEnumerator(context: SplitEnumeratorContext<Split>, state: { readonly left: number }) {
    return this.#enumerator(context, state.left);
  }

  #enumerator(context: SplitEnumeratorContext<Split>, left: number) {
    this.enumeratorContext = context;
    const { calls } = this;
    return {
      start: () => {
        calls.push(`start ${left}`);
        return this.starting;
      },
      handleSplitRequest: (subtask: number) => {
        calls.push(`request ${subtask}`);
        if (subtask === 9) throw new Error('no such reader');
        context.assignSplit({ at: 0, end: left }, subtask);
      },
      snapshotState: () => ({ left }),
      notifyCheckpointComplete: (checkpointId: number) => void calls.push(`complete ${checkpointId}`),
      close: () => void calls.push('close enumerator'),
    };
  }

  createReader(context: SourceReaderContext) {
    this.readerContext = context;
    const { calls } = this;
    let splits: Split[] = [];
    let ending = false;
    return {
      start: async () => void calls.push('start reader'),
      pollNext(output: ReaderOutput<number>): InputStatus {
        for (;;) {
          const [split, ...others] = splits;
          if (split === undefined) return ending ? InputStatus.END_OF_INPUT : InputStatus.NOTHING_AVAILABLE;
          let { at } = split;
          while (at < split.end && output.remaining > 0) {
            output.collect(at, at * 1000);
            if (at === 1) output.sideOutput(new OutputTag<string>('odd'), 'one');
            at++;
          }
          splits = at < split.end ? [{ at, end: split.end }, ...others] : others;
          if (output.remaining <= 0) return InputStatus.MORE_AVAILABLE;
        }
      },
      isAvailable: async () => {},
      snapshotState: () => splits,
      addSplits: (added: readonly Split[]) => {
        calls.push(`splits ${added.map(({ at, end }) => `${at}-${end}`).join()}`);
        splits.push(...added);
      },
      notifyNoMoreSplits: () => {
        ending = true;
      },
      close: () => void calls.push('close reader'),
    };
  }
}

async function openReader(
  strategy = WatermarkStrategy.forMonotonousTimestamps<number>(),
  options: WorldOptions = {},
  source = new ScriptedSource(),
) {
  const world = new OperatorWorld();
  const output = new RecordingOutput();
  const own = world.context({ uid: 'source', ...options });
  const context = { ...own, chainIndex: 0, accumulators: new Accumulators(own), userCode: { node: 0 } };
  let requests = 0;
  const reports: [string, number][] = [];
  const reader = sourceOperator(source, strategy).createReader(context, output as Output<never>, {
    requestSplit: () => {
      requests++;
    },
    reportWatermark: (group, watermark) => reports.push([group, watermark]),
  });
  await reader.open();
  const tick = (ms: number): void => {
    world.clock.advance(ms);
    if ((world.wakes.get('source') ?? Number.POSITIVE_INFINITY) > world.clock.wallMs()) return;
    world.wakes.delete('source');
    reader.onWake(world.clock.wallMs());
  };
  return { source, world, output, reader, tick, reports, requests: () => requests };
}

t.test('a source reads within its budget, and stops where it is told', async (t) => {
  const { reader, output, source, requests } = await openReader();
  t.equal(reader.poll(10), InputStatus.NOTHING_AVAILABLE);
  source.readerContext?.requestSplit();
  t.equal(requests(), 1);
  reader.addSplits([{ at: 0, end: 5 }]);
  t.equal(reader.poll(3), InputStatus.MORE_AVAILABLE);
  t.strictSame(output.take(), [[0, 0], [1, 1000], { side: 'odd', value: 'one', timestamp: undefined }]);
  t.equal(reader.poll(10), InputStatus.NOTHING_AVAILABLE);
  reader.notifyNoMoreSplits();
  t.equal(reader.poll(10), InputStatus.END_OF_INPUT);
  t.strictSame(output.take(), [
    [2, 2000],
    [3, 3000],
    [4, 4000],
  ]);
  await reader.endInput();
  t.strictSame(output.take(), [{ watermark: 3999 }, { watermark: Watermark.MAX }]);
});

t.test('watermarks come by the clock, however busy the source is', async (t) => {
  const { reader, output, tick } = await openReader();
  reader.addSplits([{ at: 0, end: 100 }]);
  reader.poll(1);
  reader.poll(1);
  tick(199);
  t.equal(output.take().length, 3);
  tick(1);
  t.strictSame(output.take(), [{ watermark: 999 }]);
});

t.test('splits and event time are restored, and those behind are told where it was', async (t) => {
  const first = await openReader();
  first.reader.addSplits([
    { at: 0, end: 5 },
    { at: 10, end: 12 },
  ]);
  first.reader.poll(3);
  first.tick(200);
  const snapshot = first.reader.snapshotState(4);
  const restored: OperatorStateHandle = structuredClone({ keyed: undefined, lists: snapshot.lists });
  const second = await openReader(undefined, { restored });
  t.strictSame(second.source.calls, ['start reader', 'splits 2-5,10-12']);
  second.reader.poll(2);
  t.strictSame(second.output.take(), [{ watermark: 999 }, [2, 2000], [3, 3000]]);
});

t.test(
  '[scenario 19] sleeping readers wake by the monotonic clock, also when the wall clock jumps',
  async (t) => {
    const { source, world, tick } = await openReader(undefined, { watermarkIntervalMs: 0 });
    const woken: number[] = [];
    void source.readerContext?.sleep(100).then(() => woken.push(100));
    void source.readerContext?.sleep(50).then(() => woken.push(50));
    tick(40);
    world.clock.jump(1000);
    tick(0);
    await world.settle();
    t.strictSame(woken, [], 'the wall clock alone wakes nobody');
    tick(10);
    await world.settle();
    t.strictSame(woken, [50]);
    tick(50);
    await world.settle();
    t.strictSame(woken, [50, 100]);
  },
);

t.test('input that was passed over is counted', async (t) => {
  const { source, world } = await openReader();
  source.readerContext?.countSkippedRecord();
  source.readerContext?.countSkippedRecord();
  t.equal(world.counters.get('numRecordsSkipped'), 2);
});

function openCoordinator(source = new ScriptedSource()) {
  const world = new OperatorWorld();
  const decisions: string[] = [];
  const coordinator = sourceOperator(source, WatermarkStrategy.noWatermarks<number>()).createCoordinator(
    world.context({ parallelism: 2 }),
    {
      assignSplits: (subtask, splits) => decisions.push(`${subtask}: ${JSON.stringify(splits)}`),
      signalNoMoreSplits: (subtask) => decisions.push(`${subtask}: no more`),
      reportBacklog: (isProcessingBacklog) => decisions.push(`backlog: ${isProcessingBacklog}`),
    },
  );
  return { source, world, coordinator, decisions };
}

t.test('requests wait until the enumerator has started', async (t) => {
  const source = new ScriptedSource();
  let started = (): void => {};
  source.starting = new Promise((resolve) => {
    started = resolve;
  });
  const { coordinator, decisions } = openCoordinator(source);
  const starting = coordinator.start(undefined);
  coordinator.handleSplitRequest(1);
  t.strictSame(source.calls, ['start 3']);
  started();
  await starting;
  t.strictSame(decisions, ['1: [{"at":0,"end":3}]']);
});

t.test('one that had dealt out all and ended does not begin again: whoever asks is told so', async (t) => {
  const { coordinator, decisions, source } = openCoordinator();
  await coordinator.start(NO_SPLITS_LEFT);
  coordinator.handleSplitRequest(1);
  coordinator.handleSplitRequest(0);
  t.strictSame(decisions, ['1: no more', '0: no more']);
  t.same(coordinator.snapshotState(1), NO_SPLITS_LEFT, 'and so it stays');
  coordinator.notifyCheckpointComplete(1);
  await coordinator.close();
  t.strictSame(source.calls, []);
});

t.test('an enumerator goes on from its encoded state', async (t) => {
  const first = openCoordinator();
  await first.coordinator.start(undefined);
  const state = first.coordinator.snapshotState(1);
  const second = openCoordinator();
  await second.coordinator.start(state.slice());
  second.coordinator.notifyCheckpointComplete(1);
  t.strictSame(second.source.calls, ['start 3', 'complete 1']);
  await second.coordinator.close();
  await second.coordinator.close();
  t.strictSame(second.source.calls.slice(2), ['close enumerator']);
});

t.test(
  'what an enumerator throws, and what its asynchronous work rejects with, fails the task',
  async (t) => {
    const { coordinator, source, world, decisions } = openCoordinator();
    await coordinator.start(undefined);
    coordinator.handleSplitRequest(9);
    const context = source.enumeratorContext;
    context?.callAsync(
      async () => 7,
      (value) => context.assignSplit({ at: value, end: value }, 0),
    );
    context?.callAsync(
      async () => {
        throw new Error('cannot list');
      },
      () => {},
    );
    await world.settle();
    t.strictSame(decisions, ['0: [{"at":7,"end":7}]']);
    t.match(world.failures, [{ message: 'no such reader' }, { message: 'cannot list' }]);
  },
);
