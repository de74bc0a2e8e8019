import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { SavepointReader, SavepointWriter } from '../../actors/index.js';
import {
  type KeyedStateReaderFunction,
  type ListState,
  OperatorTransformation,
  TumblingEventTimeWindows,
  types,
  type ValueState,
} from '../../core/index.js';
import { decodeManifest } from '../../storage/checkpoint/manifest-codec.js';
import { FileObjectStore, LocalFileSystem, sealSavepoint } from '../../storage/index.js';
import { check } from '../check.js';
import { type HarnessBuild, type HarnessSnapshot, PipelineHarness } from '../driver/index.js';
import {
  all,
  backend,
  bootstrap,
  checkpointAt,
  type Event,
  folder,
  LIST,
  modelOf,
  VALUE,
} from './savepoint-model.js';

/** What jobs leave is read without them, and what is written without them is what they begin from. */

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

t.test('a checkpoint with records under way is read, and not changed', async (t) => {
  const h = await PipelineHarness.create(windowed, { parallelism: 1 });
  await h.push('in', { sensor: 'a', at: 10, value: 1 }, 10);
  const { checkpoint } = await h.snapshot();
  await h.close();
  const manifest = decodeManifest(checkpoint.manifest, 'the snapshot');
  const inFlight = { format: 1, file: { key: 'data/x', sizeBytes: 1, entryCount: 0, crc32c: 0 }, edges: [] };
  const vertices = manifest.vertices.map((vertex) => ({
    ...vertex,
    subtasks: vertex.subtasks.map((subtask) => (subtask === 'finished' ? subtask : { ...subtask, inFlight })),
  }));
  const path = folder(t)();
  const store = new FileObjectStore(new LocalFileSystem(), path, 'harness');
  for (const [key, content] of checkpoint.files) await store.put(key, once(content));
  await sealSavepoint(store, { ...manifest, vertices });
  const reader = await SavepointReader.read(path);
  t.same(await all(reader.readKeyedState('last', timersAlone())), [['a', [1010]]]);
  await t.rejects(SavepointWriter.fromExistingSavepoint(path), { code: 'MR2104' });
});
