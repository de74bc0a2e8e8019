import t from 'tap';
import {
  type KeyedProcessFunction,
  type TypeDescriptor,
  types,
  type ValueState,
  ValueStateDescriptor,
} from '../../../core/index.js';
import { type HarnessBuild, PipelineHarness } from '../../driver/index.js';

/** A job that is restored with its state declared in another way, once for each way that there is. */

type Plain = Readonly<Record<string, unknown>>;

/** Keeps what comes; a record without `value` asks for what is kept. */
function keeping(type: TypeDescriptor<unknown>): HarnessBuild {
  const fn = (): KeyedProcessFunction<string, Plain, unknown> => {
    let state: ValueState<unknown>;
    return {
      open(ctx) {
        state = ctx.getState(new ValueStateDescriptor<unknown>('kept', type));
      },
      processElement({ value }, _ctx, out) {
        if (value === undefined) out.collect(state.value());
        else state.update(value);
      },
    };
  };
  return (_env, io) => {
    io.source<Plain>('in')
      .keyBy(() => 'key')
      .process(fn())
      .uid('kept')
      .sinkTo(io.sink('out'), 'out');
  };
}

async function restored(stored: TypeDescriptor<unknown>, declared: TypeDescriptor<unknown>, value: unknown) {
  const before = await PipelineHarness.create(keeping(stored));
  await before.push('in', { value });
  const taken = await before.snapshot();
  await before.close();
  const found: unknown[] = [];
  for (const stateBackend of ['heap', 'lmdb'] as const) {
    const after = await PipelineHarness.restore(taken, keeping(declared), { stateBackend, parallelism: 2 });
    await after.push('in', {});
    found.push(...after.take('out').map((record) => record.value));
    // What has been migrated is what the next savepoint holds.
    const again = await PipelineHarness.restore(await after.snapshot(), keeping(declared));
    await after.close();
    await again.push('in', {});
    found.push(...again.take('out').map((record) => record.value));
    await again.close();
  }
  const [first] = found;
  for (const other of found) t.same(other, first, 'on either backend, and from the next savepoint');
  return first;
}

const visit = types.object({ user: types.string, count: types.int32 });
const stored = { user: 'ada', count: 7 };

t.test('a field is added, with a default', async (t) => {
  const declared = types.object({
    user: types.string,
    count: types.int32,
    country: types.withDefault(types.string, 'unknown'),
  });
  t.same(await restored(visit, declared, stored), { ...stored, country: 'unknown' });
});

t.test('a field is removed', async (t) => {
  t.same(await restored(visit, types.object({ count: types.int32 }), stored), { count: 7 });
});

t.test('a field is renamed', async (t) => {
  const declared = types.object({ name: types.string, count: types.int32 }, { renamed: { name: 'user' } });
  t.same(await restored(visit, declared, stored), { name: 'ada', count: 7 });
});

t.test('a field is widened', async (t) => {
  const declared = types.object({ user: types.string, count: types.bigint });
  t.same(await restored(visit, declared, stored), { user: 'ada', count: 7n });
});

t.test('a type goes through two versions by code', async (t) => {
  const second = types.withMigration(
    types.object({ user: types.string, counts: types.array(types.int32) }),
    visit,
    ({ user, count }) => ({ user, counts: [count] }),
  );
  const third = types.withMigration(
    types.object({ user: types.string, total: types.float64, days: types.int32 }),
    second,
    ({ user, counts }) => ({ user, total: counts.reduce((a, b) => a + b, 0), days: counts.length }),
  );
  t.same(await restored(visit, third, stored), { user: 'ada', total: 7, days: 1 });
});

t.test('what nothing can be made of is refused, by operator, state and field', async (t) => {
  const declared = types.object({ user: types.string, count: types.boolean });
  await t.rejects(restored(visit, declared, stored), {
    code: 'MR2103',
    what: "The state 'kept', field 'count', is stored as int32, and declared as boolean.",
    where: { uid: 'kept' },
  });
});

t.test('a migration that gives something else is refused where it is restored', async (t) => {
  const declared = types.withMigration(types.object({ n: types.int32 }), visit, () => ({ n: 'x' as never }));
  await t.rejects(restored(visit, declared, stored), {
    code: 'MR2103',
    what: /The migration of a stored value/,
  });
});
