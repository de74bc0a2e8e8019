import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import type { KeyedStream } from '../../core/api/keyed-stream.js';
import { OutputTag } from '../../core/api/output-tag.js';
import type { SingleOutputStreamOperator } from '../../core/api/single-output-stream-operator.js';
import { Watermark } from '../../core/element/watermark.js';
import type { OperatorFactory } from '../../core/operator/stream-operator.js';
import type { KeyedStateBackend } from '../../core/ports/keyed-state-store.js';
import type { AggregateFunction } from '../../core/state/aggregate-function.js';
import { CountTrigger } from '../../core/window/count-trigger.js';
import { EventTimeSessionWindows } from '../../core/window/event-time-session-windows.js';
import type { ProcessWindowFunction } from '../../core/window/process-window-function.js';
import { ProcessingTimeSessionWindows } from '../../core/window/processing-time-session-windows.js';
import { PurgingTrigger } from '../../core/window/purging-trigger.js';
import { SlidingEventTimeWindows } from '../../core/window/sliding-event-time-windows.js';
import { SlidingProcessingTimeWindows } from '../../core/window/sliding-processing-time-windows.js';
import { TumblingEventTimeWindows } from '../../core/window/tumbling-event-time-windows.js';
import { TumblingProcessingTimeWindows } from '../../core/window/tumbling-processing-time-windows.js';
import type { WindowAssigner } from '../../core/window/window-assigner.js';
import { HeapStateBackend } from '../../storage/state/heap-state-backend.js';
import { InThreadStateWriter } from '../../storage/state/in-thread-state-writer.js';
import { LmdbStateBackend } from '../../storage/state/lmdb-state-backend.js';
import { check } from '../check.js';
import { lastOperator } from '../last-operator.js';
import { OperatorTestHarness } from '../operator-test-harness.js';
import { OperatorWorld } from '../operator-world.js';
import { NaiveWindows, sharesPanes, type WindowJob } from './naive-windows.js';

interface Value {
  readonly key: number;
  readonly ids: readonly number[];
}

/** Elements, and time that goes on: a watermark or the wall clock. `restore`: a checkpoint, and a new attempt. */
type Step =
  | { readonly kind: 'element'; readonly key: number; readonly timestamp: number }
  | { readonly kind: 'time'; readonly timestamp: number; readonly ms: number }
  | { readonly kind: 'restore' };

function assignerOf({ windows, time }: WindowJob): WindowAssigner {
  const isEvent = time === 'event';
  if (windows.kind === 'session') {
    const sessions = isEvent ? EventTimeSessionWindows : ProcessingTimeSessionWindows;
    return sessions.withGap(windows.gap);
  }
  const { size, offset } = windows;
  if (windows.kind === 'tumbling') {
    return (isEvent ? TumblingEventTimeWindows : TumblingProcessingTimeWindows).of(size, offset);
  }
  const sliding = isEvent ? SlidingEventTimeWindows : SlidingProcessingTimeWindows;
  return sliding.of(size, windows.slide, offset);
}

const concatenated: AggregateFunction<Value, Value, Value> = {
  createAccumulator: () => ({ key: 0, ids: [] }),
  add: (value, acc) => ({ key: value.key, ids: [...acc.ids, ...value.ids] }),
  getResult: (acc) => acc,
  merge: (a, b) => ({ key: a.key, ids: [...a.ids, ...b.ids] }),
};

const LATE = new OutputTag<Value>('late');
const GONE = new OutputTag<string>('gone');

/** Says what a window held. Only windows that merge, or panes, may have mixed the order up. */
function telling(mixes: boolean): ProcessWindowFunction<number, Value, string> {
  return {
    process(key, { window }, elements, out) {
      const ids = elements.flatMap((element) => element.ids);
      if (mixes) ids.sort((a, b) => a - b);
      out.collect(`${key} [${window.start}, ${window.end}) ${ids.join()}`);
    },
    clear(ctx) {
      ctx.output(GONE, `[${ctx.window.start}, ${ctx.window.end})`);
    },
  };
}

function windowed(job: WindowJob, keyed: KeyedStream<Value, number>): SingleOutputStreamOperator<string> {
  const assigner = assignerOf(job);
  let stream = keyed.window(assigner);
  if (job.trigger === 'end') stream = stream.trigger(assigner.getDefaultTrigger());
  if (job.trigger === 'purging') stream = stream.trigger(PurgingTrigger.of(assigner.getDefaultTrigger()));
  if (job.trigger === 'count') stream = stream.trigger(CountTrigger.of(job.count));
  stream = stream.allowedLateness(job.lateness).sideOutputLateData(LATE);
  const merges = job.windows.kind === 'session';
  if (job.contents === 'process') return stream.process(telling(merges));
  const tells = telling(merges || sharesPanes(job));
  if (job.contents === 'aggregate') return stream.aggregate(concatenated, tells);
  return stream.reduce((a, b) => ({ key: a.key, ids: [...a.ids, ...b.ids] }), tells);
}

