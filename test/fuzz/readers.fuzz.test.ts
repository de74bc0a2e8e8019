import fc from 'fast-check';
import t from 'tap';
import { decodeInFlightBlock, decodePlain } from '../../core/internal.js';
import { DynamicCodec } from '../../memory/dynamic-codec.js';
import { RowFileReader } from '../../storage/state/row-file-reader.js';
import { check } from '../check.js';
import { readBounded } from './bounded-reading.js';
import { FOUND_INPUTS } from './found-inputs.js';
import { mutations } from './mutation.js';
import { TARGETS, targetNamed } from './targets/index.js';

/** Of each target, in the time that a test may take. */
const RUN_MS = 250;
const RUNS_MAX = 400;
/** Longer seeds are flipped here and there. */
const FLIPPED_BITS_MAX = 700;

t.teardown(async () => {
  for (const target of TARGETS) await target.close?.();
});

t.test('what a reader once took the wrong way is refused, or read in time', async (t) => {
  for (const { target: name, holds, refused, bytes } of FOUND_INPUTS) {
    const accepted = await readBounded(targetNamed(name), bytes);
    t.equal(accepted, !refused, `${name}: ${holds}`);
  }
});

t.test('an item of state is one value, and a block of in-flight data has a channel', async (t) => {
  const codec = new DynamicCodec();
  t.equal(decodePlain(codec, Uint8Array.of(1, 5)), 5);
  t.throws(() => decodePlain(codec, Uint8Array.of(1, 5, 1)), { code: 'MR2003' });
  t.throws(() => decodeInFlightBlock(Uint8Array.of(1, 2)), { code: 'MR2003' });
});

t.test('rows are put together in time by their length, however small the pieces', async (t) => {
  const reader = new RowFileReader('rows', { tables: () => {}, row: () => {} });
  const cpu = process.cpuUsage();
  // A preamble of a gigabyte, of which a megabyte comes, in pieces of some bytes.
  reader.push(Uint8Array.of(0, 0, 0, 0x40));
  for (let i = 0; i < 2 ** 16; i++) reader.push(new Uint8Array(16));
  t.ok(process.cpuUsage(cpu).user < 2_000_000);
  t.throws(() => reader.end(0), { code: 'MR3004' });
});

t.test(
  'whatever bytes a reader is given, it ends in time, and refuses them or says what they hold',
  async (t) => {
    for (const target of TARGETS) {
      const seeds = await target.seeds();
      t.ok(seeds.length > 0, target.name);
      for (const bytes of seeds) await readBounded(target, bytes);
      const end = performance.now() + RUN_MS;
      await check(
        target.name,
        fc.asyncProperty(mutations(seeds, target.words), async (bytes) => {
          if (performance.now() > end) return;
          await readBounded(target, target.repaired?.(bytes) ?? bytes);
        }),
        { runs: RUNS_MAX },
      );
    }
  },
);

t.test('a single changed bit of what has a checksum is refused', async (t) => {
  for (const target of TARGETS.filter(({ checksummed }) => checksummed === true)) {
    const [seed = new Uint8Array()] = await target.seeds();
    const bits = seed.length * 8;
    const step = Math.max(1, Math.floor(bits / FLIPPED_BITS_MAX));
    let refused = 0;
    let flipped = 0;
    for (let bit = 0; bit < bits; bit += bit < 300 || bit > bits - 300 ? 1 : step) {
      const changed = seed.slice();
      changed[bit >>> 3] = (changed[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
      flipped++;
      if (!(await readBounded(target, changed))) refused++;
    }
    t.equal(refused, flipped, target.name);
  }
});
