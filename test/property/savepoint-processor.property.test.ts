import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { savepointTools } from '../../actors/boot/savepoint-tools.js';
import { SavepointReader, SavepointWriter } from '../../actors/index.js';
import {
  type KeyedStateBootstrapFunction,
  type KeyedStateReaderFunction,
  type ListState,
  ListStateDescriptor,
  type MapState,
  MapStateDescriptor,
  OperatorTransformation,
  TumblingEventTimeWindows,
  types,
  type ValueState,
  ValueStateDescriptor,
} from '../../core/index.js';
import { decodeManifest, encodeManifest, filesOfManifest } from '../../storage/checkpoint/manifest-codec.js';
import { FileObjectStore, LocalFileSystem, readManifestAt, sealSavepoint } from '../../storage/index.js';
import { check } from '../check.js';
import { type HarnessBuild, type HarnessSnapshot, PipelineHarness } from '../driver/index.js';

/** Savepoints that are written and read without a job, against plain maps. */

type Key = string | number;
/** All that is kept of a key, in the order in which it came. */
interface Kept {
  value: number;
  list: string[];
  map: Map<string, number>;
  timers: Set<number>;
}
interface Event {
  readonly key: Key;
  readonly n: number;
}

const VALUE = new ValueStateDescriptor('value', types.int32);
const LIST = new ListStateDescriptor('list', types.string);
const MAP = new MapStateDescriptor('map', types.string, types.int32);

function bootstrap(): KeyedStateBootstrapFunction<Key, Event> {
  let value: ValueState<number>;
  let list: ListState<string>;
  let map: MapState<string, number>;
  return {
    open(ctx) {
      value = ctx.getState(VALUE);
      list = ctx.getListState(LIST);
      map = ctx.getMapState(MAP);
    },
    processElement({ key, n }, ctx) {
      assert.equal(ctx.currentKey, key);
      value.update((value.value() ?? 0) + n);
      list.add(String(n));
      map.put(String(n % 3), n);
      if (n % 5 === 0) ctx.timerService.registerEventTimeTimer(n);
    },
  };
}

function reading(): KeyedStateReaderFunction<Key, [Key, Kept]> {
  let value: ValueState<number>;
  let list: ListState<string>;
  let map: MapState<string, number>;
  return {
    open(ctx) {
      value = ctx.getState(VALUE);
      list = ctx.getListState(LIST);
      map = ctx.getMapState(MAP);
    },
    readKey(key, ctx, out) {
      const timers = new Set(ctx.registeredEventTimeTimers());
      assert.deepEqual(ctx.registeredProcessingTimeTimers(), []);
      out.collect([
        key,
        { value: value.value() ?? 0, list: [...list.get()], map: new Map(map.entries()), timers },
      ]);
    },
  };
}

