import t from 'tap';
import { ElementKind, Watermark } from '../../core/internal.js';
import { build } from '../build.js';
import { flowOf, type MakeChecker, says } from './checker-story.js';
import { EventTimeChecker } from './checkers/event-time-checker.js';
import { WatermarkChecker } from './checkers/watermark-checker.js';
import { OUTPUT } from './observed-operators.js';
import type { BuiltTask, WorldListeners } from './world-listener.js';

t.test('watermarks never fall, each for itself', async (t) => {
  const make: MakeChecker = (verdict) => new WatermarkChecker(verdict);
  for (const [last, expected] of [
    [7, undefined],
    [5, /falls from 6 to 5/],
    [Number.NaN, /falls from 6 to NaN/],
  ] as const) {
    const tell = (tell: (listeners: WorldListeners, watermark: number) => void) =>
      says(
        t,
        make,
        ({ listeners }) => {
          tell(listeners, 6);
          listeners.onElementWritten(flowOf(1), ElementKind.WATERMARK, 1);
          tell(listeners, last);
        },
        expected,
      );
    await tell((listeners, watermark) =>
      listeners.onElementWritten(flowOf(0), ElementKind.WATERMARK, watermark),
    );
    await tell((listeners, watermark) =>
      listeners.onElementRead(flowOf(0), ElementKind.WATERMARK, watermark),
    );
  }
});

const { WATERMARK, IDLE, ACTIVE, BARRIER } = ElementKind;

/** Two subtasks before the first input of an operator, one before the second, and one behind it. */
const JOB = build((env) => {
  const first = env.fromSequence(1, 9).setParallelism(2);
  const second = env.fromSequence(1, 9).setParallelism(1);
  first
    .rebalance()
    .connect(second.rebalance())
    .process<number>({ processElement1: () => {}, processElement2: () => {} })
    .setParallelism(1)
    .rebalance()
    .print()
    .setParallelism(1);
});
const VERTEX = JOB.graph.vertices.findIndex(({ isSource }) => !isSource);
const NODES = JOB.vertices[VERTEX]?.nodes ?? [];
/** By channel: the edge, and who writes into it. */
const CHANNELS = [
  [0, 0],
  [0, 1],
  [1, 0],
  [2, 0],
] as const;
const OUT = 3;

/** One attempt of the task, whose channels have numbers from `first` on. */
class ToldTask {
  readonly #told: WorldListeners;
  readonly #task: number;
  readonly #flows: ReturnType<typeof flowOf>[];

  constructor(told: WorldListeners, task: number, restored?: number) {
    this.#told = told;
    this.#task = task;
    this.#flows = CHANNELS.map(([edgeId, producer], index) => ({
      ...flowOf(task * 10 + index),
      place: { edgeId, producer, consumer: 0 },
    }));
    told.onTaskBuilt(task, builtTask(restored));
    for (const [index, flow] of this.#flows.entries()) told.onChannelOpened(flow, task, index === OUT);
    told.onOperatorMade(task, 0, { kind: 'CoProcessOperator', inputs: 2, looksAhead: () => false });
  }

  writes(channel: number, kind: ElementKind, value: number): this {
    this.#told.onElementWritten(this.#flow(channel), kind, value);
    return this;
  }

  reads(channel: number, kind: ElementKind, value = 0): this {
    this.#told.onElementRead(this.#flow(channel), kind, value);
    return this;
  }

  /** Its operator is told, or tells ({@link OUTPUT}). */
  tells(input: number, kind: ElementKind, value = 0): this {
    this.#told.onTimeTold(this.#task, 0, input, kind, value);
    return this;
  }

  /** Everything behind one input. */
  handsOn(input: number, value: number): this {
    return this.tells(input, WATERMARK, value).tells(OUTPUT, WATERMARK, value).writes(OUT, WATERMARK, value);
  }

  snapshot(checkpointId: number): this {
    this.#told.onEvent({ name: 'task.snapshot-taken', values: { task: this.#task, checkpointId } });
    return this;
  }

  #flow(channel: number): ReturnType<typeof flowOf> {
    return this.#flows[channel] ?? flowOf(channel);
  }
}

function builtTask(checkpointId: number | undefined): BuiltTask {
  const none = { subtasks: [], inFlight: [], enumerators: [], drained: false, accumulated: {} };
  return {
    process: 'p1',
    address: { jobId: 'j', attempt: 1, vertexId: VERTEX, subtask: 0 },
    nodes: NODES,
    attempt: {
      jobId: 'j',
      attempt: 1,
      epoch: 1,
      region: { id: 0, subtasks: [] },
      graph: JOB.graph,
      restore: checkpointId === undefined ? undefined : { checkpointId, ...none },
    },
  };
}

