import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { jsonText } from '../../../core/serde/json-text.js';
import { decodeManifest } from '../../../storage/checkpoint/manifest-codec.js';
import { PipelineHarness } from '../../driver/pipeline-harness.js';
import { CHECKPOINTS, SAVEPOINT, writeGolden } from '../../golden/golden-fixture.js';
import { formatOf, GOLDEN, goldenFormats, snapshotAt } from '../../golden/golden-folder.js';
import {
  ACCUMULATED,
  EVENT_TIMER,
  type GoldenRecord,
  type GoldenResult,
  type GoldenVariant,
  goldenJob,
  KEYS,
  PROBE,
  PROCESSING_TIMER,
  RECORDS,
} from '../../golden/golden-job.js';
import { changedRowOf, rowOf } from '../../golden/golden-types.js';

type Declared = GoldenVariant['types'];

const NUMBERS = Array.from({ length: RECORDS }, (_, n) => n);
/** Of the key of n = 0, 1, 2 and 3. */
const MEMBERS = [0, 1, 2, 3].map((key) => NUMBERS.filter((n) => n % 4 === key));
/** Enough for each of three subtasks to be asked. */
const PROBES = 12;

const sumOf = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

function entryOf(n: number, declared: Declared): object {
  return declared === 'stored' ? { count: n } : { seen: false, count: n };
}

