import { type KeptRequirements, MillraceError, type RequirementsByUid } from '../../core/internal.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { REQUIREMENTS_PREFIX, requirementsKey, requirementsKeyOrigin } from './checkpoint-paths.js';
import { readSealedText, sealedText } from './sealed-text.js';

/** How often a list is asked for that names what is no more. */
const LISTS_MAX = 20;
const HINT = 'restore the file from a copy, or remove it: the job begins at the parallelism that it declares';

/**
 * What a job's rescales have asked for, beside its checkpoints: one sealed JSON object each, `{ declared, wanted }`,
 * under a key that names the run, the leader and its how manyth it is. The newest of the run counts.
 *
 * Invariants: what a leader of another run wrote counts for nothing; what an earlier leader wrote late counts only
 * while no later one has written any.
 */
export class RequirementsRecord {
  readonly #store: ObjectStore;
  readonly #run: number;
  readonly #epoch: number;
  #number = 0;

  /** For who leads the job, with the epoch of its lead. */
  constructor(store: ObjectStore, { run, epoch }: { readonly run: number; readonly epoch: number }) {
    this.#store = store;
    this.#run = run;
    this.#epoch = epoch;
  }

  /** Undefined: nobody has rescaled this run. Rejects with MR3004 if it cannot be understood. */
  async load(): Promise<KeptRequirements | undefined> {
    for (let lists = 1; ; lists++) {
      const newest = (await this.#store.list(REQUIREMENTS_PREFIX))
        .filter((key) => requirementsKeyOrigin(key)?.run === this.#run)
        .at(-1);
      if (newest === undefined) return undefined;
      const kept = await readSealedText(this.#store, newest, understood, HINT);
      if (kept !== undefined) return kept;
      // One goes when a newer one is there: somebody else leads meanwhile.
      if (lists === LISTS_MAX) throw missing(this.#store.describe(newest));
    }
  }

  /** In place of all others; durable when it resolves. */
  async keep(requirements: KeptRequirements): Promise<void> {
    const key = requirementsKey({ run: this.#run, epoch: this.#epoch, number: ++this.#number });
    await this.#store.createIfAbsent(key, sealedText(requirements));
    const older = (await this.#store.list(REQUIREMENTS_PREFIX)).filter((other) => other < key);
    if (older.length > 0) await this.#store.delete(older);
  }
}

function understood(value: unknown): KeptRequirements | undefined {
  const { declared, wanted } = (value ?? {}) as Partial<KeptRequirements>;
  return isRequirements(declared) && isRequirements(wanted) ? { declared, wanted } : undefined;
}

function isRequirements(value: unknown): value is RequirementsByUid {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every(
      (bounds) =>
        typeof bounds === 'object' &&
        bounds !== null &&
        Number.isSafeInteger(bounds.lowerBound) &&
        Number.isSafeInteger(bounds.upperBound) &&
        bounds.lowerBound >= 1 &&
        bounds.upperBound >= bounds.lowerBound,
    )
  );
}

function missing(at: string): MillraceError {
  return new MillraceError('MR3008', `What a rescale has asked for is missing: ${at}`, {
    where: { at },
    why: 'it is listed, and cannot be found',
    hint: 'see whether something else removes files of the checkpoint folder',
  });
}