t.test('event time is the least of what counts, told at once and to the end of the chain', async (t) => {
  const cases: [(task: ToldTask) => void, RegExp | undefined][] = [
    [(task) => task.handsOn(1, 5).reads(0, BARRIER, 1), undefined],
    [(task) => task.tells(1, WATERMARK, 4), /input 1 .*: watermark 4 comes, and watermark 5 is due/],
    [(task) => task.reads(0, BARRIER, 1), /the gate: watermark 5 has not come/],
    [(task) => task.handsOn(1, 5).handsOn(1, 5), /watermark 5 comes, and nothing is due/],
    [
      (task) => task.tells(1, WATERMARK, 5).tells(OUTPUT, WATERMARK, 7),
      /the output of .*: watermark 7 comes, and watermark 5 is due/,
    ],
    [
      (task) => task.tells(1, WATERMARK, 5).reads(0, BARRIER, 1),
      /the output of .*: watermark 5 has not come/,
    ],
    [
      (task) => task.tells(1, WATERMARK, 5).tells(OUTPUT, WATERMARK, 5).writes(OUT, WATERMARK, 4),
      /channel 13: watermark 4 comes/,
    ],
    [
      (task) => task.tells(1, WATERMARK, 5).tells(OUTPUT, WATERMARK, 5).reads(0, BARRIER, 1),
      /operator 0: watermark 5 has not come/,
    ],
    // Of the first input the channel that is behind falls idle, and comes back.
    [
      (task) =>
        task
          .handsOn(1, 5)
          .reads(0, IDLE)
          .tells(0, WATERMARK, 9)
          .reads(2, WATERMARK, 12)
          .tells(1, WATERMARK, 12)
          .tells(OUTPUT, WATERMARK, 9)
          .writes(OUT, WATERMARK, 9)
          .reads(0, ACTIVE)
          .reads(0, WATERMARK, 8)
          .reads(1, WATERMARK, 10)
          .handsOn(0, 10)
          .reads(0, BARRIER, 1),
      undefined,
    ],
    [(task) => task.handsOn(1, 5).reads(0, IDLE).reads(0, ACTIVE), /the gate: watermark 9 has not come/],
    // An input that is idle holds the operator back no more.
    [
      (task) => task.handsOn(1, 5).reads(2, IDLE).tells(1, IDLE).reads(0, BARRIER, 1),
      /the output of .*: watermark 7 has not come/,
    ],
    [
      (task) => task.handsOn(1, 5).reads(0, WATERMARK, Watermark.MAX).tells(0, WATERMARK, Watermark.MAX),
      /watermark 9007199254740991 comes, and watermark 9 is due/,
    ],
  ];
  for (const [tell, expected] of cases)
    await says(
      t,
      (verdict) => new EventTimeChecker(verdict, false),
      ({ listeners }) => {
        const task = new ToldTask(listeners, 1);
        task.reads(0, WATERMARK, 7).reads(1, WATERMARK, 9).tells(0, WATERMARK, 7).reads(2, WATERMARK, 5);
        tell(task);
      },
      expected,
    );
});

t.test(
  'what was under way says no more than its producers had, and what follows goes on there',
  async (t) => {
    const cases: [(task: ToldTask) => void, RegExp | undefined][] = [
      [(task) => task.tells(0, WATERMARK, 9).reads(0, WATERMARK, 10), undefined],
      [(task) => task.tells(0, WATERMARK, 11), /watermark 11 comes after .*, of 9 at most/],
      [(task) => task.tells(1, WATERMARK, 5), /watermark 5 comes after .*, of -9007199254740991 at most/],
      [
        (task) => task.tells(0, WATERMARK, 9).reads(0, WATERMARK, 10).tells(0, WATERMARK, 10),
        /watermark 10 comes, and nothing is due/,
      ],
      [
        (task) =>
          task
            .tells(0, WATERMARK, 9)
            .reads(0, WATERMARK, 8)
            .reads(1, WATERMARK, 20)
            .tells(0, WATERMARK, 11)
            .reads(0, WATERMARK, 12)
            .tells(0, WATERMARK, 12),
        undefined,
      ],
      [(task) => task.tells(0, IDLE).reads(0, WATERMARK, 10), /idle, though producers have just begun/],
    ];
    for (const [tell, expected] of cases)
      await says(
        t,
        (verdict) => new EventTimeChecker(verdict, true),
        ({ listeners }) => {
          const former = new ToldTask(listeners, 1);
          former
            .writes(0, WATERMARK, 7)
            .writes(1, WATERMARK, 9)
            .writes(0, WATERMARK, 11)
            .writes(2, WATERMARK, 5);
          former.reads(0, WATERMARK, 7).reads(2, WATERMARK, 5).tells(1, WATERMARK, 5).snapshot(1);
          for (const channel of [0, 1, 2]) former.writes(channel, BARRIER, 1);
          listeners.onEvent({ name: 'checkpoint.storing', values: { process: 1, checkpointId: 1 } });
          tell(new ToldTask(listeners, 2, 1));
        },
        expected,
      );
  },
);