/** What {@link goldenJob} says of a key after the records of these numbers. */
function expectedState(members: readonly number[], declared: Declared): object {
  const last = members.at(-1) ?? 0;
  return {
    value: declared === 'stored' ? rowOf(last) : changedRowOf(last),
    count: members.length,
    list: members.map((n) => `element ${n}`),
    map: members
      .map((n) => [`entry ${n}`, entryOf(n, declared)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
    largest: last,
    mean: sumOf(members) / members.length,
    loose: { n: last, at: [last] },
    ending: `ending ${last}`,
    endless: `endless ${last}`,
  };
}

/** What a sink was given since it was last asked, as texts that compare by value. */
function taken(harness: PipelineHarness, sink: string): string[] {
  return harness.take(sink).map(({ value }) => jsonText(value));
}

function texts(values: readonly unknown[]): string[] {
  return values.map(jsonText).sort();
}

async function expectGolden(t: Test, harness: PipelineHarness, declared: Declared): Promise<void> {
  for (let probe = 0; probe < PROBES; probe++) {
    await harness.push('in', { n: PROBE + probe } satisfies GoldenRecord, RECORDS * 100);
  }
  for (const [kind, selector] of Object.entries(KEYS)) {
    const from = `keyed-${kind}`;
    const wanted = [0, 1, 2, 3].map((n) => {
      const key = selector({ n });
      const members = NUMBERS.filter((other) => jsonText(selector({ n: other })) === jsonText(key));
      return { from, what: 'state', key, value: expectedState(members, declared) };
    });
    t.same([...new Set(taken(harness, from))].sort(), [...new Set(texts(wanted))].sort(), from);
  }
  await expectOperatorState(t, harness, declared);
  await expectTimers(t, harness);
  await expectWindows(t, harness);
}

async function expectOperatorState(t: Test, harness: PipelineHarness, declared: Declared): Promise<void> {
  const bySubtask = new Map<unknown, { split: unknown[]; union: unknown[] }>();
  for (const { value } of harness.take<GoldenResult>('lists')) {
    bySubtask.set(value.key, value.value as { split: unknown[]; union: unknown[] });
  }
  const split = [...bySubtask.values()].flatMap((lists) => lists.split);
  t.same(texts(split), texts(NUMBERS.map(declared === 'stored' ? rowOf : changedRowOf)), 'split lists');
  for (const { union } of bySubtask.values()) t.same(texts(union), texts(NUMBERS.map((n) => `element ${n}`)));
  const rules = [0, 1, 2].map((n) => [n, entryOf(n, declared)]);
  for (const { value } of harness.take<GoldenResult>('broadcast'))
    t.same(value.value, rules, 'broadcast state');
  t.same(
    texts(harness.take<GoldenResult>('async').map(({ value }) => value.value)),
    texts([0, 1, 2, 3]),
    'requests that were under way',
  );
  t.same(
    harness.take<GoldenResult>('joined').map(({ value }) => value.value),
    MEMBERS[1],
    'records that wait for partners',
  );
}

async function expectTimers(t: Test, harness: PipelineHarness): Promise<void> {
  await harness.advanceProcessingTime(PROCESSING_TIMER - 1);
  for (const kind of Object.keys(KEYS)) t.same(taken(harness, `keyed-${kind}`), [], 'none is early');
  await harness.advanceProcessingTime(PROCESSING_TIMER);
  const timers = (
    from: string,
    selector: (record: GoldenRecord) => unknown,
    base: number,
    numbers: number[],
  ) => texts(numbers.map((n) => ({ from, what: 'timer', key: selector({ n }), value: base + n })));
  for (const [kind, selector] of Object.entries(KEYS)) {
    const from = `keyed-${kind}`;
    t.same(
      taken(harness, from).sort(),
      timers(from, selector, PROCESSING_TIMER, [0, 1, 2, 3]),
      `${from}, processing`,
    );
  }
  await harness.watermark('in', EVENT_TIMER + RECORDS);
  for (const [kind, selector] of Object.entries(KEYS)) {
    const from = `keyed-${kind}`;
    t.same(taken(harness, from).sort(), timers(from, selector, EVENT_TIMER, NUMBERS), `${from}, event`);
  }
}

async function expectWindows(t: Test, harness: PipelineHarness): Promise<void> {
  const perKey = (make: (members: readonly number[], key: number) => unknown) => texts(MEMBERS.map(make));
  t.same(
    taken(harness, 'reduced').sort(),
    perKey((members) => ({ n: members.at(-1) })),
  );
  t.same(
    taken(harness, 'listed').sort(),
    perKey((members, key) => ({ from: 'listed', what: 'window', key: `key ${key}`, value: members })),
  );
  t.same(
    taken(harness, 'evicted').sort(),
    perKey((members) => ({ n: sumOf(members.slice(-3)) })),
  );
  const threeTimes = MEMBERS.flatMap((members) => [sumOf(members), sumOf(members), sumOf(members)]);
  t.same(taken(harness, 'panes').sort(), texts(threeTimes));
  t.same(taken(harness, 'session').sort(), perKey(sumOf));
  taken(harness, 'rolling');
  taken(harness, 'delta');
  t.same(taken(harness, 'counted'), [], 'a record less than it takes');
  for (let key = 0; key < 4; key++) await harness.push('in', { n: RECORDS + key }, EVENT_TIMER * 2);
  const withOneMore = perKey((members, key) => sumOf(members) + RECORDS + key);
  t.same(taken(harness, 'counted').sort(), withOneMore);
  // The third record of each key has fired and purged; the next one is far enough from it, as the fourth was not.
  t.same(
    taken(harness, 'delta').sort(),
    perKey((members, key) => ({ n: (members.at(-1) ?? 0) + RECORDS + key })),
  );
  t.same(
    taken(harness, 'rolling').sort(),
    texts(MEMBERS.map((members, key) => ({ n: sumOf(members) + RECORDS + key }))),
  );
}

/** Each two of them together. */
const RESTORES = [
  { types: 'stored', stateBackend: 'heap', parallelism: 1 },
  { types: 'stored', stateBackend: 'lmdb', parallelism: 3 },
  { types: 'changed', stateBackend: 'heap', parallelism: 3 },
  { types: 'changed', stateBackend: 'lmdb', parallelism: 1 },
] as const;

async function expectRestores(t: Test, folder: string): Promise<void> {
  const snapshot = await snapshotAt(folder);
  for (const { types, ...options } of RESTORES) {
    await t.test(`${types} types, ${options.stateBackend}, parallelism ${options.parallelism}`, async (t) => {
      const harness = await PipelineHarness.restore(snapshot, goldenJob({ types, answers: true }), options);
      t.teardown(() => harness.close());
      await expectGolden(t, harness, types);
    });
  }
}

for (const format of goldenFormats()) {
  for (const kind of [SAVEPOINT, CHECKPOINTS]) {
    t.test(
      `[scenario 20] format ${format}, ${kind}: what was written then is read, as it is and as changed types`,
      (t) => expectRestores(t, join(GOLDEN, format, kind)),
    );
  }
}

t.test('what is written now is read, and its format is among those that are kept', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-golden-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  await writeGolden(folder);
  const kept = await Promise.all(
    goldenFormats().map((format) =>
      formatOf(join(GOLDEN, format, SAVEPOINT), join(GOLDEN, format, CHECKPOINTS)),
    ),
  );
  const present = await formatOf(join(folder, SAVEPOINT), join(folder, CHECKPOINTS));
  t.ok(
    kept.includes(present),
    `${present} is kept in test/golden/savepoints (it has ${kept.join(', ')}); node dist/test/golden/write-golden.js NUMBER adds it`,
  );
  const snapshot = await snapshotAt(join(folder, CHECKPOINTS));
  const harness = await PipelineHarness.restore(snapshot, goldenJob({ types: 'stored', answers: true }), {
    parallelism: 2,
  });
  t.teardown(() => harness.close());
  await expectGolden(t, harness, 'stored');
});

t.test('the fixtures hold what is said of them', async (t) => {
  for (const format of goldenFormats()) {
    const { checkpoint } = await snapshotAt(join(GOLDEN, format, CHECKPOINTS));
    t.ok(
      [...checkpoint.files.keys()].some((key) => key.endsWith('.increment')),
      'increments on bases',
    );
    if (Number(format) < 5) continue;
    const { vertices } = decodeManifest(checkpoint.manifest, 'a fixture');
    const accumulated = vertices.flatMap(({ ended }) => (ended ? Object.values(ended) : []));
    t.strictSame(accumulated, [ACCUMULATED], 'what was accumulated by who had ended');
  }
});
