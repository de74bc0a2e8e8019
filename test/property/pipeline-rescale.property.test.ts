import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import {
  type KeyedProcessFunction,
  type MapState,
  MapStateDescriptor,
  type Sink,
  TumblingEventTimeWindows,
  types,
  type ValueState,
  ValueStateDescriptor,
} from '../../core/index.js';
import { check } from '../check.js';
import { type HarnessBuild, type HarnessOptions, PipelineHarness } from '../driver/index.js';

/** Keyed pipelines that are taken down at drawn moments and go on at another parallelism, on either backend. */

interface Reading {
  readonly sensor: string;
  readonly at: number;
  readonly value: number;
}

type Step =
  | { readonly what: 'push'; readonly reading: Reading }
  | { readonly what: 'watermark'; readonly at: number }
  | { readonly what: 'time'; readonly ms: number }
  | { readonly what: 'move'; readonly parallelism: number; readonly stateBackend: 'heap' | 'lmdb' };

const number = types.object({ sensor: types.string, at: types.float64, value: types.int32 });

/** Counts readings and their values of a sensor, and says both some time after the first; then begins anew. */
function totals(): KeyedProcessFunction<string, Reading, string> {
  let count: ValueState<number> | undefined;
  let seen: MapState<number, number> | undefined;
  return {
    open(ctx) {
      count = ctx.getState(new ValueStateDescriptor('count', types.int32));
      seen = ctx.getMapState(new MapStateDescriptor('seen', types.int32, types.int32));
    },
    processElement(reading, ctx) {
      const before = count?.value() ?? 0;
      count?.update(before + 1);
      seen?.put(reading.value, (seen.get(reading.value) ?? 0) + 1);
      if (before > 0) return;
      const { timerService } = ctx;
      timerService.registerProcessingTimeTimer(timerService.currentProcessingTime() + 70);
      timerService.registerEventTimeTimer(reading.at + 90);
    },
    onTimer(timestamp, ctx, out) {
      const values = [...(seen?.entries() ?? [])].sort(([a], [b]) => a - b);
      out.collect(
        `${ctx.currentKey} ${ctx.timeDomain} ${timestamp} ${count?.value()} ${JSON.stringify(values)}`,
      );
      if (ctx.timeDomain === 'processing-time') {
        count?.clear();
        seen?.clear();
      }
    },
  };
}

interface Batch {
  readonly id: string;
  readonly values: readonly string[];
}

/** What was committed, each batch once however often. */
class Ledger implements Sink<string, Batch, number> {
  readonly #committed = new Map<string, readonly string[]>();

  createWriter(context: { readonly epoch: number; readonly subtaskIndex: number }) {
    const values: string[] = [];
    let batches = 0;
    return {
      write: (value: string) => {
        values.push(value);
      },
      flush: () => {},
      prepareCommit: () => {
        const id = `${context.epoch} ${context.subtaskIndex} ${batches++}`;
        return [{ id, values: values.splice(0) }];
      },
    };
  }

  createCommitter() {
    return {
      commit: async (batches: readonly Batch[]) => {
        for (const { id, values } of batches) this.#committed.set(id, values);
      },
    };
  }

  get values(): string[] {
    return [...this.#committed.values()].flat().sort();
  }
}

function pipeline(ledger: Ledger): HarnessBuild {
  return (_env, io) => {
    const keyed = io.source('in', number).keyBy(({ sensor }) => sensor);
    keyed.process(totals()).uid('totals').sinkTo(io.sink('totals'));
    keyed
      .window(TumblingEventTimeWindows.of(50))
      .allowedLateness(30)
      .reduce((a, b) => ({ sensor: a.sensor, at: a.at, value: a.value + b.value }))
      .uid('sums')
      .map(({ sensor, value }) => `${sensor} ${value}`)
      .sinkTo(ledger, 'ledger');
    keyed
      .reduce((a, b) => (a.value >= b.value ? a : b))
      .uid('most')
      .sinkTo(io.sink('most'));
  };
}

async function outcome(steps: readonly Step[], options: HarnessOptions, moves: boolean) {
  const ledger = new Ledger();
  const build = pipeline(ledger);
  let h = await PipelineHarness.create(build, options);
  const totalsSeen: unknown[] = [];
  const most = new Map<string, number[]>();
  const take = (): void => {
    for (const { value } of h.take('totals')) totalsSeen.push(value);
    for (const { value } of h.take<Reading>('most')) {
      most.set(value.sensor, [...(most.get(value.sensor) ?? []), value.value]);
    }
  };
  for (const step of steps) {
    if (step.what === 'push') await h.push('in', step.reading, step.reading.at);
    else if (step.what === 'watermark') await h.watermark('in', step.at);
    else if (step.what === 'time') await h.advanceProcessingTime(step.ms);
    else if (moves) {
      const snapshot = await h.snapshot();
      take();
      // What happens after the snapshot is undone.
      await h.push('in', { sensor: 's1', at: 0, value: 1_000_000 }, 0);
      await h.close();
      const { parallelism, stateBackend } = step;
      h = await PipelineHarness.restore(snapshot, build, { ...options, parallelism, stateBackend });
    }
    take();
  }
  await h.advanceProcessingTime(100);
  await h.endInput('in');
  take();
  await h.close();
  return { totals: totalsSeen.map(String).sort(), most: [...most].sort(), committed: ledger.values };
}

const reading = fc.record({
  sensor: fc.integer({ min: 0, max: 12 }).map((n) => `s${n}`),
  at: fc.integer({ min: 0, max: 400 }),
  value: fc.integer({ min: 0, max: 9 }),
});
const parallelism = fc.integer({ min: 1, max: 5 });
const stateBackend = fc.constantFrom('heap' as const, 'lmdb' as const);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: reading.map((it) => ({ what: 'push' as const, reading: it })) },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 0, max: 400 }).map((at) => ({ what: 'watermark' as const, at })),
  },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 60 }).map((ms) => ({ what: 'time' as const, ms })) },
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constant('move' as const), parallelism, stateBackend }),
  },
);

t.test(
  '[scenario 10] a snapshot at any point and a restore at another parallelism change no final result',
  async () => {
    await check(
      'moved pipelines end as if they had stayed',
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }),
        parallelism,
        stateBackend,
        async (steps, first, backend) => {
          const options = { parallelism: first, stateBackend: backend };
          const moved = await outcome(steps, options, true);
          const stayed = await outcome(steps, { parallelism: 1 }, false);
          assert.deepStrictEqual(moved, stayed);
        },
      ),
      { runs: 30 },
    );
  },
);

t.test('state beyond managed memory moves too', async (t) => {
  const steps: Step[] = [];
  for (let i = 0; i < 900; i++) {
    const sensor = `sensor ${i % 300} ${'takes some room '.repeat(60)}`;
    steps.push({ what: 'push', reading: { sensor, at: i, value: i % 10 } });
    if (i % 300 === 299) steps.push({ what: 'move', parallelism: 1 + ((i * 7) % 5), stateBackend: 'lmdb' });
  }
  const options = { parallelism: 2, stateBackend: 'lmdb' as const, managedMemory: 1024 };
  t.strictSame(await outcome(steps, options, true), await outcome(steps, { parallelism: 1 }, false));
});
