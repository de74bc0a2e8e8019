import fc from 'fast-check';
import t from 'tap';
import { OutputTag } from '../../core/api/output-tag.js';
import { Watermark } from '../../core/element/watermark.js';
import { types } from '../../core/serde/types.js';
import { TimeWindow } from '../../core/window/time-window.js';
import { TumblingEventTimeWindows } from '../../core/window/tumbling-event-time-windows.js';
import { listedContents } from '../../core/window/window-contents.js';
import { processContents } from '../../core/window/window-function.js';
import { windowOperator } from '../../core/window/window-operator.js';
import { check } from '../check.js';
import { OperatorTestHarness } from '../operator-test-harness.js';
import { OperatorWorld } from '../operator-world.js';

interface Value {
  readonly key: number;
  readonly id: number;
}

interface Job {
  readonly sizeMs: number;
  readonly offsetMs: number;
  readonly latenessMs: number;
}

/** Elements and watermarks as they come in; a checkpoint with a restore in between is `restore`. */
type Step =
  | { readonly kind: 'element'; readonly key: number; readonly timestamp: number }
  | { readonly kind: 'watermark'; readonly timestamp: number }
  | { readonly kind: 'restore' };

function operatorOf(job: Job) {
  const assigner = TumblingEventTimeWindows.of(job.sizeMs, job.offsetMs);
  return windowOperator({
    keySelector: (value: Value) => value.key,
    assigner,
    trigger: undefined,
    allowedLatenessMs: job.latenessMs,
    lateTag: new OutputTag<Value>('late'),
    contents: listedContents(() => types.dynamic<Value>()),
    windowFunction: processContents(
      {
        process(key, ctx, elements: readonly Value[], out) {
          out.collect([key, ctx.window.start, elements.map(({ id }) => id)].join());
        },
      },
      (elements: readonly Value[]) => elements,
    ),
  });
}

async function runOperator(job: Job, steps: readonly Step[]): Promise<string[]> {
  const world = new OperatorWorld();
  let harness = await OperatorTestHarness.open<Value>(operatorOf(job), {}, world);
  const said: string[] = [];
  let id = 0;
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'element') harness.element({ key: step.key, id: id++ }, step.timestamp);
    else if (step.kind === 'watermark') harness.watermark(step.timestamp);
    else {
      const restored = await harness.checkpoint(index + 1);
      said.push(...told(harness));
      harness = await OperatorTestHarness.open<Value>(
        operatorOf(job),
        { restored, attempt: index + 2 },
        world,
      );
    }
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
    if (Array.isArray(element)) return [`${element[0]}@${element[1]}`];
    if ('side' in element) return [`late ${(element.value as Value).id}`];
    return [];
  });
}

/** Windows as lists in a Map, looked through from end to end at every watermark. */
function reference(job: Job, steps: readonly Step[]): string[] {
  const said: string[] = [];
  const windows = new Map<string, { key: number; start: number; end: number; ids: number[] }>();
  let watermark: number = Watermark.MIN;
  let id = 0;
  for (const step of steps) {
    if (step.kind === 'element') {
      const start = TimeWindow.startOf(step.timestamp, job.offsetMs, job.sizeMs);
      const end = start + job.sizeMs;
      const ids = id++;
      if (end - 1 + job.latenessMs <= watermark) {
        said.push(`late ${ids}`);
        continue;
      }
      const window = windows.get(`${step.key} ${start}`) ?? { key: step.key, start, end, ids: [] };
      window.ids.push(ids);
      windows.set(`${step.key} ${start}`, window);
      if (end - 1 <= watermark) said.push(`${[step.key, start, window.ids].join()}@${end - 1}`);
    } else if (step.kind === 'watermark' && step.timestamp > watermark) {
      const fired = [...windows.values()]
        .filter(({ end }) => end - 1 > watermark && end - 1 <= step.timestamp)
        .sort((a, b) => a.end - b.end || a.key - b.key);
      for (const { key, start, end, ids } of fired) said.push(`${[key, start, ids].join()}@${end - 1}`);
      for (const [name, { end }] of windows) {
        if (end - 1 + job.latenessMs <= step.timestamp) windows.delete(name);
      }
      watermark = step.timestamp;
    }
  }
  return said;
}

const jobs: fc.Arbitrary<Job> = fc.record({
  sizeMs: fc.integer({ min: 1, max: 20 }),
  offsetMs: fc.constantFrom(0),
  latenessMs: fc.nat({ max: 15 }),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('element' as const),
      key: fc.nat({ max: 3 }),
      timestamp: fc.integer({ min: -40, max: 80 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('watermark' as const),
      timestamp: fc.integer({ min: -45, max: 120 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restore' as const) }) },
);

t.test('windows of any disorder and lateness are those of a naive reference, over restores', async () => {
  await check(
    'window operator = reference',
    fc.asyncProperty(
      jobs.chain((job) =>
        fc.integer({ min: 1 - job.sizeMs, max: job.sizeMs - 1 }).map((offsetMs) => ({ ...job, offsetMs })),
      ),
      fc.array(step, { maxLength: 60 }),
      async (job, steps) => {
        const all: Step[] = [...steps, { kind: 'watermark', timestamp: Watermark.MAX }];
        t.strictSame(await runOperator(job, all), reference(job, all));
      },
    ),
    { runs: 300 },
  );
});
