import t from 'tap';
import { CollectionSource } from '../../../core/api/collection-source.js';
import { DataGeneratorSource } from '../../../core/api/data-generator-source.js';
import { NumberSequenceSource } from '../../../core/api/number-sequence-source.js';
import { PacedSource } from '../../../core/api/paced-source.js';
import { RateLimiter } from '../../../core/api/rate-limiter.js';
import { DrivenClock, SourceDriver } from '../../driver/source-driver.js';
import { MemoryFileSystem } from '../storage/memory-file-system.js';

const fileSystem = new MemoryFileSystem();

t.test('a collection is read in order by one reader, whatever the parallelism', async (t) => {
  for (const parallelism of [1, 3]) {
    const driver = await SourceDriver.start(new CollectionSource(['a', 'b', 'c', 'd']), {
      fileSystem,
      parallelism,
    });
    t.same(await driver.readAll(), ['a', 'b', 'c', 'd']);
  }
  t.same(await (await SourceDriver.start(new CollectionSource([]), { fileSystem })).readAll(), []);
});

t.test('a sequence is split into ranges that hold each number once', async (t) => {
  for (const [from, to] of [
    [1, 10],
    [0, 0],
    [-3, 3],
    [5, 6],
  ] as const) {
    for (const parallelism of [1, 2, 3, 4]) {
      const driver = await SourceDriver.start(new NumberSequenceSource(from, to), {
        fileSystem,
        parallelism,
      });
      const read = (await driver.readAll(2)).sort((a, b) => a - b);
      t.same(
        read,
        Array.from({ length: to - from + 1 }, (_, i) => from + i),
        `${from}..${to} by ${parallelism}`,
      );
    }
  }
});

t.test('a generator gives every index once and in step across its readers', async (t) => {
  const source = new DataGeneratorSource((index) => index * index, 10);
  const driver = await SourceDriver.start(source, { fileSystem, parallelism: 3 });
  t.same(await driver.readAll(1), [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]);
  t.same(await (await SourceDriver.start(new DataGeneratorSource(String, 0), { fileSystem })).readAll(), []);
});

t.test('a generator without end goes on where it was stopped', async (t) => {
  const source = new DataGeneratorSource((index) => index, 'unbounded');
  t.equal(source.boundedness, 'continuous-unbounded');
  const driver = await SourceDriver.start(source, { fileSystem, parallelism: 2 });
  const first = await driver.read(5, 1);
  const restored = await SourceDriver.restore(source, { fileSystem, parallelism: 2 }, driver.snapshot());
  const rest = await restored.read(6, 1);
  t.same(
    [...first, ...rest].sort((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
});

t.test('a paced source emits no faster than its rate, and no slower while it is read', async (t) => {
  const clock = new DrivenClock();
  const source = new DataGeneratorSource((index) => index, 1001, { ratePerSecond: 100 });
  const driver = await SourceDriver.start(source, { fileSystem, clock });
  t.equal((await driver.readAll()).length, 1001);
  t.ok(clock.monotonicMs() >= 10_000 - 1e-6, String(clock.monotonicMs()));
  t.ok(clock.monotonicMs() < 10_100, String(clock.monotonicMs()));
});

t.test('the rate of a paced source is shared by its readers', async (t) => {
  const clock = new DrivenClock();
  const source = new PacedSource(new NumberSequenceSource(1, 2000), { ratePerSecond: 1000 });
  const driver = await SourceDriver.start(source, { fileSystem, clock, parallelism: 2 });
  t.equal((await driver.readAll()).length, 2000);
  t.ok(clock.monotonicMs() >= 1990, String(clock.monotonicMs()));
});

t.test('unused permits are kept for a second and no longer', async (t) => {
  const clock = new DrivenClock();
  const limiter = new RateLimiter(clock, 1000);
  t.equal(limiter.available(), 1);
  limiter.spend(1);
  t.equal(limiter.available(), 0);
  t.equal(limiter.delayMs(), 1);
  clock.advance(500);
  t.equal(limiter.available(), 500);
  clock.advance(60_000);
  t.equal(limiter.available(), 1001);
  limiter.spend(1001);
  t.equal(limiter.available(), 0);
});

t.test('sources that make no sense are refused', async (t) => {
  for (const make of [
    () => new NumberSequenceSource(2, 1),
    () => new NumberSequenceSource(0.5, 1),
    () => new NumberSequenceSource(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    () => new DataGeneratorSource((index) => index, -1),
    () => new DataGeneratorSource((index) => index, 1, { ratePerSecond: 0 }),
    () => new DataGeneratorSource(5 as never, 1),
    () => new DataGeneratorSource((index) => index, 1, { rate: 5 } as never),
    () => new PacedSource(new NumberSequenceSource(0, 1), { ratePerSecond: Number.NaN }),
  ]) {
    t.throws(make, { code: 'MR1001' });
  }
});
