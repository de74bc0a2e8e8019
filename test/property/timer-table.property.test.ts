import { deepStrictEqual, strictEqual } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { Watermark } from '../../core/element/watermark.js';
import type { KeyedStateBackend } from '../../core/ports/keyed-state-store.js';
import { StateNamespace } from '../../core/state/key-context.js';
import type { KeyedStateAccess } from '../../core/state/keyed-state-access.js';
import { StateRow } from '../../core/state/state-row.js';
import { TimerTable } from '../../core/state/timer-table.js';
import { HeapStateBackend } from '../../storage/state/heap-state-backend.js';
import { InThreadStateWriter } from '../../storage/state/in-thread-state-writer.js';
import { LmdbStateBackend } from '../../storage/state/lmdb-state-backend.js';
import { check } from '../check.js';
import { KeyedStateLife } from '../keyed-state.js';

/** So few timers are kept in order that most of them are left to the store. */
const NEAR_MAX = 6;

type Command =
  | { readonly op: 'register' | 'remove'; readonly key: number; readonly time: number }
  | { readonly op: 'many'; readonly key: number; readonly time: number; readonly step: number }
  | { readonly op: 'take'; readonly count: number }
  | { readonly op: 'restore' };

const time = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -3, max: 12 }).map((bucket) => bucket * 30_000) },
  { weight: 1, arbitrary: fc.constantFrom(Watermark.MAX, Watermark.MIN + 1, 65_535, 65_536, -1, 2 ** 32) },
);
const key = fc.integer({ min: 0, max: 5 });
const commands: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof<fc.Arbitrary<Command>[]>(
    fc.record({ op: fc.constant('register' as const), key, time }),
    fc.record({ op: fc.constant('remove' as const), key, time }),
    fc.record({ op: fc.constant('many' as const), key, time, step: fc.constantFrom(1, 40, 20_000) }),
    fc.record({ op: fc.constant('take' as const), count: fc.integer({ min: 1, max: 30 }) }),
    fc.constant<Command>({ op: 'restore' }),
  ),
  { maxLength: 60, size: 'max' },
);

/** A table of timers beside a plain set of (time, key). */
class TableWorld {
  readonly #life: KeyedStateLife;
  readonly #row = new StateRow();
  #access: KeyedStateAccess | undefined;
  #table: TimerTable | undefined;
  #model = new Map<string, readonly [number, number]>();

  constructor(backend: KeyedStateBackend) {
    this.#life = new KeyedStateLife(backend);
  }

  async run(list: readonly Command[]): Promise<void> {
    await this.#open();
    for (const command of list) {
      await this.#apply(command);
      strictEqual(this.#table?.count, this.#model.size);
    }
    this.#take(Number.POSITIVE_INFINITY);
    // What was removed may still be looked for, in vain.
    const row = new StateRow();
    while ((this.#table?.firstTime ?? Number.POSITIVE_INFINITY) < Number.POSITIVE_INFINITY)
      strictEqual(this.#table?.take(row), false);
    await this.#access?.store.close();
  }

  async #apply(command: Command): Promise<void> {
    if (command.op === 'restore') await this.#open();
    else if (command.op === 'take') this.#take(command.count);
    else if (command.op === 'many') this.#registerMany(command.key, command.time, command.step);
    else this.#change(command.op, command.key, command.time);
  }

  async #open(): Promise<void> {
    const before = this.#access;
    const handle = before === undefined ? undefined : await this.#life.checkpoint(before);
    await before?.store.close();
    this.#access = await this.#life.open(handle, { managedBytes: 0 });
    this.#table = new TimerTable(this.#access.store, 'timers:test', StateNamespace.VOID, () => {}, NEAR_MAX);
  }

  #registerMany(keyNumber: number, first: number, step: number): void {
    for (let i = 0; i < 20; i++) {
      if (first + i * step <= Watermark.MAX) this.#change('register', keyNumber, first + i * step);
    }
  }

  #change(op: 'register' | 'remove', keyNumber: number, at: number): void {
    this.#access?.keys.setCurrentKey(keyNumber);
    this.#access?.keys.composeTimer(this.#row, at, StateNamespace.VOID);
    if (op === 'register') {
      this.#table?.register(this.#row);
      this.#model.set(`${at} ${keyNumber}`, [at, keyNumber]);
    } else {
      this.#table?.remove(this.#row);
      this.#model.delete(`${at} ${keyNumber}`);
    }
  }

  #take(count: number): void {
    const expected = [...this.#model.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1]).slice(0, count);
    const taken: (readonly [number, number])[] = [];
    const row = new StateRow();
    while (taken.length < expected.length && this.#table !== undefined) {
      strictEqual(
        this.#table.firstTime <= (expected[taken.length]?.[0] ?? 0),
        true,
        'none is later than it says',
      );
      if (!this.#table.take(row)) continue;
      this.#access?.keys.setFromTimer(row, StateNamespace.VOID);
      taken.push([row.time, Number(this.#access?.keys.currentKey)]);
    }
    deepStrictEqual(taken, expected);
    for (const [at, keyNumber] of expected) this.#model.delete(`${at} ${keyNumber}`);
  }
}

t.test('timers come in order, however few of them are kept in memory', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-timers-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  let world = 0;
  const backends: Readonly<Record<string, () => KeyedStateBackend>> = {
    heap: () => new HeapStateBackend(),
    lmdb: () => {
      const writer = new InThreadStateWriter();
      return new LmdbStateBackend(join(folder, `${++world}`), () => writer.connect());
    },
  };
  for (const [name, backend] of Object.entries(backends)) {
    await check(
      `timer table, ${name}`,
      fc.asyncProperty(commands, (list) => new TableWorld(backend()).run(list)),
      { runs: 150 },
    );
  }
});