function operatorOf(job: WindowJob): OperatorFactory {
  return lastOperator<Value, string>((stream) =>
    windowed(
      job,
      stream.keyBy((value) => value.key),
    ),
  );
}

async function runOperator(
  job: WindowJob,
  steps: readonly Step[],
  backend: KeyedStateBackend,
): Promise<string[]> {
  const world = new OperatorWorld();
  world.backend = backend;
  const factory = operatorOf(job);
  let harness = await OperatorTestHarness.open<Value>(factory, {}, world);
  const said: string[] = [];
  let id = 0;
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'element') harness.element({ key: step.key, ids: [id++] }, step.timestamp);
    else if (step.kind === 'restore') {
      const restored = await harness.checkpoint(index + 1);
      said.push(...told(harness));
      harness = await OperatorTestHarness.open<Value>(factory, { restored, attempt: index + 2 }, world);
    } else if (job.time === 'event') harness.watermark(step.timestamp);
    else harness.advance(step.ms);
    said.push(...told(harness));
  }
  // The first file of a store holds what lives and nothing else.
  if (steps.some(({ kind }) => kind === 'restore')) return said;
  const { keyed } = await harness.checkpoint(steps.length + 1);
  for (const { entryCount } of keyed?.files ?? [])
    if (entryCount > 0) said.push(`${entryCount} rows are left`);
  return said;
}

function told(harness: OperatorTestHarness<Value>): string[] {
  return harness.take().flatMap((element) => {
    if (Array.isArray(element)) return [`${element[0]} @${element[1]}`];
    if (!('side' in element)) return [];
    return element.side === 'late' ? [`late ${(element.value as Value).ids[0]}`] : [`gone ${element.value}`];
  });
}

function reference(job: WindowJob, steps: readonly Step[]): string[] {
  const naive = new NaiveWindows(job);
  let id = 0;
  let wallMs = 0;
  for (const step of steps) {
    if (step.kind === 'element') naive.element(step.key, id++, step.timestamp);
    else if (step.kind === 'restore') naive.restored();
    else if (step.kind === 'time' && job.time === 'event') naive.advance(step.timestamp);
    else if (step.kind === 'time') {
      wallMs += step.ms;
      naive.advance(wallMs);
    }
  }
  return naive.said;
}

const offsetBelow = (bound: number) => fc.integer({ min: 1 - bound, max: bound - 1 });
const windows: fc.Arbitrary<WindowJob['windows']> = fc.oneof(
  fc.integer({ min: 1, max: 20 }).chain((size) =>
    fc.record({
      kind: fc.constant('tumbling' as const),
      size: fc.constant(size),
      offset: offsetBelow(size),
    }),
  ),
  fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 12 })).chain(([size, slide]) =>
    fc.record({
      kind: fc.constant('sliding' as const),
      size: fc.constant(size),
      slide: fc.constant(slide),
      offset: offsetBelow(slide),
    }),
  ),
  fc.record({ kind: fc.constant('session' as const), gap: fc.integer({ min: 1, max: 12 }) }),
);

const jobs: fc.Arbitrary<WindowJob> = fc.record({
  windows,
  time: fc.constantFrom('event', 'event', 'event', 'processing'),
  trigger: fc.constantFrom('default', 'default', 'end', 'purging', 'count'),
  contents: fc.constantFrom('process', 'reduce', 'aggregate'),
  lateness: fc.oneof(fc.constant(0), fc.nat({ max: 15 })),
  count: fc.integer({ min: 1, max: 4 }),
});

const element: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('element' as const),
  key: fc.nat({ max: 3 }),
  timestamp: fc.integer({ min: -40, max: 80 }),
});
const time: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('time' as const),
  timestamp: fc.integer({ min: -45, max: 120 }),
  ms: fc.nat({ max: 15 }),
});
const restore: fc.Arbitrary<Step> = fc.record({ kind: fc.constant('restore' as const) });

const unbroken = fc.oneof({ weight: 8, arbitrary: element }, { weight: 3, arbitrary: time });
const broken = fc.oneof({ weight: 11, arbitrary: unbroken }, { weight: 1, arbitrary: restore });
const stepLists = fc.oneof(fc.array(unbroken, { maxLength: 60 }), fc.array(broken, { maxLength: 60 }));

const END: Step = { kind: 'time', timestamp: Watermark.MAX, ms: 1000 };

function property(backend: () => KeyedStateBackend) {
  return fc.asyncProperty(jobs, stepLists, async (job, steps) => {
    const all = [...steps, END];
    assert.deepEqual(await runOperator(job, all, backend()), reference(job, all));
  });
}

t.test('windows of any kind, disorder, lateness and trigger are those of a naive reference', async () => {
  await check(
    'window operators = reference',
    property(() => new HeapStateBackend()),
    { runs: 1000 },
  );
});

t.test('and so they are on LMDB', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-windows-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  let world = 0;
  const backend = () => {
    const writer = new InThreadStateWriter();
    return new LmdbStateBackend(join(folder, `${++world}`), () => writer.connect());
  };
  await check('window operators on LMDB = reference', property(backend), { runs: 60 });
});
