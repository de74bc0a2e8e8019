import t from 'tap';
import { DataGeneratorSource } from '../../../core/api/data-generator-source.js';
import { NumberSequenceSource } from '../../../core/api/number-sequence-source.js';
import { InputStatus, type Source } from '../../../core/api/source.js';
import type { OperatorStateHandle } from '../../../core/checkpoint/snapshot-handle.js';
import { Watermark } from '../../../core/element/watermark.js';
import { Accumulators } from '../../../core/operator/accumulator.js';
import { sourceOperator } from '../../../core/operator/source-operator.js';
import type { Output } from '../../../core/operator/stream-operator.js';
import { WatermarkStrategy } from '../../../core/watermark/watermark-strategy.js';
import { RecordingOutput } from '../../operator-test-harness.js';
import { OperatorWorld, type WorldOptions } from '../../operator-world.js';

const COUNT = 40;

/** A record says how far event time has come; each split of the sources below begins at about 0. */
const strategyOf = (timeOf: (n: number) => number) =>
  WatermarkStrategy.forGenerator<number>(() => ({
    onEvent: (_event, timestamp, output) => output.emitWatermark(timestamp - 1),
    onPeriodicEmit() {},
  })).withTimestampAssigner(timeOf);

async function open(
  source: Source<number, unknown, unknown>,
  timeOf: (n: number) => number,
  options: WorldOptions = {},
) {
  const world = new OperatorWorld();
  const output = new RecordingOutput();
  const own = world.context({ uid: 'source', ...options });
  const context = { ...own, chainIndex: 0, accumulators: new Accumulators(own), userCode: { node: 0 } };
  const factory = sourceOperator(source, strategyOf(timeOf));
  const reader = factory.createReader(context, output as Output<never>, { requestSplit: () => {} });
  await reader.open();
  return { reader, output };
}

/** The splits that two subtasks begin with. */
function splitsOf(source: Source<number, unknown, unknown>): unknown[] {
  const splits: unknown[] = [];
  const world = new OperatorWorld();
  const enumerator = source.createEnumerator({
    parallelism: 2,
    fileSystem: world.fileSystem,
    clock: world.clock,
    assignSplit: (split) => void splits.push(split),
    signalNoMoreSplits: () => {},
    setIsProcessingBacklog: () => {},
    callAsync: () => {},
  });
  void enumerator.start();
  for (let i = 0; i < 2; i++) enumerator.handleSplitRequest(i);
  return splits;
}

function merged(a: OperatorStateHandle['lists'], b: OperatorStateHandle['lists']): OperatorStateHandle {
  const lists = Object.fromEntries(
    Object.entries(a).map(([name, list]) => [
      name,
      { ...list, items: [...list.items, ...(b[name]?.items ?? [])] },
    ]),
  );
  return structuredClone({ keyed: undefined, lists });
}

/** Of what went out in this order: how many records came at or below the watermark, and all their values. */
function read(elements: readonly unknown[]): { readonly late: number; readonly values: number[] } {
  let watermark: number = Watermark.MIN;
  let late = 0;
  const values: number[] = [];
  for (const element of elements) {
    if (Array.isArray(element)) {
      values.push(element[0]);
      if (element[1] <= watermark) late++;
    } else if (typeof element === 'object' && element !== null && 'watermark' in element) {
      watermark = Number(element.watermark);
    }
  }
  return { late, values };
}

const SOURCES: readonly (readonly [string, () => Source<number, unknown, unknown>, (n: number) => number])[] =
  [
    [
      'ranges',
      () => new NumberSequenceSource(0, COUNT - 1) as Source<number, unknown, unknown>,
      (n) => n % (COUNT / 2),
    ],
    [
      'generated',
      () => new DataGeneratorSource((n) => n, COUNT) as Source<number, unknown, unknown>,
      (n) => Math.floor(n / 2),
    ],
  ];

for (const [name, make, timeOf] of SOURCES) {
  t.test(`splits that come together at a lower parallelism make nothing late: ${name}`, async (t) => {
    const [firstSplit, secondSplit] = splitsOf(make());
    const first = await open(make(), timeOf, { subtaskIndex: 0, parallelism: 2 });
    const second = await open(make(), timeOf, { subtaskIndex: 1, parallelism: 2 });
    first.reader.addSplits([firstSplit]);
    second.reader.addSplits([secondSplit]);
    // The one is far ahead of the other when the checkpoint is taken.
    first.reader.poll(15);
    second.reader.poll(2);
    const before = [...read(first.output.take()).values, ...read(second.output.take()).values];
    const restored = merged(first.reader.snapshotState(1).lists, second.reader.snapshotState(1).lists);
    const { reader, output } = await open(make(), timeOf, { restored });
    reader.notifyNoMoreSplits();
    reader.poll(1);
    const holders = reader.heldBackBy();
    t.equal(holders.length, 1);
    t.match(holders[0], { kind: 'split', watermark: 0 }, 'the one that is behind is named');
    while (reader.poll(3) !== InputStatus.END_OF_INPUT);
    await reader.endInput();
    const { late, values } = read(output.take());
    t.equal(late, 0);
    t.strictSame(
      [...before, ...values].sort((a, b) => a - b),
      Array.from({ length: COUNT }, (_, n) => n),
    );
  });
}

t.test('generated data is dealt out by what is whose, whoever asks first', async (t) => {
  const source = new DataGeneratorSource((index) => index, COUNT);
  const world = new OperatorWorld();
  const assigned: [unknown, number][] = [];
  const ended: number[] = [];
  const deal = (parallelism: number, state?: unknown) => {
    const context = {
      parallelism,
      fileSystem: world.fileSystem,
      clock: world.clock,
      assignSplit: (split: { next: number }, subtask: number) => void assigned.push([split.next, subtask]),
      signalNoMoreSplits: (subtask: number) => void ended.push(subtask),
      setIsProcessingBacklog: () => {},
      callAsync: () => {},
    };
    return state === undefined
      ? source.createEnumerator(context)
      : source.restoreEnumerator(context, state as never);
  };
  const first = deal(4);
  first.handleSplitRequest(2);
  first.handleSplitRequest(2);
  t.strictSame(assigned, [[2, 2]], 'its own stride, and never that of one which has not asked yet');
  t.strictSame(ended, [2, 2]);
  const left = first.snapshotState(1);
  assigned.length = 0;
  const same = deal(4, left);
  for (const subtask of [0, 1, 3]) same.handleSplitRequest(subtask);
  t.strictSame(
    assigned,
    [
      [0, 0],
      [1, 1],
      [3, 3],
    ],
    'after a restore the same',
  );
  assigned.length = 0;
  const fewer = deal(2, left);
  for (const subtask of [1, 0]) fewer.handleSplitRequest(subtask);
  t.strictSame(
    assigned,
    [
      [1, 1],
      [3, 1],
      [0, 0],
    ],
    'fewer readers have several at once',
  );
});
