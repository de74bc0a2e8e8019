import {
  checkStoredKeys,
  invariant,
  isMillraceError,
  KEYS_TABLE,
  type KeyedStateRequest,
  keysText,
  MillraceError,
  type RowMigration,
  type StateTable,
  type TableOptions,
} from '../../core/internal.js';
import { MigratedRow } from './migrated-row.js';
import type { RowFileTable } from './row-file-layout.js';
import { type RowTaker, restoreRows } from './row-restore.js';

/**
 * What a store knows of its tables: the types that the checkpoint names, those that the job declares, and what makes
 * the one of the other while rows are restored.
 *
 * Invariants:
 * - rows in a table are of the type that {@link typeIds} names;
 * - a migration is known before the first row is restored, or there is none.
 */
export class RestoredTables {
  readonly #request: KeyedStateRequest;
  /** The text of the type of the keys, where it is known. */
  readonly #keys: string | undefined;
  /** Of the checkpoint, whether the job declares them or not, and of the job. */
  readonly #typeIds: Map<string, string>;
  readonly #migrations = new Map<string, RowMigration>();
  #waiting: (() => void)[] = [];
  #isRestored = false;

  /** @throws MillraceError MR2103 if what is stored lies under keys of another type */
  constructor(request: KeyedStateRequest) {
    this.#request = request;
    this.#typeIds = new Map(Object.entries(request.restore?.tables ?? {}));
    const { keyType } = request;
    const stored = this.#typeIds.get(KEYS_TABLE);
    if (stored !== undefined && keyType !== undefined) this.#located(() => checkStoredKeys(stored, keyType));
    this.#keys = keyType === undefined ? stored : keysText(keyType);
    this.#typeIds.delete(KEYS_TABLE);
  }

  /** Type of each table, and of the keys, for the next checkpoint. */
  typeIds(): Readonly<Record<string, string>> {
    const tables = Object.fromEntries(this.#typeIds);
    return this.#keys === undefined ? tables : { ...tables, [KEYS_TABLE]: this.#keys };
  }

  /** `make` makes the table, or finds it. @throws MillraceError MR2103 */
  declare(name: string, options: TableOptions, make: () => StateTable): StateTable {
    const stored = this.#typeIds.get(name);
    if (stored !== undefined && stored !== options.typeId) this.#evolve(name, stored, options);
    this.#typeIds.set(name, options.typeId);
    const table = make();
    if (this.#isRestored) options.onRestored?.(table);
    else if (options.onRestored !== undefined) this.#waiting.push(() => options.onRestored?.(table));
    return table;
  }

  /**
   * Reads the rows of the checkpoint, and tells those who wait for them. `takerOf` a table, whose rows come as they
   * are declared. Resolves to whether the files are of no use for the next checkpoint, whose rows have other types.
   */
  async restore(takerOf: (table: RowFileTable, typeId: string) => RowTaker): Promise<boolean> {
    invariant(!this.#isRestored, 'a store is restored once', { uid: this.#request.operatorUid });
    await restoreRows(this.#request, (table) => {
      const take = takerOf(table, this.#typeIds.get(table.name) ?? '');
      const migration = this.#migrations.get(table.name);
      if (migration === undefined) return take;
      const migrated = new MigratedRow(migration);
      return (row) => take(this.#located(() => migrated.of(row)));
    });
    this.#isRestored = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const tell of waiting) tell();
    return this.#migrations.size > 0;
  }

  #evolve(name: string, stored: string, options: TableOptions): void {
    if (options.evolve === undefined) throw this.#typeChanged(name, stored, options.typeId);
    const migration = this.#located(() => options.evolve?.(stored));
    if (migration === undefined) return;
    if (this.#isRestored) throw this.#tooLate(name, stored, options.typeId);
    this.#migrations.set(name, migration);
  }

  #located<T>(make: () => T): T {
    try {
      return make();
    } catch (error) {
      throw isMillraceError(error) ? error.located(this.#where()) : error;
    }
  }

  #where() {
    return { uid: this.#request.operatorUid, subtask: this.#request.subtaskIndex };
  }

  #typeChanged(table: string, stored: string, declared: string): MillraceError {
    return new MillraceError('MR2103', `The stored type of '${table}' is ${stored}.`, {
      where: this.#where(),
      why: `The job declares ${declared}.`,
      hint: 'Declare the type that is stored, or give the state another name to begin it anew.',
    });
  }

  #tooLate(table: string, stored: string, declared: string): MillraceError {
    return new MillraceError(
      'MR2103',
      `'${table}' is stored as ${stored}, and is asked for as ${declared}.`,
      {
        where: this.#where(),
        why: 'Its rows can be migrated while they are restored, and that is over once the operators are open.',
        hint: 'Ask for the state in open().',
      },
    );
  }
}
