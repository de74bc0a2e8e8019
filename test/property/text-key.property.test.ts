import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import type { OperatorStateHandle } from '../../core/checkpoint/snapshot-handle.js';
import { redistributeState } from '../../core/checkpoint/state-redistribution.js';
import { javaHashCode, keyGroupOf, keyGroupRangeOf } from '../../core/graph/key-group.js';
import { ByteWriter } from '../../core/serde/byte-writer.js';
import { encodeKey } from '../../core/serde/key-encoding.js';
import { types } from '../../core/serde/types.js';
import { KeyContext, StateNamespace } from '../../core/state/key-context.js';
import type { KeyedStateAccess } from '../../core/state/keyed-state-access.js';
import { LOOK_AHEAD_RECORDS, LookAhead } from '../../core/state/look-ahead.js';
import { rowHash } from '../../core/state/row-hash.js';
import { ValueStateDescriptor } from '../../core/state/state-descriptor.js';
import { StateRow } from '../../core/state/state-row.js';
import { TextKeyWalk, textKeyWords } from '../../core/state/text-key.js';
import { HeapStateBackend } from '../../storage/state/heap-state-backend.js';
import { InThreadStateWriter } from '../../storage/state/in-thread-state-writer.js';
import { LmdbStateBackend } from '../../storage/state/lmdb-state-backend.js';
import { check } from '../check.js';
import { KeyedStateLife, MAX_PARALLELISM } from '../keyed-state.js';

const ALL_KEY_GROUPS = { start: 0, end: MAX_PARALLELISM - 1 };

const plain = fc.string({ unit: fc.constantFrom('\u0002', '\u0003', ' ', 'a', 'b', '~', '\u007f') });
const strange = fc.string({
  unit: fc.constantFrom(
    '\0',
    '\u0001',
    '\u0002',
    'a',
    '\u007f',
    '\u0080',
    '\u0081',
    'é',
    '€',
    '\ud83d',
    '\ude00',
    '😀',
  ),
});
const long = fc
  .tuple(fc.constantFrom('', 'é', 'k'), fc.integer({ min: 15, max: 90 }))
  .map(([head, count]) => {
    return head + 'xyz-'.repeat(count).slice(0, count);
  });
const text = fc.oneof({ weight: 4, arbitrary: plain }, { weight: 3, arbitrary: strange }, long, fc.string());

/** The bytes of a key, in memory that begins anywhere. */
function encoded(key: unknown): {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly length: number;
} {
  const out = new ByteWriter(8);
  out.reserve(3);
  out.position = 3;
  encodeKey(key, out);
  return { bytes: out.bytes, start: 3, length: out.position - 3 };
}

/** Whether each UTF-16 unit of the text is one byte of the key. */
function isPlain(key: string): boolean {
  for (let i = 0; i < key.length; i++) if (key.charCodeAt(i) < 2 || key.charCodeAt(i) > 127) return false;
  return true;
}

t.test('one walk of a plain text finds the bytes, the hash of the row, and that of Java', async () => {
  await check(
    'text walk',
    fc.property(text, fc.nat({ max: 5 }), (key, at) => {
      const walk = new TextKeyWalk();
      const room = textKeyWords(key.length);
      const words = new Int32Array(at + room + 2).fill(-1);
      const length = walk.walk(key, words, at);
      strictEqual(length > 0, isPlain(key));
      ok(
        words.subarray(0, at).every((word) => word === -1),
        'nothing before it',
      );
      ok(
        words.subarray(at + room).every((word) => word === -1),
        'nothing behind it',
      );
      if (length === 0) return;
      const whole = encoded(key);
      const bytes = new Uint8Array(words.buffer, at * 4, room * 4);
      strictEqual(length, whole.length);
      deepStrictEqual(bytes.subarray(0, length), whole.bytes.subarray(whole.start, whole.start + length));
      ok(
        bytes.subarray(length).every((byte) => byte === 0),
        'zeros up to the next multiple of 8',
      );
      strictEqual(room * 4 - length < 8, true, 'and no further');
      strictEqual(walk.hash, rowHash(whole.bytes, whole.start, length));
      strictEqual(walk.code, javaHashCode(key));
    }),
    { runs: 1000 },
  );
});

t.test('a row is told by its bytes, whatever they are of', async () => {
  const part = fc.oneof(text, fc.integer(), fc.boolean(), fc.array(text, { maxLength: 3 }));
  const row = new StateRow();
  await check(
    'row of bytes',
    fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
      const out = row.begin(5);
      for (const each of parts) encodeKey(each, out);
      row.seal();
      strictEqual(row.hash, rowHash(row.bytes, 0, row.length));
      const { bytes, words } = row;
      deepStrictEqual(words.buffer, bytes.buffer);
      strictEqual(words.byteOffset, bytes.byteOffset);
    }),
    { runs: 300 },
  );
});

