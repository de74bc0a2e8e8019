import { AsyncDataStream } from '../../core/api/async-data-stream.js';
import { buildJob } from '../../core/api/build-job.js';
import type { DataStream } from '../../core/api/data-stream.js';
import { JobParameters } from '../../core/api/job-parameters.js';
import type { Sink, SinkWriter } from '../../core/api/sink.js';
import { InputStatus } from '../../core/api/source.js';
import { OperatorChain } from '../../core/operator/operator-chain.js';
import { OperatorWorld } from '../../test/operator-world.js';
import { median, Report, SMALL } from '../harness.js';

/** An asynchronous function over a promise that is resolved already, against the map of the same function. */

const COUNT = SMALL ? 10_000 : 2_000_000;
const RUNS = SMALL ? 1 : 5;
/** Records of a step, as in a task. */
const BUDGET = 256;
const CAPACITY = 100;

class SummingSink implements Sink<number> {
  sum = 0;

  createWriter(): SinkWriter<number> {
    return {
      write: (value) => {
        this.sum += value;
      },
      flush: () => {},
    };
  }
}

type Stage = (numbers: DataStream<number>) => DataStream<number>;

async function openChain(
  stage: Stage,
  sink: SummingSink,
): Promise<{ chain: OperatorChain; world: OperatorWorld }> {
  const { vertices } = buildJob(
    { url: 'file:///bench.js', build: (env) => void stage(env.fromSequence(1, COUNT)).sinkTo(sink) },
    new JobParameters(),
  );
  const [vertex] = vertices;
  if (vertex === undefined || vertices.length !== 1) throw new Error('the job is not one chain');
  const world = new OperatorWorld();
  const chain: OperatorChain = new OperatorChain(vertex, {
    contextOf: (node) => world.context({ uid: `node-${node}` }),
    edgeOutput: () => {
      throw new Error('a single chain has no edges');
    },
    requestSplit: () => queueMicrotask(() => coordinator.handleSplitRequest(0)),
  });
  await chain.open();
  const coordinator = chain.createCoordinator({
    assignSplits: (_subtask, splits) => chain.source?.addSplits(splits),
    signalNoMoreSplits: () => chain.source?.notifyNoMoreSplits(),
    reportBacklog: () => {},
  });
  await coordinator.start(undefined);
  chain.source?.poll(1);
  await world.settle();
  return { chain, world };
}

/** The steps of a task, with the reactions of promises between those that find no room. */
async function drain(chain: OperatorChain): Promise<void> {
  const { source } = chain;
  for (;;) {
    chain.resume();
    const room = chain.room();
    if (room <= 0) {
      await null;
      continue;
    }
    if (source?.poll(Math.min(BUDGET, room)) !== InputStatus.MORE_AVAILABLE) break;
  }
  while (!chain.hasEnded) {
    chain.resume();
    if (chain.room() > 0) await chain.endInput();
    await null;
  }
}

async function nanosecondsARecord(stage: Stage): Promise<number> {
  const sink = new SummingSink();
  const { chain } = await openChain(stage, sink);
  const begin = process.cpuUsage();
  await drain(chain);
  const { user, system } = process.cpuUsage(begin);
  await chain.close();
  if (sink.sum !== (COUNT * (COUNT + 1)) / 2 + COUNT) throw new Error(`the chain summed ${sink.sum}`);
  return ((user + system) * 1000) / COUNT;
}

const increment = (n: number): number => n + 1;
const later = (n: number): Promise<number> => Promise.resolve(n + 1);

const report = new Report('async wait');
const map = await median(RUNS, () => nanosecondsARecord((numbers) => numbers.map(increment)));
report.value('source, map, sink', map, 'ns/record');
for (const mode of ['orderedWait', 'unorderedWait'] as const) {
  const each = await median(RUNS, () =>
    nanosecondsARecord((numbers) => AsyncDataStream[mode](numbers, later, '1 min', CAPACITY)),
  );
  report.value(`source, ${mode}, sink`, each, 'ns/record');
  report.atMost(
    `${mode} against its goal: 1 M records/s, or a quarter of the map`,
    each,
    Math.max(1000, 4 * map),
    'ns/record',
  );
}
const bare = await median(RUNS, async () => {
  let sum = 0;
  const begin = process.cpuUsage();
  for (let n = 0; n < COUNT; ) {
    for (let i = 0; i < CAPACITY && n < COUNT; i++, n++) {
      later(n).then((value) => {
        sum += value;
      });
    }
    await null;
  }
  const { user, system } = process.cpuUsage(begin);
  if (sum === 0) throw new Error('nothing was summed');
  return ((user + system) * 1000) / COUNT;
});
report.value('the promises alone', bare, 'ns/record');
process.exitCode = report.finish() ? 0 : 1;
