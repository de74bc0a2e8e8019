import { deepStrictEqual } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { type FormerStates, redistributeState } from '../../core/checkpoint/state-redistribution.js';
import { keyGroupRangeOf } from '../../core/graph/key-group.js';
import type { KeyedStateBackend, KeyedStateStore, StateTable } from '../../core/ports/keyed-state-store.js';
import { ByteReader } from '../../core/serde/byte-reader.js';
import { ByteWriter } from '../../core/serde/byte-writer.js';
import { StateRow } from '../../core/state/state-row.js';
import { HeapStateBackend } from '../../storage/state/heap-state-backend.js';
import { InThreadStateWriter } from '../../storage/state/in-thread-state-writer.js';
import { LmdbStateBackend } from '../../storage/state/lmdb-state-backend.js';
import { check } from '../check.js';
import { MemoryStateFiles } from '../state-files.js';
import { restoredStore } from './state-store-world.js';

/**
 * Increments on a base are dealt out to another number of subtasks, again and again: a file then counts for some key
 * groups of those that it holds, may be named twice for one subtask, and may lie behind increments on another.
 */

const MAX_PARALLELISM = 8;
const KEYS = 24;

/** Rows are deleted where the value is 0. */
interface Edit {
  readonly key: number;
  readonly value: number;
}

/** A time at one parallelism: a checkpoint follows each list of edits. */
interface Stay {
  readonly parallelism: number;
  readonly edits: readonly (readonly Edit[])[];
}

// Mostly rows that are there already, so that one has a history in several files.
const edit = fc.record({
  key: fc.oneof(fc.nat({ max: 5 }), fc.nat({ max: KEYS - 1 })),
  value: fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.nat({ max: 99 }) }),
});
const edits = fc.array(edit, { maxLength: 6 });
const stay: fc.Arbitrary<Stay> = fc.record({
  parallelism: fc.integer({ min: 1, max: 4 }),
  edits: fc.array(edits, { minLength: 1, maxLength: 3 }),
});
const stays = fc.array(stay, { minLength: 2, maxLength: 6 });

class Subtask {
  readonly #row = new StateRow();
  readonly #store: KeyedStateStore;
  readonly #table: StateTable;

  constructor(store: KeyedStateStore) {
    this.#store = store;
    this.#table = store.table('state:value', {
      typeId: 'value<dynamic>',
      ordered: false,
      fixedValueBytes: 0,
    });
  }

  owns(key: number): boolean {
    const { start, end } = this.#store.keyGroups;
    return keyGroupOf(key) >= start && keyGroupOf(key) <= end;
  }

  apply({ key, value }: Edit): void {
    const row = this.#rowOf(key);
    if (value === 0) {
      this.#table.delete(row);
      return;
    }
    const bytes = new ByteWriter(1);
    bytes.bytes[0] = value;
    bytes.position = 1;
    this.#table.put(row, bytes, 0);
  }

  /** Undefined for a row that is not there. */
  valueOf(key: number): number | undefined {
    const into = new ByteReader();
    return this.#table.get(this.#rowOf(key), into) ? into.bytes[into.position] : undefined;
  }

  async checkpoint(id: number, files: MemoryStateFiles) {
    const snapshot = this.#store.snapshot(id);
    const handle = await snapshot.write(files.writerFor(id));
    snapshot.discard();
    this.#store.notifyCheckpointComplete(id);
    return structuredClone(handle);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #rowOf(key: number): StateRow {
    const out = this.#row.begin(keyGroupOf(key));
    out.bytes[0] = key;
    out.position = 1;
    this.#row.seal();
    return this.#row;
  }
}

function keyGroupOf(key: number): number {
  return key % MAX_PARALLELISM;
}

async function expectAllRows(backend: KeyedStateBackend, stays: readonly Stay[]): Promise<void> {
  const files = new MemoryStateFiles();
  const known = new Map<number, number>();
  let former: FormerStates = [];
  let checkpointId = 0;
  for (const [attempt, { parallelism, edits }] of stays.entries()) {
    const states = redistributeState(former, parallelism, MAX_PARALLELISM);
    const subtasks: Subtask[] = [];
    for (const [subtaskIndex, { keyed }] of states.entries()) {
      const keyGroups = keyGroupRangeOf(subtaskIndex, parallelism, MAX_PARALLELISM);
      const request = { operatorUid: 'values', subtaskIndex, attempt, keyGroups, managedBytes: 0 };
      subtasks.push(new Subtask(await restoredStore(backend, { ...request, restore: keyed, reader: files })));
    }
    const ownerOf = (key: number) => subtasks.find((subtask) => subtask.owns(key));
    const rows = Array.from({ length: KEYS }, (_, key) => ownerOf(key)?.valueOf(key));
    deepStrictEqual(
      rows,
      rows.map((_, key) => known.get(key)),
    );
    for (const each of edits) {
      for (const change of each) {
        ownerOf(change.key)?.apply(change);
        if (change.value === 0) known.delete(change.key);
        else known.set(change.key, change.value);
      }
      checkpointId++;
      const handles = await Promise.all(subtasks.map((subtask) => subtask.checkpoint(checkpointId, files)));
      former = handles.map((keyed) => ({ keyed, lists: {} }));
    }
    for (const subtask of subtasks) await subtask.close();
  }
}

t.test('the heap backend finds each row as it was written last, however often it is dealt out', async () => {
  const backend = new HeapStateBackend();
  const property = fc.asyncProperty(stays, (drawn) => expectAllRows(backend, drawn));
  await check('heap state that is rescaled', property, { runs: 300 });
});

t.test('the LMDB backend finds each row as it was written last, however often it is dealt out', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-rescaled-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const writer = new InThreadStateWriter();
  let world = 0;
  const property = fc.asyncProperty(stays, (drawn) => {
    const backend = new LmdbStateBackend(join(folder, `${++world}`), () => writer.connect());
    return expectAllRows(backend, drawn);
  });
  await check('LMDB state that is rescaled', property, { runs: 100 });
});