/** What a record does with the current key, and whether its key was looked at ahead. */
interface TextRecord {
  readonly key: string | number;
  /** It has been given up before its key became current, as a late one is. */
  readonly isDropped: boolean;
  /** Another key that becomes current before it. */
  readonly before: string | number | undefined;
}

const key = fc.oneof({ weight: 12, arbitrary: text }, { weight: 1, arbitrary: fc.integer() });
const record: fc.Arbitrary<TextRecord> = fc.record({
  key,
  isDropped: fc.boolean(),
  before: fc.option(key, { nil: undefined, freq: 4 }),
});
const batch = fc.record({
  records: fc.array(record, { maxLength: LOOK_AHEAD_RECORDS, size: 'max' }),
  isTouched: fc.boolean(),
});

function asRow(key: unknown): unknown {
  const { bytes, start, length } = encoded(key);
  return {
    keyGroup: keyGroupOf(key, MAX_PARALLELISM),
    length,
    prefixLength: length,
    hash: rowHash(bytes, start, length),
    bytes: Buffer.from(bytes.subarray(start, start + length)).toString('hex'),
  };
}

function shown({ keyGroup, length, prefixLength, hash, bytes }: StateRow): unknown {
  const hex = Buffer.from(bytes.subarray(0, length)).toString('hex');
  return { keyGroup, length, prefixLength, hash, bytes: hex };
}

t.test('a key has the same row whether it was looked at ahead or not', async () => {
  await check(
    'rows of texts looked at ahead',
    fc.property(fc.array(batch, { maxLength: 6 }), (batches) => {
      const keys = new KeyContext(ALL_KEY_GROUPS, MAX_PARALLELISM);
      const ahead = new LookAhead(ALL_KEY_GROUPS, MAX_PARALLELISM, keys.texts);
      const become = (key: unknown): void => {
        keys.setCurrentKey(key);
        strictEqual(keys.currentKey, key);
        deepStrictEqual(shown(keys.rowOf(StateNamespace.VOID)), asRow(key));
      };
      for (const { records, isTouched } of batches) {
        if (isTouched) ahead.touch(records, records.length, ({ key }) => key);
        for (const { key, isDropped, before } of records) {
          if (before !== undefined) become(before);
          if (!isDropped) become(key);
        }
      }
    }),
    { runs: 200 },
  );
});

t.test('what the selector throws, and keys of another subtask, wait for their records', async (t) => {
  const keyGroups = keyGroupRangeOf(0, 2, MAX_PARALLELISM);
  const ours = (key: unknown): boolean => keyGroupOf(key, MAX_PARALLELISM) <= keyGroups.end;
  for (const all of [
    Array.from({ length: 12 }, (_, i) => `key-${i}`),
    Array.from({ length: 12 }, (_, i) => i),
  ]) {
    const keys = new KeyContext(keyGroups, MAX_PARALLELISM);
    const ahead = new LookAhead(keyGroups, MAX_PARALLELISM, keys.texts);
    ahead.touch<unknown>(all, all.length, (key) => key);
    t.ok(all.some(ours) && !all.every(ours));
    for (const key of all) {
      if (ours(key)) keys.setCurrentKey(key);
      else t.throws(() => keys.setCurrentKey(key), { code: 'MR2007' });
    }
    t.doesNotThrow(() =>
      ahead.touch<unknown>(all, all.length, (key) => {
        if (key === all[3]) throw new Error('no key');
        return key;
      }),
    );
  }
});

type Command =
  | { readonly op: 'batch'; readonly records: readonly TextRecord[]; readonly isTouched: boolean }
  | { readonly op: 'many'; readonly from: number; readonly count: number; readonly head: string }
  | { readonly op: 'checkpoint'; readonly isFull: boolean }
  | { readonly op: 'restore'; readonly parallelism: number };

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: batch.map((batch) => ({ op: 'batch' as const, ...batch })) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('many' as const),
      from: fc.nat({ max: 3000 }),
      count: fc.nat({ max: 3000 }),
      head: fc.constantFrom('', 'u-', 'grüße-', 'a-longer-name-of-more-than-24-bytes-'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('checkpoint' as const), isFull: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('restore' as const),
      parallelism: fc.integer({ min: 1, max: 3 }),
    }),
  },
);

const countOf = new ValueStateDescriptor('count', types.int32);
const nameOf = new ValueStateDescriptor('name', types.string);

/** One subtask: counts, which are rows of one size, and the keys themselves, which are not. */
class TextSubtask {
  readonly access: KeyedStateAccess;
  readonly #update: (key: unknown) => void;

  constructor(access: KeyedStateAccess) {
    this.access = access;
    const count = access.getState(countOf);
    const name = access.getState(nameOf);
    this.#update = (key) => {
      const before = count.value() ?? 0;
      strictEqual(name.value(), before === 0 ? undefined : `${key}`);
      count.update(before + 1);
      name.update(`${key}`);
    };
  }

  handle(key: unknown): void {
    this.access.keys.setCurrentKey(key);
    this.#update(key);
  }

  /** All keys and their counts. */
  content(): [unknown, number | undefined][] {
    const found: [unknown, number | undefined][] = [];
    this.access.forEachKey(countOf, (key) => found.push([key, this.access.getState(countOf).value()]));
    return found;
  }
}

