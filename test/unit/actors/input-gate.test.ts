import t from 'tap';
import type { InFlightReplay } from '../../../actors/task/in-flight-replay.js';
import { InputGate } from '../../../actors/task/input-gate.js';
import { OutputRoom } from '../../../actors/task/result-partition.js';
import { BarrierAligner } from '../../../core/checkpoint/barrier-aligner.js';
import type { LatencyMarker } from '../../../core/element/latency-marker.js';
import { WatermarkValve } from '../../../core/watermark/watermark-valve.js';
import { type OneThreadChannel, oneThreadChannels } from '../../one-thread-channels.js';

const BUDGET = 256;

/** A gate over channels whose producers are on this thread, and all that it delivered. */
function gateOf(
  channelsPerInput: readonly number[],
  exactlyOnce = true,
  overtakable: readonly boolean[] = [],
) {
  const delivered: (number | string)[] = [];
  const count = channelsPerInput.reduce((sum, channels) => sum + channels, 0);
  const channels = oneThreadChannels(count);
  const aligner = new BarrierAligner(count, exactlyOnce, overtakable);
  const room = new OutputRoom();
  const inputs = channelsPerInput.map((each, index) => {
    const input = {
      processElement: (value: unknown) => delivered.push(Number(value)),
      processWatermark: (time: number) => delivered.push(`watermark ${time} of ${index}`),
      processIdle: () => delivered.push(`idle ${index}`),
      processActive: () => delivered.push(`active ${index}`),
    };
    const valve = new WatermarkValve(each, {
      emitWatermark: input.processWatermark,
      emitIdle: input.processIdle,
      emitActive: input.processActive,
    });
    return { input, valve };
  });
  let channel = 0;
  const gateChannels = channelsPerInput.flatMap((each, inputIndex) =>
    Array.from({ length: each }, (_, valveChannel) => ({
      reader: channels[channel++]?.reader,
      inputIndex,
      valveChannel,
    })),
  );
  const listener = {
    onAlignmentStarted: (id: number) => delivered.push(`begin ${id}`),
    onAligned: (id: number) => delivered.push(`aligned ${id}`),
    onLatencyMarker: ({ markedMs }: LatencyMarker) => delivered.push(`marker ${markedMs}`),
    onSubsumed: (id: number) => delivered.push(`subsumed ${id}`),
    onInputEnded: (index: number) => delivered.push(`ended ${index}`),
  };
  const gate = new InputGate(gateChannels, inputs, aligner, listener, room);
  const at = (index: number): OneThreadChannel['writer'] => {
    const writer = channels[index]?.writer;
    if (writer === undefined) throw new Error(`no channel ${index}`);
    return writer;
  };
  /** All that can be read now. */
  const pollAll = (budget = BUDGET): (number | string)[] => {
    for (let i = 0; i < count; i++) at(i).flush();
    while (gate.poll(budget) > 0);
    return delivered.splice(0);
  };
  return { gate, aligner, room, inputs, at, delivered, pollAll };
}

t.test('channels are read in turn, and each in its order', async (t) => {
  const { gate, at, delivered } = gateOf([2]);
  for (let i = 0; i < 20; i++) {
    at(0).writeRecord(i, 0);
    at(1).writeRecord(100 + i, 0);
  }
  at(0).flush();
  at(1).flush();
  t.equal(gate.poll(32), 32);
  t.equal(delivered.filter((value) => Number(value) < 100).length, 16, 'a slice of each');
  t.equal(gate.poll(32), 8);
  const numbers = delivered.map(Number);
  t.same(
    numbers.filter((value) => value < 100),
    Array.from({ length: 20 }, (_, i) => i),
  );
  t.same(
    numbers.filter((value) => value >= 100),
    Array.from({ length: 20 }, (_, i) => 100 + i),
  );
  t.equal(gate.recordsIn, 40);
  t.equal(gate.poll(32), 0);
  t.notOk(gate.hasInput());
});

