import {
  encodeUtf8,
  type KeptRequirements,
  MillraceError,
  type RequirementsByUid,
} from '../../core/internal.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { REQUIREMENTS_PREFIX, requirementsKey, requirementsKeyOrigin } from './checkpoint-paths.js';

const TEXT_BYTES_MAX = 1024 * 1024;
/** How often a text is read that cannot be understood: it may have been damaged on its way. */
const LOOKS_MAX = 3;

/**
 * What a job's rescales have asked for, beside its checkpoints: one JSON object each, `{ declared, wanted }`, under a
 * key that names the run, the leader and its how manyth it is. The newest of the run counts.
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
    const newest = (await this.#store.list(REQUIREMENTS_PREFIX))
      .filter((key) => requirementsKeyOrigin(key)?.run === this.#run)
      .at(-1);
    if (newest === undefined) return undefined;
    for (let looks = 1; ; looks++) {
      const kept = understood(await textOf(this.#store, newest));
      if (kept !== undefined) return kept;
      if (looks === LOOKS_MAX) throw notUnderstood(this.#store.describe(newest));
    }
  }

  /** In place of all others; durable when it resolves. */
  async keep(requirements: KeptRequirements): Promise<void> {
    const key = requirementsKey({ run: this.#run, epoch: this.#epoch, number: ++this.#number });
    await this.#store.createIfAbsent(key, encodeUtf8(JSON.stringify(requirements)));
    const older = (await this.#store.list(REQUIREMENTS_PREFIX)).filter((other) => other < key);
    if (older.length > 0) await this.#store.delete(older);
  }
}

async function textOf(store: ObjectStore, key: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.get(key, { offset: 0, length: TEXT_BYTES_MAX })) chunks.push(chunk.slice());
  return Buffer.concat(chunks).toString();
}

function understood(text: string): KeptRequirements | undefined {
  try {
    const { declared, wanted } = JSON.parse(text) as KeptRequirements;
    return isRequirements(declared) && isRequirements(wanted) ? { declared, wanted } : undefined;
  } catch {
    // Told by whoever has read it often enough.
    return undefined;
  }
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

function notUnderstood(at: string): MillraceError {
  return new MillraceError('MR3004', `What a rescale had asked for cannot be read: ${at}`, {
    where: { at },
    hint: 'rescale the job again',
  });
}
