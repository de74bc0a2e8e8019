import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { type KeyedStream, types } from '../../core/index.js';
import { check } from '../check.js';
import { type HarnessBuild, type HarnessOptions, PipelineHarness } from '../driver/index.js';

/** Windows of so many records, through snapshots and restores, against a list for each key. */

interface Item {
  readonly key: number;
  readonly id: number;
}

const item = types.object({ key: types.int32, id: types.int32 });

interface Job {
  readonly size: number;
  /** Undefined: the windows follow each other. */
  readonly slide: number | undefined;
  readonly folds: boolean;
}

const text = (key: number, ids: readonly number[]): string => `${key}: ${ids.join()}`;

function pipeline({ size, slide, folds }: Job): HarnessBuild {
  return (_env, io) => {
    const keyed: KeyedStream<Item, number> = io.source('in', item).keyBy('key');
    const windowed = slide === undefined ? keyed.countWindow(size) : keyed.countWindow(size, slide);
    const results = folds
      ? windowed.aggregate<number[], number[], string>(
          { createAccumulator: () => [], add: ({ id }, ids) => [...ids, id], getResult: (ids) => ids },
          { process: (key, _ctx, [ids = []], out) => out.collect(text(key, ids)) },
        )
      : windowed.process<string>({
          process: (key, _ctx, items, out) =>
            out.collect(
              text(
                key,
                items.map(({ id }) => id),
              ),
            ),
        });
    results.uid('counted').sinkTo(io.sink('out'));
  };
}

function naive({ size, slide = size }: Job, keys: readonly number[]): string[] {
  const seen = new Map<number, number[]>();
  const results: string[] = [];
  for (const [id, key] of keys.entries()) {
    const ids = [...(seen.get(key) ?? []), id];
    seen.set(key, ids);
    if (ids.length % slide === 0) results.push(text(key, ids.slice(-size)));
  }
  return results;
}

const jobs: fc.Arbitrary<Job> = fc.record({
  size: fc.integer({ min: 1, max: 6 }),
  slide: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
  folds: fc.boolean(),
});
const options: fc.Arbitrary<HarnessOptions> = fc.record({
  parallelism: fc.integer({ min: 1, max: 3 }),
  stateBackend: fc.constantFrom('heap' as const, 'lmdb' as const),
});

t.test('count windows hold the newest records of their key, and fire with every slide', async () => {
  await check(
    'count windows = reference',
    fc.asyncProperty(
      jobs,
      fc.array(fc.nat(3), { maxLength: 40, size: 'max' }),
      fc.array(fc.tuple(fc.nat(40), options), { maxLength: 3 }),
      options,
      async (job, keys, moves, first) => {
        const build = pipeline(job);
        let h = await PipelineHarness.create(build, first);
        const results: unknown[] = [];
        for (const [id, key] of keys.entries()) {
          for (const [, moved] of moves.filter(([at]) => at === id)) {
            const snapshot = await h.snapshot();
            await h.close();
            h = await PipelineHarness.restore(snapshot, build, moved);
          }
          await h.push('in', { key, id });
          results.push(...h.take('out').map(({ value }) => value));
        }
        await h.endInput('in');
        assert.deepStrictEqual(h.take('out'), [], 'what is not full says nothing');
        await h.close();
        assert.deepStrictEqual(results, naive(job, keys));
      },
    ),
    { runs: 40 },
  );
});