function modelOf(events: readonly Event[]): Map<Key, Kept> {
  const model = new Map<Key, Kept>();
  for (const { key, n } of events) {
    const kept: Kept = model.get(key) ?? { value: 0, list: [], map: new Map(), timers: new Set() };
    kept.value += n;
    kept.list.push(String(n));
    kept.map.set(String(n % 3), n);
    if (n % 5 === 0) kept.timers.add(n);
    model.set(key, kept);
  }
  return model;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

function folder(t: { teardown(work: () => void): void }): () => string {
  const root = mkdtempSync(join(tmpdir(), 'millrace-processor-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  let count = 0;
  return () => join(root, String(++count));
}

const backend = fc.constantFrom('heap' as const, 'lmdb' as const);
const events = fc.array(
  fc.record({
    key: fc.oneof(fc.constantFrom('a', 'b', '', 'cc'), fc.integer({ min: -3, max: 3 })),
    n: fc.integer({ min: -20, max: 20 }),
  }),
  { maxLength: 60 },
);

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

interface Reading {
  readonly sensor: string;
  readonly at: number;
  readonly value: number;
}

/** Sums and lists of windows, and a timer for each reading. */
const windowed: HarnessBuild = (_env, io) => {
  const keyed = io
    .source('in', types.object({ sensor: types.string, at: types.float64, value: types.int32 }))
    .keyBy('sensor');
  const tumbling = keyed.window(TumblingEventTimeWindows.of(50));
  tumbling
    .aggregate<number, number>({
      accumulatorType: types.int32,
      createAccumulator: () => 0,
      add: ({ value }, sum) => sum + value,
      getResult: (sum) => sum,
    })
    .uid('sums')
    .sinkTo(io.sink('sums'));
  tumbling
    .process<number>({ process: (_key, _ctx, elements, out) => out.collect(elements.length) })
    .uid('lists')
    .sinkTo(io.sink('lists'));
  keyed
    .process<string>({
      open: (ctx) => void ctx.getState(VALUE),
      processElement({ at, value }, ctx) {
        ctx.getState(VALUE).update(value);
        ctx.timerService.registerEventTimeTimer(at + 1000);
      },
    })
    .uid('last')
    .sinkTo(io.sink('last'));
};

t.test('what a job has left is read: open windows, and timers with the state of their keys', async (t) => {
  const next = folder(t);
  const given = fc.array(
    fc.record({
      sensor: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      at: fc.integer({ min: 0, max: 300 }),
      value: fc.integer({ min: 0, max: 9 }),
    }),
    { minLength: 1, maxLength: 40 },
  );
  const property = fc.asyncProperty(
    given,
    fc.integer({ min: 1, max: 4 }),
    backend,
    async (readings, parallelism, stateBackend) => {
      const h = await PipelineHarness.create(windowed, { parallelism, stateBackend });
      for (const reading of readings) await h.push('in', reading, reading.at);
      const path = await savepointOf(await h.snapshot(), next());
      await h.close();
      const reader = await SavepointReader.read(path);
      const nameOf = (key: string, start: number): string => `${key} ${start}`;
      const sums = await all(
        reader.readWindowState<string, number, [string, number]>('sums', {
          readWindow: (key, { window }, [sum], out) => out.collect([nameOf(key, window.start), sum ?? -1]),
        }),
      );
      const lists = await all(
        reader.readWindowState<string, Reading, [string, number[]]>('lists', {
          readWindow(key, { window }, elements, out) {
            assert.equal(window.end, window.start + 50);
            out.collect([nameOf(key, window.start), elements.map(({ value }) => value)]);
          },
        }),
      );
      const model = new Map<string, number[]>();
      const timers = new Map<string, Set<number>>();
      for (const { sensor, at, value } of readings) {
        const name = nameOf(sensor, at - (at % 50));
        model.set(name, [...(model.get(name) ?? []), value]);
        timers.set(sensor, (timers.get(sensor) ?? new Set()).add(at + 1000));
      }
      assert.deepEqual(new Map(lists), model);
      const total = [...model].map(([name, values]) => [name, values.reduce((a, b) => a + b, 0)] as const);
      assert.deepEqual(new Map(sums), new Map(total));
      const read = await all(reader.readKeyedState('last', timersAlone()));
      assert.deepEqual(
        new Map(read),
        new Map([...timers].map(([key, times]) => [key, [...times].sort((a, b) => a - b)])),
      );
      assert.throws(() => reader.readWindowState('last', { readWindow: () => {} }), { code: 'MR1001' });
    },
  );
  await check('state of a job', property, { runs: 15 });
});

function timersAlone(): KeyedStateReaderFunction<string, [string, readonly number[]]> {
  return {
    open: (ctx) => void ctx.getState(VALUE),
    readKey: (key, ctx, out) => out.collect([key, ctx.registeredEventTimeTimers()]),
  };
}

/** A snapshot of a harness as a savepoint in a folder. */
async function savepointOf({ checkpoint }: HarnessSnapshot, path: string): Promise<string> {
  const store = new FileObjectStore(new LocalFileSystem(), path, 'harness');
  for (const [key, content] of checkpoint.files) await store.put(key, once(content));
  await sealSavepoint(store, decodeManifest(checkpoint.manifest, path));
  return path;
}

async function* once(content: Uint8Array): AsyncIterable<Uint8Array> {
  yield content;
}

/** Says of each key what it has kept, when its timers fire. */
function telling(maxParallelism: number): HarnessBuild {
  return (env, io) => {
    let value: ValueState<number>;
    let list: ListState<string>;
    env.setMaxParallelism(maxParallelism);
    io.source('in', types.object({ key: types.string, n: types.int32 }))
      .keyBy('key')
      .process<string>({
        open(ctx) {
          value = ctx.getState(VALUE);
          list = ctx.getListState(LIST);
        },
        processElement() {},
        onTimer: (timestamp, ctx, out) =>
          out.collect(`${ctx.currentKey} ${timestamp} ${value.value()} ${[...list.get()].join()}`),
      })
      .uid('kept')
      .sinkTo(io.sink('told'));
  };
}

t.test('a job begins from what was written, at any parallelism and on either backend', async (t) => {
  const next = folder(t);
  const given = fc.array(
    fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), n: fc.integer({ min: -20, max: 20 }) }),
    { maxLength: 40 },
  );
  const property = fc.asyncProperty(
    given,
    fc.integer({ min: 4, max: 130 }),
    fc.integer({ min: 1, max: 4 }),
    backend,
    async (pairs, maxParallelism, parallelism, stateBackend) => {
      const path = next();
      await SavepointWriter.newSavepoint(maxParallelism)
        .withOperator(
          'kept',
          OperatorTransformation.bootstrapWith<Event>(pairs).keyBy('key').transform(bootstrap()),
        )
        .write(path);
      const snapshot = { checkpoint: await checkpointAt(path), processingTime: 0, ended: [] };
      const options = { parallelism, stateBackend };
      const h = await PipelineHarness.restore(snapshot, telling(maxParallelism), options);
      await h.watermark('in', 1000);
      const told = h.take<string>('told').map(({ value }) => value);
      await h.close();
      const expected = [...modelOf(pairs)].flatMap(([key, { value, list, timers }]) =>
        [...timers].map((time) => `${key} ${time} ${value} ${list.join()}`),
      );
      assert.deepEqual(told.sort(), expected.sort());
    },
  );
  await check('jobs from written state', property, { runs: 15 });
});

/** A savepoint in a folder as a harness keeps one. */
async function checkpointAt(path: string): Promise<HarnessSnapshot['checkpoint']> {
  const storeAt = (folder: string): FileObjectStore =>
    new FileObjectStore(new LocalFileSystem(), folder, 'harness');
  const { manifest } = await readManifestAt(storeAt, path, () => {});
  const files = new Map<string, Uint8Array>();
  for (const key of filesOfManifest(manifest).keys())
    files.set(key, Buffer.concat(await all(storeAt(path).get(key))));
  return { manifest: encodeManifest(manifest), files };
}
