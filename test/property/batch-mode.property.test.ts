import fc from 'fast-check';
import t from 'tap';
import type { StreamExecutionEnvironment } from '../../core/api/stream-execution-environment.js';
import type { RuntimeExecutionMode } from '../../core/graph/runtime-mode.js';
import type { KeyedProcessFunction } from '../../core/operator/keyed-process-function.js';
import { types } from '../../core/serde/types.js';
import type { ListState } from '../../core/state/list-state.js';
import { ListStateDescriptor } from '../../core/state/state-descriptor.js';
import { WatermarkStrategy } from '../../core/watermark/watermark-strategy.js';
import { EventTimeSessionWindows } from '../../core/window/event-time-session-windows.js';
import { SlidingEventTimeWindows } from '../../core/window/sliding-event-time-windows.js';
import { TumblingEventTimeWindows } from '../../core/window/tumbling-event-time-windows.js';
import { build } from '../build.js';
import { check } from '../check.js';
import { InlineJob, RecordingSink } from '../inline-job.js';
import { OperatorWorld } from '../operator-world.js';

/** Bounded keyed jobs: what a batch gives against what is left of a stream's results when it has ended. */

interface Row {
  readonly key: string;
  readonly at: number;
  readonly n: number;
}

const row = types.object({ key: types.string, at: types.timestamp, n: types.int32 });

/** Above the greatest time of a row, so that no row is late in the stream. */
const DISORDER = 100;

const byTime = WatermarkStrategy.forBoundedOutOfOrderness<Row>(DISORDER).withTimestampAssigner(
  ({ at }) => at,
);

/** Gathers the rows of a key and tells of them at times that depend on them, but not on the order they come in. */
function gathering(): KeyedProcessFunction<string, Row, string> {
  let held: ListState<number>;
  return {
    open(ctx) {
      held = ctx.getListState(new ListStateDescriptor('held', types.int32));
    },
    processElement({ n, at }, ctx) {
      held.add(n);
      ctx.timerService.registerEventTimeTimer(500 + (at % 3));
      ctx.timerService.registerEventTimeTimer(700 + n);
      ctx.timerService.deleteEventTimeTimer(700 + n);
    },
    onTimer(timestamp, ctx, out) {
      out.collect(`${ctx.currentKey} at ${timestamp}: ${[...held.get()].toSorted().join(' ')}`);
      if (timestamp === 502) held.clear();
    },
  };
}

type Kind = 'reduce' | 'tumbling' | 'sliding' | 'session' | 'process';

interface Job {
  readonly kind: Kind;
  readonly first: readonly Row[];
  readonly second: readonly Row[];
  readonly parallelism: number;
}

function describe(env: StreamExecutionEnvironment, job: Job, sink: RecordingSink<string>): void {
  // The subtasks of an inline job share their function objects, and that of `gathering` holds its state.
  env.setParallelism(job.kind === 'process' ? 1 : job.parallelism);
  const [first, second] = [job.first, job.second].map((rows) =>
    env.fromData(rows, row).assignTimestampsAndWatermarks(byTime),
  );
  if (first === undefined || second === undefined) return;
  const keyed = first.union(second).keyBy(({ key }) => key);
  const add = (a: Row, b: Row): Row => ({ key: a.key, at: Math.max(a.at, b.at), n: a.n + b.n });
  const text = ({ key, at, n }: Row): string => `${key} ${at} ${n}`;
  const assigners = {
    tumbling: () => TumblingEventTimeWindows.of(20),
    sliding: () => SlidingEventTimeWindows.of(30, 10),
    session: () => EventTimeSessionWindows.withGap(7),
  };
  if (job.kind === 'reduce') keyed.reduce(add).map(text).sinkTo(sink, 'out');
  else if (job.kind === 'process') keyed.process(gathering()).sinkTo(sink, 'out');
  else keyed.window(assigners[job.kind]()).reduce(add).map(text).sinkTo(sink, 'out');
}

async function run(job: Job, mode: RuntimeExecutionMode): Promise<string[]> {
  const sink = new RecordingSink<string>();
  const world = new OperatorWorld();
  world.managedBytes = 64 * 1024;
  const built = build((env) => describe(env.setRuntimeMode(mode), job, sink));
  await (await InlineJob.start(built, { world })).run(5);
  return sink.values;
}

/** Of a rolling aggregation, the last result of each key stands. */
function final(results: readonly string[], kind: Kind): string[] {
  if (kind !== 'reduce') return results.toSorted();
  return [...new Map(results.map((text) => [text.split(' ')[0], text])).values()].toSorted();
}

const rows = fc.array(
  fc.record({ key: fc.constantFrom('', 'a', 'ab', 'b', 'ü'), at: fc.nat(90), n: fc.nat(20) }),
  { maxLength: 60 },
);

const jobs: fc.Arbitrary<Job> = fc.record({
  kind: fc.constantFrom<Kind>('reduce', 'tumbling', 'sliding', 'session', 'process'),
  first: rows,
  second: rows,
  parallelism: fc.integer({ min: 1, max: 3 }),
});

t.test('a batch gives the final results of the stream', async () => {
  const property = fc.asyncProperty(jobs, async (job) => {
    const streamed = final(await run(job, 'STREAMING'), job.kind);
    const batched = await run(job, 'BATCH');
    if (JSON.stringify(batched.toSorted()) !== JSON.stringify(streamed)) {
      throw new Error(`BATCH ${batched.toSorted().join(', ')}\nSTREAMING ${streamed.join(', ')}`);
    }
  });
  await check('batches against streams', property, { runs: 150 });
});