/** Counts of keys in a number of subtasks, beside a map. */
class TextWorld {
  readonly #life: KeyedStateLife;
  readonly #managedBytes: number;
  #subtasks: readonly TextSubtask[] = [];
  #counts = new Map<unknown, number>();
  #saved: { readonly states: readonly OperatorStateHandle[]; readonly counts: ReadonlyMap<unknown, number> } =
    {
      states: [],
      counts: new Map(),
    };

  constructor(life: KeyedStateLife, managedBytes: number) {
    this.#life = life;
    this.#managedBytes = managedBytes;
  }

  async run(commands: readonly Command[]): Promise<void> {
    await this.#restore(1);
    for (const command of commands) await this.#apply(command);
    await this.#checkpoint(false);
    await this.#restore(2);
    await this.#close();
  }

  async #apply(command: Command): Promise<void> {
    switch (command.op) {
      case 'batch':
        return this.#handleAll(command.records, command.isTouched);
      case 'many': {
        const { from, count, head } = command;
        const records = Array.from({ length: count }, (_, i) => ({
          key: `${head}${from + i}`,
          isDropped: false,
          before: undefined,
        }));
        for (let i = 0; i < count; i += LOOK_AHEAD_RECORDS) {
          this.#handleAll(records.slice(i, i + LOOK_AHEAD_RECORDS), i % 3 !== 0);
        }
        return;
      }
      case 'checkpoint':
        return this.#checkpoint(command.isFull);
      case 'restore':
        return this.#restore(command.parallelism);
    }
  }

  /** The records of a batch, as each subtask has them. */
  #handleAll(records: readonly TextRecord[], isTouched: boolean): void {
    for (const subtask of this.#subtasks) {
      const { start, end } = subtask.access.store.keyGroups;
      const isOwn = (key: unknown): boolean => {
        const group = keyGroupOf(key, MAX_PARALLELISM);
        return group >= start && group <= end;
      };
      const own = records.filter(({ key }) => isOwn(key));
      if (isTouched) subtask.access.ahead.touch(own, own.length, ({ key }) => key);
      for (const { key, isDropped, before } of own) {
        if (before !== undefined && isOwn(before)) this.#handle(subtask, before);
        if (!isDropped) this.#handle(subtask, key);
      }
    }
  }

  #handle(subtask: TextSubtask, key: unknown): void {
    subtask.handle(key);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  async #checkpoint(isFull: boolean): Promise<void> {
    const states: OperatorStateHandle[] = [];
    for (const { access } of this.#subtasks) {
      states.push({ keyed: await this.#life.checkpoint(access, isFull), lists: {} });
    }
    this.#saved = { states, counts: new Map(this.#counts) };
  }

  async #restore(parallelism: number): Promise<void> {
    await this.#close();
    const states = redistributeState(this.#saved.states, parallelism, MAX_PARALLELISM);
    const subtasks: TextSubtask[] = [];
    for (const [subtaskIndex, { keyed }] of states.entries()) {
      const keyGroups = keyGroupRangeOf(subtaskIndex, parallelism, MAX_PARALLELISM);
      const changes = { subtaskIndex, keyGroups, managedBytes: this.#managedBytes };
      const declare = (access: KeyedStateAccess): void => {
        access.getState(countOf);
        access.getState(nameOf);
      };
      subtasks.push(new TextSubtask(await this.#life.open(keyed, changes, declare)));
    }
    this.#subtasks = subtasks;
    this.#counts = new Map(this.#saved.counts);
    const content = new Map(subtasks.flatMap((subtask) => subtask.content()));
    deepStrictEqual(content, this.#counts);
  }

  async #close(): Promise<void> {
    for (const { access } of this.#subtasks) await access.store.close();
    this.#subtasks = [];
  }
}

const STORES = ['heap', 'LMDB, 0 bytes', 'LMDB, 4 MiB'] as const;

for (const store of STORES) {
  t.test(
    `counts by text are those of a map, after restores and at other parallelisms: ${store}`,
    async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'millrace-texts-'));
      t.teardown(() => rmSync(folder, { recursive: true, force: true }));
      let world = 0;
      await check(
        `counts by text, ${store}`,
        fc.asyncProperty(fc.array(command, { maxLength: 12 }), async (commands) => {
          const writer = new InThreadStateWriter();
          const path = join(folder, `${++world}`);
          const backend =
            store === 'heap' ? new HeapStateBackend() : new LmdbStateBackend(path, () => writer.connect());
          const managedBytes = store === 'LMDB, 4 MiB' ? 4 * 1024 * 1024 : 0;
          await new TextWorld(new KeyedStateLife(backend), managedBytes).run(commands);
        }),
        { runs: 25 },
      );
    },
  );
}
