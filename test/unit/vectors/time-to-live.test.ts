import t from 'tap';
import {
  type KeyedProcessFunction,
  type ListState,
  ListStateDescriptor,
  type MapState,
  MapStateDescriptor,
  type StateTtlConfig,
  types,
  type ValueState,
  ValueStateDescriptor,
} from '../../../core/index.js';
import { type HarnessBuild, PipelineHarness } from '../../driver/index.js';
import { everyWay } from './vector-pipelines.js';

/** Vectors 32 and 34: state that ends. */

const withTtl = (config: Partial<StateTtlConfig> = {}) => ({ ttl: { ttl: '100 ms', ...config } });

/** Does what it is told: `v=1` writes the value, `v?` reads it; the same of the list `l` and of the map `m`. */
function telling(options: { ttl?: StateTtlConfig }): KeyedProcessFunction<string, string, string> {
  let value: ValueState<string>;
  let list: ListState<string>;
  let map: MapState<string, string>;
  return {
    open(ctx) {
      value = ctx.getState(new ValueStateDescriptor('value', types.string, options));
      list = ctx.getListState(new ListStateDescriptor('list', types.string, options));
      map = ctx.getMapState(new MapStateDescriptor('map', types.string, types.string, options));
    },
    processElement(command, _ctx, out) {
      const [, state, written = ''] = /^(.)[=?](.*)$/.exec(command) ?? [];
      const reads = command[1] === '?';
      if (state === 'v' && reads) out.collect(`v ${value.value()}`);
      else if (state === 'v') value.update(written);
      else if (state === 'l' && reads) out.collect(`l ${list.get().join()}`);
      else if (state === 'l') list.add(written);
      else if (reads) out.collect(`m ${map.keys().toSorted().join()}`);
      else map.put(written, written);
    },
  };
}

const build =
  (options: { ttl?: StateTtlConfig } = withTtl()): HarnessBuild =>
  (_env, io) => {
    io.source('in', types.string)
      .keyBy(() => 'k')
      .process(telling(options))
      .uid('state')
      .sinkTo(io.sink('out'));
  };

async function say(h: PipelineHarness, ...commands: readonly (string | number)[]): Promise<unknown[]> {
  for (const command of commands) {
    if (typeof command === 'number') await h.advanceProcessingTime(command);
    else await h.push('in', command);
  }
  return h.take('out').map(({ value }) => value);
}

t.test('32: written at 0 with 100 ms to live, it is there at 99 and gone at 100', async (t) => {
  await everyWay(build(), async (h) => {
    t.strictSame(await say(h, 'v=a', 'l=a', 'm=a', 99, 'v?', 'l?', 'm?'), ['v a', 'l a', 'm a']);
    t.strictSame(await say(h, 1, 'v?', 'l?', 'm?'), ['v undefined', 'l ', 'm ']);
  });
});

t.test('32: writing begins a life anew, reading only where it was asked for', async (t) => {
  await everyWay(build(), async (h) => {
    t.strictSame(await say(h, 'v=a', 60, 'v?', 'v=b', 60, 'v?'), ['v a', 'v b']);
    t.strictSame(await say(h, 40, 'v?'), ['v undefined']);
  });
  await everyWay(build(withTtl({ updateType: 'OnReadAndWrite' })), async (h) => {
    t.strictSame(await say(h, 'v=a', 60, 'v?', 60, 'v?', 60, 'v?'), ['v a', 'v a', 'v a']);
    t.strictSame(await say(h, 100, 'v?'), ['v undefined']);
  });
  await everyWay(build(withTtl({ updateType: 'Disabled' })), async (h) => {
    t.strictSame(await say(h, 'v=a', 1_000_000, 'v?'), ['v a']);
  });
});

t.test('32: what has expired may be seen once more where that was asked for', async (t) => {
  await everyWay(build(withTtl({ stateVisibility: 'ReturnExpiredIfNotCleanedUp' })), async (h) => {
    t.strictSame(await say(h, 'v=a', 1000, 'v?', 'v?'), ['v a', 'v undefined']);
  });
});

t.test('32: a life that would outlast all time does not end', async (t) => {
  await everyWay(build({ ttl: { ttl: Number.MAX_SAFE_INTEGER } }), async (h) => {
    t.strictSame(await say(h, 1000, 'v=a', 1_000_000_000_000, 'v?'), ['v a']);
  });
});

t.test('32: what has expired is not in the snapshot of the whole state', async (t) => {
  for (const [ms, files] of [
    [99, 1],
    [100, 0],
  ] as const) {
    await everyWay(build(), async (h) => {
      await say(h, 'v=a', 'l=a', 'm=a', ms);
      const { checkpoint } = await h.snapshot();
      t.equal(checkpoint.files.size, files);
    });
  }
});

t.test('34: entries and elements expire each for itself', async (t) => {
  await everyWay(build(), async (h) => {
    t.strictSame(await say(h, 'l=a', 'm=a', 50, 'l=b', 'm=b', 50, 'l?', 'm?'), ['l b', 'm b']);
    t.strictSame(await say(h, 49, 'l?', 'm?', 1, 'l?', 'm?'), ['l b', 'm b', 'l ', 'm ']);
  });
});

t.test('34: a life goes on where it was after a restore', async (t) => {
  for (const [before, after] of [
    ['heap', 'lmdb'],
    ['lmdb', 'heap'],
  ] as const) {
    const h = await PipelineHarness.create(build(), { stateBackend: before, parallelism: 2 });
    await say(h, 'v=a', 60);
    const snapshot = await h.snapshot();
    await h.close();
    const again = await PipelineHarness.restore(snapshot, build(), { stateBackend: after, parallelism: 3 });
    t.strictSame(await say(again, 39, 'v?', 1, 'v?'), ['v a', 'v undefined']);
    await again.close();
  }
});

/** Flink refused both up to 2.1, and takes both since 2.2: a list that has lost elements already is our exception. */
t.test('34: a life may begin with a restore, and end with one, but for that of a list', async (t) => {
  for (const stateBackend of ['heap', 'lmdb'] as const) {
    const plain = await PipelineHarness.create(build({}), { stateBackend });
    await say(plain, 'v=a', 'l=a', 'm=a', 500);
    const endless = await plain.snapshot();
    await plain.close();
    const ending = await PipelineHarness.restore(endless, build(), { stateBackend });
    const said = await say(ending, 99, 'v?', 'l?', 'm?', 1, 'v?', 'l?', 'm?');
    t.strictSame(said, ['v a', 'l a', 'm a', 'v undefined', 'l ', 'm '], 'as if written at the restore');
    await say(ending, 'v=b');
    const ended = await ending.snapshot();
    await ending.close();
    await t.rejects(PipelineHarness.restore(ended, build({}), { stateBackend }), { code: 'MR2103' });
  }
});
