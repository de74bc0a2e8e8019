import { buildJob } from '../../core/api/build-job.js';
import type { JobBuilder } from '../../core/api/define-job.js';
import { JobParameters } from '../../core/api/job-parameters.js';
import type { Sink, SinkWriter } from '../../core/api/sink.js';
import { InputStatus } from '../../core/api/source.js';
import { OperatorChain } from '../../core/operator/operator-chain.js';
import { WatermarkStrategy } from '../../core/watermark/watermark-strategy.js';
import { OperatorWorld } from '../../test/operator-world.js';
import { median, nanosecondsEach, Report, SMALL } from '../harness.js';

/** One chain on one thread, as a task runs it but without the task: source, map, filter, map, sink. */

const COUNT = SMALL ? 10_000 : 5_000_000;
const RUNS = SMALL ? 1 : 5;
const BUDGET = 1024;

interface Order {
  readonly id: number;
  readonly price: number;
}

class SummingSink implements Sink<Order> {
  readonly writer = new SummingWriter();

  createWriter(): SummingWriter {
    return this.writer;
  }
}

class SummingWriter implements SinkWriter<Order> {
  sum = 0;

  write(order: Order): void {
    this.sum += order.price;
  }

  flush(): void {}
}

const toOrder = (id: number): Order => ({ id, price: id & 1023 });
const isWanted = (order: Order): boolean => order.id % 4 !== 0;
const discounted = (order: Order): Order => ({ id: order.id, price: order.price - 1 });

function handWritten(): number {
  let sum = 0;
  for (let id = 1; id <= COUNT; id++) {
    const order = toOrder(id);
    if (isWanted(order)) sum += discounted(order).price;
  }
  return sum;
}

async function openChain(builder: JobBuilder): Promise<OperatorChain> {
  const { vertices } = buildJob({ url: 'file:///bench.js', build: builder }, new JobParameters());
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
  return chain;
}

function drain(chain: OperatorChain): void {
  const { source } = chain;
  while (source?.poll(BUDGET) === InputStatus.MORE_AVAILABLE) chain.resume();
}

async function nanosecondsARecord(builder: JobBuilder): Promise<number> {
  const chain = await openChain(builder);
  const each = nanosecondsEach(COUNT, () => drain(chain));
  await chain.close();
  return each;
}

function fourOperators(sink: Sink<Order>): JobBuilder {
  return (env) => {
    env.fromSequence(1, COUNT).map(toOrder).filter(isWanted).map(discounted).sinkTo(sink);
  };
}

function withEventTime(sink: Sink<Order>): JobBuilder {
  const strategy = WatermarkStrategy.forBoundedOutOfOrderness<Order>('5 s').withTimestampAssigner(
    (o) => o.id,
  );
  return (env) => {
    env
      .fromSequence(1, COUNT)
      .map(toOrder)
      .assignTimestampsAndWatermarks(strategy)
      .filter(isWanted)
      .map(discounted)
      .sinkTo(sink);
  };
}

/** Other functions in the same places, and operators of other kinds, so that call sites have seen them. */
function other(sink: Sink<Order>): JobBuilder {
  return (env) => {
    const numbers = env.fromSequence(1, COUNT);
    numbers
      .map((n) => ({ id: n * 2, price: n }))
      .filter((order) => order.id > 3)
      .flatMap<Order>((order, out) => out.collect(order))
      .map((order) => ({ ...order, price: 1 }))
      .sinkTo(sink);
    numbers
      .filter((n) => n < 0)
      .map(toOrder)
      .sinkTo(sink);
  };
}

const report = new Report('chain');
let expected = 0;
report.value(
  'hand-written loop',
  await median(RUNS, () =>
    nanosecondsEach(COUNT, () => {
      expected = handWritten();
    }),
  ),
  'ns/record',
);

async function measured(builderOf: (sink: Sink<Order>) => JobBuilder): Promise<number> {
  return median(RUNS, async () => {
    const sink = new SummingSink();
    const each = await nanosecondsARecord(builderOf(sink));
    if (sink.writer.sum !== expected)
      throw new Error(`the chain summed ${sink.writer.sum}, the loop ${expected}`);
    return each;
  });
}

const fresh = await measured(fourOperators);
report.atMost('source, map, filter, map, sink', fresh, 45, 'ns/record');
report.value('the same with timestamps and watermarks', await measured(withEventTime), 'ns/record');
await nanosecondsARecord(other(new SummingSink()));
report.value('source, map, filter, map, sink after other chains', await measured(fourOperators), 'ns/record');
process.exitCode = report.finish() ? 0 : 1;
