import {
  EventTimeTrigger,
  type KeyedStream,
  PurgingTrigger,
  type Trigger,
  types,
  type WindowedStream,
} from '../../../core/index.js';
import { type HarnessBuild, type HarnessOptions, PipelineHarness } from '../../driver/index.js';

/** What the pipelines of the vectors have in common. */

export interface Count {
  readonly key: string;
  readonly count: number;
}

/** The record that most vectors push. */
export const ONE: Count = { key: 'key2', count: 1 };

const count = types.object({ key: types.string, count: types.int32 });

/** [value, timestamp] of a record that came out. */
export type Result = readonly [value: unknown, timestamp: number | undefined];

export function results(h: PipelineHarness, sink = 'out'): Result[] {
  return h.take(sink).map(({ value, timestamp }) => [value, timestamp]);
}

export function add(a: Count, b: Count): Count {
  return { key: a.key, count: a.count + b.count };
}

export function purging(): Trigger {
  return PurgingTrigger.of(EventTimeTrigger.create());
}

export type Windowing = (keyed: KeyedStream<Count, string>) => WindowedStream<Count, string>;

/** Sums of counts in windows, by their keys; results of one key read `key2-3`. */
export function summing(windowing: Windowing): HarnessBuild {
  return (_env, io) => {
    windowing(io.source('in', count).keyBy('key'))
      .reduce(add)
      .uid('sums')
      .map((sum) => `${sum.key}-${sum.count}`)
      .sinkTo(io.sink('out'));
  };
}

/** The same with the bounds of the window: `key2-3 [0, 2000)`. */
export function summingWithBounds(windowing: Windowing): HarnessBuild {
  return (_env, io) => {
    windowing(io.source('in', count).keyBy('key'))
      .reduce<string>(add, {
        process(key, { window }, [sum], out) {
          out.collect(`${key}-${sum?.count} [${window.start}, ${window.end})`);
        },
      })
      .uid('sums')
      .sinkTo(io.sink('out'));
  };
}

/** One step of a vector: a record by its timestamp, a watermark, or time that passes. */
export type Step = { readonly at: number } | { readonly watermark: number } | { readonly ms: number };

export const at = (timestamp: number): Step => ({ at: timestamp });
export const W = (watermark: number): Step => ({ watermark });

/** Takes the steps, and gives what came out meanwhile. */
export async function play(h: PipelineHarness, ...steps: readonly Step[]): Promise<Result[]> {
  for (const step of steps) {
    if ('at' in step) await h.push('in', ONE, step.at);
    else if ('watermark' in step) await h.watermark('in', step.watermark);
    else await h.advanceProcessingTime(step.ms);
  }
  return results(h);
}

/** How the vectors are run: the outcome must not depend on it. */
export const WAYS: readonly HarnessOptions[] = [
  { stateBackend: 'heap' },
  { stateBackend: 'lmdb', parallelism: 3 },
];

/** Runs a vector in every way. */
export async function everyWay(
  build: HarnessBuild,
  vector: (h: PipelineHarness) => Promise<void>,
): Promise<void> {
  for (const options of WAYS) {
    const h = await PipelineHarness.create(build, options);
    try {
      await vector(h);
    } finally {
      await h.close();
    }
  }
}