t.test('a latency marker is told of when all before it has been delivered', async (t) => {
  const { at, pollAll } = gateOf([1]);
  at(0).writeRecord(1, 0);
  at(0).writeLatencyMarker({ markedMs: 5, sourceVertexId: 70_000, sourceSubtask: 32_767 });
  at(0).writeRecord(2, 0);
  t.same(pollAll(), [1, 'marker 5', 2]);
});

t.test('behind a barrier nothing is read until all barriers are in and the snapshot is taken', async (t) => {
  const { gate, aligner, at, pollAll } = gateOf([2]);
  at(0).writeRecord(1, 0);
  at(0).writeBarrier(7, 1000, false);
  at(0).writeRecord(3, 0);
  at(1).writeRecord(2, 0);
  t.same(pollAll().toSorted(), [1, 2, 'begin 7']);
  t.notOk(gate.hasInput(), 'the channel that waits is no input');
  at(1).writeBarrier(7, 1000, false);
  at(1).writeRecord(4, 0);
  at(1).flush();
  gate.poll(BUDGET);
  t.same(pollAll(), ['aligned 7'], 'not even what follows the last barrier');
  aligner.release();
  t.same(pollAll().toSorted(), [3, 4]);
});

t.test(
  'a checkpoint is heard of ahead of its barrier, and waits for those that are not overtaken',
  async (t) => {
    const { gate, aligner, at, pollAll } = gateOf([1, 1], true, [true, false]);
    at(0).writeRecord(1, 0);
    at(0).writeBarrier(7, 1000, false);
    gate.lookAhead();
    t.notOk(aligner.overtakes, 'its time has not come');
    aligner.onDue();
    t.notOk(aligner.overtakes, 'the other channel is waited for');
    t.equal(gate.lastBarrierMs, 1000);
    at(1).writeRecord(2, 0);
    at(1).writeBarrier(7, 1000, false);
    at(1).writeRecord(3, 0);
    at(1).flush();
    gate.poll(1);
    gate.poll(1);
    t.ok(aligner.overtakes);
    aligner.overtake();
    t.same(aligner.release(), [0]);
    t.same(pollAll(), ['begin 7', 2, 1, 3], 'the barrier that was overtaken means nothing more');
  },
);

t.test('a savepoint overtakes nothing', async (t) => {
  const { gate, aligner, at, pollAll } = gateOf([1], true, [true]);
  at(0).writeRecord(1, 0);
  at(0).writeBarrier(7, 1000, true);
  gate.lookAhead();
  aligner.onDue();
  t.notOk(aligner.overtakes);
  t.same(pollAll(), ['begin 7', 1, 'aligned 7']);
});

t.test('at least once nobody waits for the barriers of others', async (t) => {
  const { at, pollAll } = gateOf([2], false);
  at(0).writeBarrier(7, 1000, false);
  at(0).writeRecord(1, 0);
  t.same(pollAll(), ['begin 7', 1]);
  at(1).writeBarrier(7, 1000, false);
  t.same(pollAll(), ['aligned 7']);
});

t.test('a newer barrier ends the older alignment, and what waited for it flows', async (t) => {
  const { at, pollAll } = gateOf([2]);
  at(0).writeBarrier(7, 1000, false);
  at(0).writeRecord(1, 0);
  at(1).writeBarrier(8, 2000, false);
  at(1).writeRecord(2, 0);
  t.same(pollAll(), ['begin 7', 'subsumed 7', 'begin 8', 1]);
  at(0).writeBarrier(8, 2000, false);
  t.same(pollAll(), ['aligned 8']);
});

t.test('after the end of its data a channel brings barriers, and holds no watermark back', async (t) => {
  const { aligner, at, pollAll } = gateOf([2]);
  at(0).writeWatermark(10);
  at(1).writeWatermark(5);
  t.same(pollAll(), ['watermark 5 of 0']);
  at(1).writeEndOfData();
  t.same(pollAll(), ['watermark 10 of 0']);
  at(0).writeBarrier(7, 1000, false);
  t.same(pollAll(), ['begin 7']);
  at(1).writeBarrier(7, 1000, false);
  t.same(pollAll(), ['aligned 7']);
  aligner.release();
  at(0).writeEndOfData();
  t.same(pollAll().at(-1), 'ended 0', 'the input ends with its last channel');
});

