import t from 'tap';
import { type RuntimeContext, types, type ValueState, ValueStateDescriptor } from '../../../core/index.js';
import { type HarnessBuild, type HarnessOptions, PipelineHarness } from '../../driver/index.js';

/** Vectors 35 to 38: which subtask has a key, at first and after a rescale. */

type Key = number | string;

/** `[key, subtask, number of the record of that key, maximum parallelism]` of each key that is pushed. */
const homes: HarnessBuild = (_env, io) => {
  let context: RuntimeContext | undefined;
  let seen: ValueState<number> | undefined;
  io.source<Key>('in')
    .keyBy((key) => key)
    .process<[Key, number, number, number]>({
      open(ctx) {
        context = ctx;
        seen = ctx.getState(new ValueStateDescriptor('seen', types.int32));
      },
      processElement(key, _ctx, out) {
        const count = (seen?.value() ?? 0) + 1;
        seen?.update(count);
        out.collect([key, context?.subtaskIndex ?? -1, count, context?.maxParallelism ?? -1]);
      },
    })
    .uid('homes')
    .sinkTo(io.sink('out'));
};

async function push(h: PipelineHarness, keys: readonly Key[]): Promise<[Key, number, number, number][]> {
  const found: [Key, number, number, number][] = [];
  for (const key of keys) {
    await h.push('in', key);
    found.push(...h.take<[Key, number, number, number]>('out').map(({ value }) => value));
  }
  return found;
}

/** The subtask of each key. */
async function subtasks(keys: readonly Key[], options: HarnessOptions): Promise<number[]> {
  const h = await PipelineHarness.create(homes, options);
  const found = await push(h, keys);
  await h.close();
  return found.map(([, subtask]) => subtask);
}

/** With as many subtasks as key groups, a key's subtask is its key group. */
const keyGroups = (keys: readonly Key[], maxParallelism = 128) =>
  subtasks(keys, { parallelism: maxParallelism, maxParallelism });

t.test('35: key groups of 128', async (t) => {
  const numbers = [0, 1, 2, 3, 42, -1, 2147483647, 1234567890123];
  t.strictSame(await keyGroups(numbers), [94, 86, 127, 113, 29, 80, 62, 92]);
  t.strictSame(await keyGroups(['', 'a', 'hello', 'key1', 'key2', 'flink']), [94, 81, 35, 41, 27, 98]);
});

t.test('36: subtasks of 4 and of 3', async (t) => {
  const four = { parallelism: 4, maxParallelism: 128 };
  t.strictSame(await subtasks([0, 2, 42, 'hello', 'flink'], four), [2, 3, 0, 1, 3]);
  t.strictSame(await subtasks([2, -1], { parallelism: 3, maxParallelism: 128 }), [2, 1]);
});

t.test('37: a subtask has a range of key groups', async (t) => {
  const keys = Array.from({ length: 400 }, (_, i) => i);
  for (const [maxParallelism, ranges] of [
    [
      128,
      [
        [0, 42],
        [43, 85],
        [86, 127],
      ],
    ],
    [
      128,
      [
        [0, 25],
        [26, 51],
        [52, 76],
        [77, 102],
        [103, 127],
      ],
    ],
    [
      10,
      [
        [0, 3],
        [4, 6],
        [7, 9],
      ],
    ],
  ] as const) {
    const groups = await keyGroups(keys, maxParallelism);
    t.equal(new Set(groups).size > maxParallelism * 0.9, true, 'the keys are of nearly all groups');
    const expected = groups.map((group) => ranges.findIndex(([from, to]) => from <= group && group <= to));
    t.strictSame(await subtasks(keys, { parallelism: ranges.length, maxParallelism }), expected);
  }
});

t.test('[scenario 10] 36, 37: after a rescale the state of a key is where its records are', async (t) => {
  const keys = [0, 1, 2, 3, 42, -1, 'hello', 'flink', 'key1', ''];
  for (const stateBackend of ['heap', 'lmdb'] as const) {
    let h = await PipelineHarness.create(homes, { parallelism: 4, maxParallelism: 128, stateBackend });
    await push(h, keys);
    for (const [round, parallelism] of [3, 1, 7, 128].entries()) {
      const snapshot = await h.snapshot();
      await h.close();
      h = await PipelineHarness.restore(snapshot, homes, { parallelism, stateBackend });
      const found = await push(h, keys);
      t.strictSame(
        found.map(([, , count]) => count),
        keys.map(() => round + 2),
      );
      t.strictSame(
        found.map(([, subtask]) => subtask),
        await subtasks(keys, { parallelism, maxParallelism: 128 }),
      );
    }
    await h.close();
  }
});

t.test('38: the maximum parallelism, where nobody sets it', async (t) => {
  for (const [parallelism, maxParallelism] of [
    [1, 128],
    [85, 128],
    [86, 256],
    [171, 256],
    [172, 512],
  ] as const) {
    const h = await PipelineHarness.create(homes, { parallelism });
    const [[, , , found] = []] = await push(h, ['a']);
    t.equal(found, maxParallelism);
    await h.close();
  }
});

t.test('38: a snapshot fixes the maximum parallelism, and another one is refused', async (t) => {
  const h = await PipelineHarness.create(homes, { parallelism: 3 });
  await push(h, ['a']);
  const snapshot = await h.snapshot();
  await h.close();
  await t.rejects(PipelineHarness.restore(snapshot, homes, { maxParallelism: 256 }), {
    code: 'MR2102',
    what: /maximum parallelism 128, and now has 256/,
  });
  const wide = await PipelineHarness.restore(snapshot, homes, { parallelism: 100 });
  t.strictSame(
    (await push(wide, ['a'])).map(([, , count, maxParallelism]) => [count, maxParallelism]),
    [[2, 128]],
  );
  await wide.close();
});
