import { type Clock, invariant, MillraceError } from '../../core/internal.js';

/** A savepoint, a disposal, a checkpoint: what takes longer than a request may, and is asked about by its id. */
export type OperationOutcome =
  | { readonly type: 'in-progress' }
  /** `value`: what JSON can hold, or undefined. */
  | { readonly type: 'completed'; readonly value: unknown }
  | { readonly type: 'failed'; readonly error: unknown };

interface Operation {
  outcome: OperationOutcome;
  /** Monotonic; undefined while it runs. */
  endedMs: number | undefined;
  /** Its end was told to somebody. */
  read: boolean;
}

export interface OperationStoreSettings {
  readonly clock: Clock;
  /** A new id of 32 hex digits. */
  readonly newId: () => string;
  /** How long an outcome can be asked for. */
  readonly keepMs: number;
}

const OPERATIONS_MAX = 1000;
const TRIGGER_ID = /^[0-9a-f]{32}$/;

/**
 * The operations that were triggered, each under what it is done to and its trigger id.
 *
 * Invariants: an id names one operation, so a request that comes again starts nothing; an outcome never changes;
 * there are at most {@link OPERATIONS_MAX}.
 */
export class OperationStore {
  readonly #settings: OperationStoreSettings;
  readonly #operations = new Map<string, Operation>();
  #onRead = (): void => {};

  constructor(settings: OperationStoreSettings) {
    this.#settings = settings;
  }

  /**
   * Starts `work`, unless that id was given before; answers with the id.
   *
   * @param triggerId what the client chose; undefined or null lets the store choose
   * @throws MillraceError MR7003 for an id that is none, MR5003 where there are too many
   */
  start(subject: string, triggerId: unknown, work: () => Promise<unknown>): string {
    this.#forget();
    const id = triggerId ?? this.#settings.newId();
    if (typeof id !== 'string' || !TRIGGER_ID.test(id)) {
      throw new MillraceError('MR7003', 'A trigger id has 32 hex digits in lower case.');
    }
    const key = keyOf(subject, id);
    if (this.#operations.has(key)) return id;
    if (this.#operations.size >= OPERATIONS_MAX) {
      throw new MillraceError('MR5003', 'Too many operations are under way; ask again later.');
    }
    const operation: Operation = { outcome: { type: 'in-progress' }, endedMs: undefined, read: false };
    this.#operations.set(key, operation);
    work().then(
      (value) => this.#end(operation, { type: 'completed', value }),
      (error: unknown) => this.#end(operation, { type: 'failed', error }),
    );
    return id;
  }

  /** @throws MillraceError MR7002 for an operation that is not known, or not any more */
  outcome(subject: string, id: string): OperationOutcome {
    this.#forget();
    const operation = this.#operations.get(keyOf(subject, id));
    if (operation === undefined) {
      throw new MillraceError(
        'MR7002',
        `There is no operation with the trigger id ${id} of that kind and job.`,
      );
    }
    if (operation.endedMs !== undefined) {
      operation.read = true;
      this.#onRead();
    }
    return operation.outcome;
  }

  /** Resolves once the end of every operation was told to somebody. */
  allRead(): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if ([...this.#operations.values()].every(({ read }) => read)) resolve();
      };
      this.#onRead = look;
      look();
    });
  }

  #end(operation: Operation, outcome: OperationOutcome): void {
    invariant(operation.endedMs === undefined, 'an operation ends once', {});
    operation.outcome = outcome;
    operation.endedMs = this.#settings.clock.monotonicMs();
  }

  #forget(): void {
    const { clock, keepMs } = this.#settings;
    const before = clock.monotonicMs() - keepMs;
    for (const [key, { endedMs }] of this.#operations) {
      if (endedMs !== undefined && endedMs < before) this.#operations.delete(key);
    }
  }
}

function keyOf(subject: string, id: string): string {
  return `${subject}/${id}`;
}
