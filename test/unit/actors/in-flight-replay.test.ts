import t from 'tap';
import { InFlightReplay } from '../../../actors/task/in-flight-replay.js';
import { OutputRoom } from '../../../actors/task/result-partition.js';
import type { TaskInputEdge } from '../../../actors/task/task-environment.js';
import type { InFlightPart } from '../../../core/checkpoint/in-flight-assignment.js';
import { HashPartitioner } from '../../../core/graph/hash-partitioner.js';
import type { ExecutableEdge, JobEdge } from '../../../core/graph/job-graph.js';
import { keyGroupOf, subtaskOfKeyGroup } from '../../../core/graph/key-group.js';
import { types } from '../../../core/serde/types.js';
import { WatermarkValve } from '../../../core/watermark/watermark-valve.js';
import { ThreadCodecFactory } from '../../../memory/codec-factory.js';
import { type OneThreadChannel, oneThreadChannels } from '../../one-thread-channels.js';

const FILE = { key: 'data/1', sizeBytes: 1, entryCount: 1, crc32c: 0 };
const BARRIER = 7;

/** What a checkpoint would hold of a channel into which this was written. */
function recorded(write: (writer: OneThreadChannel['writer']) => void): Uint8Array[] {
  const [channel] = oneThreadChannels(1, 40);
  if (channel === undefined) throw new Error('no channel');
  write(channel.writer);
  channel.writer.writeBarrier(BARRIER, 0, false);
  channel.writer.flush();
  const pieces: Uint8Array[] = [];
  channel.reader.beginRecording(BARRIER, (piece) => pieces.push(piece));
  return pieces;
}

/** A task of two channels that is given these parts, and what its input is told. */
function replayOf(
  channels: readonly { readonly part: Partial<InFlightPart>; readonly pieces: readonly Uint8Array[] }[],
  { timedInputs = [] as number[], subtask = 0, parallelism = 1 } = {},
) {
  const told: (number | string)[] = [];
  const input = {
    processElement: (value: unknown) => told.push(Number(value)),
    processWatermark: (time: number) => told.push(`watermark ${time}`),
    processIdle: () => told.push('idle'),
    processActive: () => told.push('active'),
  };
  const createValve = (_: number, count: number): WatermarkValve =>
    new WatermarkValve(count, {
      emitWatermark: input.processWatermark,
      emitIdle: input.processIdle,
      emitActive: input.processActive,
    });
  const valve = createValve(0, 2);
  const edge: ExecutableEdge = {
    id: 0,
    type: types.float64,
    bufferTimeoutMs: undefined,
    createPartitioner: (count) => new HashPartitioner((value) => value, count, 128),
  };
  const jobEdge = { id: 0, inputIndex: 0 } as JobEdge;
  const edges: TaskInputEdge[] = [{ jobEdge, edge, ordinal: 0, channels: [undefined, undefined] }];
  const parts = channels.map(
    ({ part }, channel): InFlightPart => ({
      edgeId: 0,
      file: FILE,
      channel,
      producer: undefined,
      filtered: false,
      ...part,
    }),
  );
  const pieces = new Map(parts.map((part, index) => [part, channels[index]?.pieces ?? []]));
  const room = new OutputRoom();
  const replay = new InFlightReplay({ parts, timedInputs }, pieces, {
    edges,
    inputs: [{ input, valve }],
    codecs: new ThreadCodecFactory(),
    room,
    subtask,
    parallelism,
    valveChannelOf: (_, producer) => producer,
    createValve,
  });
  const pollAll = (): (number | string)[] => {
    while (replay.poll(64) > 0);
    return told.splice(0);
  };
  return { replay, valve, room, told, pollAll };
}

t.test(
  'what was under way comes in its order, and what was said in it of old checkpoints and ends counts no longer',
  async (t) => {
    const pieces = recorded((writer) => {
      writer.writeRecord(1, 0);
      writer.writeBarrier(5, 0, false);
      writer.writeRecord(2, 0);
      writer.writeEndOfData();
    });
    const { replay, pollAll } = replayOf([{ part: { producer: 0 }, pieces }]);
    t.notOk(replay.isOver);
    t.same(pollAll(), [1, 2]);
    t.ok(replay.isOver);
    t.equal(replay.records, 2);
  },
);

t.test('nothing is delivered while the outputs are full', async (t) => {
  const pieces = recorded((writer) => {
    for (let i = 0; i < 100; i++) writer.writeRecord(i, 0);
  });
  const { replay, room, told } = replayOf([{ part: { producer: 0 }, pieces }]);
  t.equal(replay.poll(3), 3);
  room.full = true;
  t.equal(replay.poll(64), 0);
  room.full = false;
  while (replay.poll(7) > 0);
  t.same(
    told,
    Array.from({ length: 100 }, (_, i) => i),
  );
});

t.test('in its like a channel tells its time as if it had delivered it', async (t) => {
  const first = recorded((writer) => writer.writeWatermark(10));
  const second = recorded((writer) => {
    writer.writeWatermark(20);
    writer.writeIdle();
  });
  const { pollAll, valve } = replayOf([
    { part: { producer: 0 }, pieces: first },
    { part: { producer: 1 }, pieces: second },
  ]);
  t.same(pollAll(), ['watermark 10']);
  valve.inputWatermark(0, 30);
  t.equal(valve.watermark, 30, 'the idle one is not waited for');
});

t.test(
  'time that was let through by channels that are no more holds until all present ones are further',
  async (t) => {
    const early = recorded((writer) => writer.writeWatermark(10));
    const late = recorded((writer) => writer.writeWatermark(25));
    const { pollAll, valve } = replayOf(
      [
        { part: {}, pieces: early },
        { part: {}, pieces: late },
      ],
      { timedInputs: [0] },
    );
    t.same(pollAll(), ['watermark 10']);
    valve.inputWatermark(0, 50);
    t.equal(valve.watermark, 10, 'the other channel has said nothing yet');
    valve.inputWatermark(1, 5);
    t.equal(valve.watermark, 10);
    valve.inputWatermark(1, 40);
    t.equal(valve.watermark, 40);
  },
);

t.test('where some former channel is missing, none of them tells the time', async (t) => {
  const pieces = recorded((writer) => writer.writeWatermark(10));
  const { pollAll } = replayOf([{ part: {}, pieces }]);
  t.same(pollAll(), []);
});

t.test('of a channel that several are given each keeps its own records', async (t) => {
  const pieces = recorded((writer) => {
    for (let i = 0; i < 50; i++) writer.writeRecord(i, 0);
  });
  const kept = [0, 1, 2].map((subtask) =>
    replayOf([{ part: { filtered: true }, pieces: pieces.map((piece) => piece.slice()) }], {
      subtask,
      parallelism: 3,
    }).pollAll(),
  );
  const expected = [0, 1, 2].map((subtask) =>
    Array.from({ length: 50 }, (_, i) => i).filter(
      (i) => subtaskOfKeyGroup(keyGroupOf(i, 128), 3, 128) === subtask,
    ),
  );
  t.same(kept, expected);
});
