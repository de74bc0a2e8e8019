import t from 'tap';
import {
  ListStateDescriptor,
  type Sink,
  types,
  type ValueState,
  ValueStateDescriptor,
} from '../../../core/index.js';
import { type HarnessBuild, PipelineHarness } from '../../driver/index.js';

/** Functions that keep and change what they should not. */

const taken = (h: PipelineHarness): unknown[] => h.take('out').map(({ value }) => value);
const box = types.object({ key: types.string, n: types.int32 });

interface Box {
  key: string;
  n: number;
}

for (const declared of [true, false]) {
  t.test(
    `[scenario 18] an object that is changed after it was handed on, declared: ${declared}`,
    async (t) => {
      const build: HarnessBuild = (_env, io) => {
        const reused: Box = { key: '', n: 0 };
        const boxes = io.source<number>('in').process<Box>({
          processElement(n, _ctx, out) {
            reused.key = `k${n % 2}`;
            reused.n = n;
            out.collect(reused);
            reused.n = -1;
          },
        });
        const typed = declared ? boxes.returns(box) : boxes;
        typed
          .keyBy(({ key }) => key)
          .map(({ key, n }) => `${key} ${n}`)
          .sinkTo(io.sink('out'));
      };
      const h = await PipelineHarness.create(build);
      for (const n of [1, 2, 3, 4]) await h.push('in', n);
      t.strictSame(taken(h), ['k1 1', 'k0 2', 'k1 3', 'k0 4']);
      await h.close();
    },
  );
}

for (const stateBackend of ['heap', 'lmdb'] as const) {
  t.test(
    `[scenario 18] what is kept of state and changed later is in no snapshot: ${stateBackend}`,
    async (t) => {
      const build: HarnessBuild = (_env, io) => {
        let value: ValueState<Box | undefined>;
        const kept: Box[] = [];
        io.source<number>('in')
          .keyBy(() => 'one')
          .process<string>({
            open(ctx) {
              value = ctx.getState(new ValueStateDescriptor('box', types.optional(box)));
            },
            processElement(n, ctx, out) {
              const list = ctx.getListState(new ListStateDescriptor('boxes', box));
              // What it was given and what it gave before: both are its own, and neither is the state.
              for (const each of kept) each.n = -1;
              const before = value.value();
              const now = { key: 'one', n };
              out.collect(`${before?.n} ${[...list.get()].map((each) => each.n)}`);
              value.update(now);
              list.add(now);
              kept.push(now, ...(before === undefined ? [] : [before]), ...list.get());
            },
          })
          .uid('keeper')
          .sinkTo(io.sink('out'));
      };
      const h = await PipelineHarness.create(build, { stateBackend });
      for (const n of [1, 2]) await h.push('in', n);
      const snapshot = await h.snapshot();
      await h.push('in', 3);
      t.strictSame(taken(h), ['undefined ', '1 1', '2 1,2']);
      await h.close();
      const again = await PipelineHarness.restore(snapshot, build, { stateBackend });
      await again.push('in', 4);
      t.strictSame(taken(again), ['2 1,2']);
      await again.close();
    },
  );
}

t.test('[scenario 18] what throws when a checkpoint completes is told with its operator', async (t) => {
  const h = await PipelineHarness.create((_env, io) => {
    io.source<number>('in')
      .map((n) => n)
      .name('innocent')
      .process<number>({
        processElement: (n, _ctx, out) => out.collect(n),
        notifyCheckpointComplete: () => {
          throw new RangeError('not this one');
        },
      })
      .name('listener')
      .sinkTo(io.sink('out'));
  });
  await h.push('in', 1);
  await t.rejects(h.endInput('in'), { code: 'MR5001', where: { operator: 'listener' } });
  await h.close();
});

/** Its pre-commit takes a turn, and what it says of its state throws. */
const throwing: Sink<number, number, number> = {
  createWriter: () => ({
    write: () => {},
    flush: () => {},
    prepareCommit: async () => [],
    snapshotState: () => {
      throw new RangeError('no state today');
    },
  }),
  createCommitter: () => ({ commit: async () => {} }),
};

t.test('[scenario 18] what throws in a snapshot after a pre-commit is told with its operator', async (t) => {
  const h = await PipelineHarness.create((_env, io) => {
    io.source<number>('in').sinkTo(throwing, 'thrower');
  });
  await h.push('in', 1);
  await t.rejects(h.snapshot(), { code: 'MR5001', where: { operator: 'thrower' } });
  await h.close();
});
