import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { savepointTools } from '../../actors/boot/savepoint-tools.js';
import { SavepointReader, SavepointWriter } from '../../actors/index.js';
import {
  type KeyedStateBootstrapFunction,
  type KeyedStateReaderFunction,
  type ListState,
  ListStateDescriptor,
  MapStateDescriptor,
  OperatorTransformation,
  types,
  type ValueState,
} from '../../core/index.js';
import { check } from '../check.js';
import {
  all,
  backend,
  bootstrap,
  type Event,
  events,
  folder,
  type Kept,
  type Key,
  modelOf,
  reading,
  VALUE,
} from './savepoint-model.js';

/** Savepoints that are written and read without a job, against plain maps. */

t.test('what was written is what is read, on either backend, again and again', async (t) => {
  const next = folder(t);
  const property = fc.asyncProperty(
    events,
    backend,
    backend,
    fc.integer({ min: 1, max: 200 }),
    async (given, first, second, maxParallelism) => {
      const path = next();
      async function* data(): AsyncIterable<Event> {
        yield* given;
      }
      await SavepointWriter.newSavepoint(maxParallelism, { stateBackend: first })
        .withOperator(
          'kept',
          OperatorTransformation.bootstrapWith(data()).keyBy('key').transform(bootstrap()),
        )
        .write(path);
      const reader = await SavepointReader.read(path, { stateBackend: second });
      const read = await all(reader.readKeyedState('kept', reading()));
      assert.equal(new Set(read.map(([key]) => key)).size, read.length, 'each key once');
      assert.deepEqual(new Map(read), modelOf(given));
      const copy = next();
      const again = await SavepointWriter.fromExistingSavepoint(path);
      again.changeOperatorIdentifier('kept', 'renamed');
      if (given.length > 0) {
        const again2 = reader.readKeyedState('kept', reading());
        again.withOperator(
          'doubled',
          OperatorTransformation.bootstrapWith(again2)
            .keyBy(([key]) => key)
            .transform(doubling()),
        );
      }
      await again.write(copy);
      const other = await SavepointReader.read(copy);
      assert.deepEqual(new Map(await all(other.readKeyedState('renamed', reading()))), modelOf(given));
      if (given.length === 0) return;
      const doubled = await all(other.readKeyedState('doubled', valueAlone()));
      const expected = [...modelOf(given)].map(([key, { value }]) => [key, 2 * value] as const);
      assert.deepEqual(new Map(doubled), new Map(expected));
    },
  );
  await check('savepoints without a job', property, { runs: 40 });
});

function doubling(): KeyedStateBootstrapFunction<Key, [Key, Kept]> {
  let value: ValueState<number>;
  return {
    open(ctx) {
      value = ctx.getState(VALUE);
    },
    processElement: ([, kept]) => value.update(2 * kept.value),
  };
}

function valueAlone(): KeyedStateReaderFunction<Key, [Key, number]> {
  let value: ValueState<number>;
  return {
    open(ctx) {
      value = ctx.getState(VALUE);
    },
    readKey: (key, _ctx, out) => out.collect([key, value.value() ?? 0]),
  };
}

t.test('state of operators without keys, which goes, comes and is called otherwise', async (t) => {
  const next = folder(t);
  let offsets: ListState<number>;
  const lists = OperatorTransformation.bootstrapWith([3, 1, 2]).transform({
    open(ctx) {
      offsets = ctx.getListState(new ListStateDescriptor('offsets', types.float64));
      ctx.getUnionListState(new ListStateDescriptor('all', types.string)).add('x');
      ctx.getBroadcastState(new MapStateDescriptor('rules', types.string, types.int32)).put('r', 7);
    },
    processElement: (offset) => offsets.add(offset),
  });
  const path = next();
  await SavepointWriter.newSavepoint(128).withOperator('offsets', lists).write(path);
  const reader = await SavepointReader.read(path);
  t.same(reader.uids, ['offsets']);
  t.same(await all(reader.readListState<number>('offsets', 'offsets')), [3, 1, 2]);
  t.same(await all(reader.readListState('offsets', 'offsets', types.float64)), [3, 1, 2]);
  t.same(await all(reader.readUnionState('offsets', 'all')), ['x']);
  t.same(await all(reader.readBroadcastState<string, number>('offsets', 'rules')), [['r', 7]]);
  await t.rejects(all(reader.readListState('offsets', 'none')), {
    code: 'MR1001',
    message: /no split state 'none'/,
  });
  await t.rejects(all(reader.readListState('offsets', 'offsets', types.string)), { code: 'MR2103' });
  t.throws(() => reader.readKeyedState('offsets', reading()), { code: 'MR1001' });
  const writer = await SavepointWriter.fromExistingSavepoint(path);
  t.throws(() => writer.withOperator('offsets', lists), { code: 'MR1001' });
  t.throws(() => writer.removeOperator('none'), { code: 'MR1001' });
  await t.rejects(writer.write(path), { code: 'MR1001' }, 'a savepoint is not written over');
  const kept = OperatorTransformation.bootstrapWith<Event>([{ key: 'a', n: 5 }])
    .keyBy(({ key }) => key)
    .transform(bootstrap());
  await writer.removeOperator('offsets').withOperator('kept', kept).write(`${path}b`);
  const report = await savepointTools.inspect(`${path}b`);
  t.match(report, { kind: 'savepoint', operators: [{ uid: 'kept', parallelism: 1, maxParallelism: 128 }] });
  const { length } = report.operators;
  t.equal(length, 1);
  t.same(await all(savepointTools.read(`${path}b`, 'kept', 'value')), ['{"key":"a","value":5}']);
});

t.test('what a user function throws or promises is told, and no savepoint is left', async (t) => {
  const next = folder(t);
  const path = next();
  const failing = (processElement: () => void) =>
    SavepointWriter.newSavepoint(4)
      .withOperator(
        'x',
        OperatorTransformation.bootstrapWith([1])
          .keyBy((n) => n)
          .transform({ processElement }),
      )
      .write(path);
  await t.rejects(
    failing(() => {
      throw new Error('not this one');
    }),
    /not this one/,
  );
  await t.rejects(
    failing(() => Promise.resolve()),
    { code: 'MR5002' },
  );
  await t.rejects(SavepointReader.read(path), { code: 'MR3008' });
});