t.test('a channel that ends its partition counts as aligned', async (t) => {
  const { aligner, at, pollAll } = gateOf([2]);
  at(0).writeBarrier(7, 1000, false);
  t.same(pollAll(), ['begin 7']);
  at(1).writeEndOfData();
  at(1).writeEndOfPartition();
  t.same(pollAll(), ['aligned 7']);
  aligner.release();
  t.notOk(aligner.allClosed);
  at(0).writeEndOfData();
  at(0).writeEndOfPartition();
  pollAll();
  t.ok(aligner.allClosed);
});

t.test('two inputs have watermarks of their own and end apart', async (t) => {
  const { gate, at, pollAll } = gateOf([1, 1]);
  at(0).writeWatermark(10);
  t.same(pollAll(), ['watermark 10 of 0']);
  at(1).writeWatermark(3);
  t.same(pollAll(), ['watermark 3 of 1']);
  t.equal(gate.watermark, 3, 'the gate is as far as the slower one');
  at(0).writeEndOfData();
  t.same(pollAll().at(-1), 'ended 0');
  at(1).writeEndOfData();
  t.same(pollAll().at(-1), 'ended 1');
});

t.test('an input whose channels are all idle is idle', async (t) => {
  const { at, pollAll } = gateOf([2]);
  at(0).writeIdle();
  t.same(pollAll(), []);
  at(1).writeIdle();
  t.same(pollAll(), ['idle 0']);
  at(0).writeActive();
  t.same(pollAll(), ['active 0']);
});

t.test('what a checkpoint left idle is active again when its data has been delivered', async (t) => {
  const { gate, inputs, at, pollAll } = gateOf([1]);
  const replay = {
    records: 0,
    isOver: false,
    poll() {
      inputs[0]?.valve.inputIdle(0);
      this.isOver = true;
      return 1;
    },
  };
  gate.replay(replay as unknown as InFlightReplay);
  gate.start();
  at(0).writeWatermark(5);
  t.same(pollAll(), ['idle 0', 'active 0', 'watermark 5 of 0'], 'its producer has been started anew');
});

t.test('nothing is taken while an output is full', async (t) => {
  const { gate, room, at, delivered, pollAll } = gateOf([1]);
  at(0).writeRecord(1, 0);
  at(0).flush();
  room.full = true;
  t.equal(gate.poll(BUDGET), 0);
  t.same(delivered, []);
  t.ok(gate.hasInput());
  room.full = false;
  t.same(pollAll(), [1]);
});

t.test('a producer that had finished before the restored checkpoint is closed from the start', async (t) => {
  const [channel] = oneThreadChannels(1);
  if (channel === undefined) throw new Error('there is no channel');
  const aligner = new BarrierAligner(2, true);
  const ended: number[] = [];
  const watermarks: number[] = [];
  const input = { processElement() {}, processWatermark() {}, processIdle() {}, processActive() {} };
  const valve = new WatermarkValve(2, {
    emitWatermark: (time) => watermarks.push(time),
    emitIdle() {},
    emitActive() {},
  });
  const gate = new InputGate(
    [
      { reader: undefined, inputIndex: 0, valveChannel: 0 },
      { reader: channel.reader, inputIndex: 0, valveChannel: 1 },
    ],
    [{ input, valve }],
    aligner,
    {
      onAlignmentStarted() {},
      onAligned() {},
      onSubsumed() {},
      onLatencyMarker() {},
      onInputEnded: (index) => ended.push(index),
    },
    new OutputRoom(),
  );
  gate.start();
  t.same(ended, []);
  channel.writer.writeWatermark(4);
  channel.writer.writeEndOfData();
  channel.writer.writeEndOfPartition();
  channel.writer.flush();
  while (gate.poll(BUDGET) > 0);
  t.same(watermarks.at(0), 4);
  t.same(ended, [0]);
  t.ok(aligner.allClosed);
});
