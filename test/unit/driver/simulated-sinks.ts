import type { Sink, SinkWriter } from '../../../core/index.js';
import type { SimulationIO } from '../../driver/index.js';

export interface Row {
  readonly id: number;
  readonly user: string;
  readonly amount: number;
}

/** What a test's database holds, in the order in which it came, and by id. */
export class Database {
  readonly rows: Row[] = [];
  readonly table = new Map<number, Row>();
  readonly committed = new Set<string>();
  /** Of the newest process that has written. */
  epoch = 0;
}

export type DatabaseIO = SimulationIO<Database>;

/** Where a sink leaves its rows. */
export const inRows = (database: Database): readonly Row[] => database.rows;
export const inTable = (database: Database): Iterable<Row> => database.table.values();

const BATCH = 4;

/** Right: writing a row again changes nothing. */
export function upsertSink({ world }: DatabaseIO): Sink<Row> {
  return { createWriter: () => ({ write: (row) => void world.table.set(row.id, row), flush() {} }) };
}

/** Wrong: after a recovery the same row is there twice. */
export function insertSink({ world }: DatabaseIO): Sink<Row> {
  return { createWriter: () => ({ write: (row) => void world.rows.push(row), flush() {} }) };
}

interface Transaction {
  readonly id: string;
  readonly rows: readonly Row[];
}

/** Right: rows are seen when their checkpoint is complete; a transaction that comes again is known. */
export function transactionSink({ world }: DatabaseIO): Sink<Row, Transaction> {
  return {
    createWriter: (context) =>
      transactionWriter(`${context.epoch}-${context.attempt}-${context.subtaskIndex}`),
    createCommitter: () => ({ commit: async (transactions) => commitOnce(world, transactions) }),
  };
}

/** Wrong: rows are seen before anybody knows whether their checkpoint will be complete. */
export function hastySink({ world }: DatabaseIO): Sink<Row, Transaction> {
  return {
    createWriter: (context) => {
      const writer = transactionWriter(`${context.epoch}-${context.attempt}-${context.subtaskIndex}`);
      return {
        write: (row, at) => writer.write(row, at),
        flush() {},
        prepareCommit: async () => {
          commitOnce(world, (await writer.prepareCommit?.()) ?? []);
          return [];
        },
      };
    },
    createCommitter: () => ({ commit: async () => {} }),
  };
}

/** Wrong: a commit that comes again inserts again. */
export function forgettingCommitterSink({ world }: DatabaseIO): Sink<Row, Transaction> {
  return {
    ...transactionSink({ world, source: unused, sleep: unused }),
    createCommitter: () => ({
      commit: async (transactions) => {
        for (const { rows } of transactions) world.rows.push(...rows);
      },
    }),
  };
}

function unused(): never {
  throw new Error('A sink asks for no such thing.');
}

function transactionWriter(writer: string): SinkWriter<Row, Transaction> {
  let rows: Row[] = [];
  let number = 0;
  return {
    write: (row) => void rows.push(row),
    flush() {},
    prepareCommit() {
      const transaction = { id: `${writer}-${number++}`, rows };
      rows = [];
      return transaction.rows.length === 0 ? [] : [transaction];
    },
  };
}

function commitOnce(database: Database, transactions: readonly Transaction[]): void {
  for (const { id, rows } of transactions) {
    if (database.committed.has(id)) continue;
    database.committed.add(id);
    database.rows.push(...rows);
  }
}

/** Writes rows by the batch; `keeps`: what is left of a batch goes into the checkpoint, `restores`: and comes back. */
function batchSink({ world }: DatabaseIO, { keeps, restores }: BatchConduct): Sink<Row, never, Row> {
  return {
    createWriter: (_, restored) => {
      let batch: Row[] = restores ? [...restored] : [];
      const write = (): void => {
        for (const row of batch) world.table.set(row.id, row);
        batch = [];
      };
      return {
        write: (row) => {
          batch.push(row);
          if (batch.length >= BATCH) write();
        },
        flush: (endOfInput) => {
          if (endOfInput) write();
        },
        snapshotState: () => (keeps ? [...batch] : []),
      };
    },
  };
}

interface BatchConduct {
  readonly keeps: boolean;
  readonly restores: boolean;
}

/** Right. */
export function keptBatchSink(io: DatabaseIO): Sink<Row, never, Row> {
  return batchSink(io, { keeps: true, restores: true });
}

/** Wrong: the checkpoint is complete, and what was in the batch is in none. */
export function forgottenBatchSink(io: DatabaseIO): Sink<Row, never, Row> {
  return batchSink(io, { keeps: false, restores: true });
}

/** Wrong: what was in the batch is in the checkpoint, and nobody asks for it. */
export function unrestoredBatchSink(io: DatabaseIO): Sink<Row, never, Row> {
  return batchSink(io, { keeps: true, restores: false });
}

/** Right: a database that takes its time, waited for at each checkpoint. */
export function slowUpsertSink(io: DatabaseIO): Sink<Row> {
  return slowSink(io, 0.5);
}

function slowSink({ world, sleep }: DatabaseIO, tookMs: number): Sink<Row> {
  return {
    createWriter: () => {
      const open = new Set<Promise<void>>();
      return {
        write: (row) => {
          const request = sleep(tookMs).then(async () => {
            await Promise.resolve();
            world.table.set(row.id, row);
            open.delete(request);
          });
          open.add(request);
        },
        get busy() {
          return open.size >= BATCH ? Promise.race(open) : undefined;
        },
        flush: async () => {
          await Promise.all(open);
        },
      };
    },
  };
}

/** Wrong: nobody waits for the database, before the end. */
export function unawaitedSink(io: DatabaseIO): Sink<Row> {
  const slow = slowSink(io, 5);
  return {
    createWriter: (context, restored) => {
      const writer = slow.createWriter(context, restored);
      return {
        write: (row, at) => writer.write(row, at),
        flush: (endOfInput) => (endOfInput ? writer.flush(endOfInput) : undefined),
      };
    },
  };
}

/** Wrong: whoever comes again is sent away. */
export function refusingSink({ world }: DatabaseIO): Sink<Row> {
  return {
    createWriter: () => ({
      write: (row) => {
        if (world.table.has(row.id)) throw new Error(`There is a row ${row.id}.`);
        world.table.set(row.id, row);
      },
      flush() {},
    }),
  };
}

/** Wrong: keeps the last row of each user, and a process that was taken over writes over a later one. */
export function lastOfUserSink({ world }: DatabaseIO): Sink<Row> {
  return { createWriter: () => ({ write: (row) => void world.table.set(userNumber(row), row), flush() {} }) };
}

/** Right: whoever is older than the one that has written is passed over. */
export function fencedLastOfUserSink({ world }: DatabaseIO): Sink<Row> {
  return {
    createWriter: ({ epoch }) => ({
      write: (row) => {
        if (epoch < world.epoch) return;
        world.epoch = epoch;
        world.table.set(userNumber(row), row);
      },
      flush() {},
    }),
  };
}

function userNumber({ user }: Row): number {
  return Number(user.slice('user-'.length));
}
