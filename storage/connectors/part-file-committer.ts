import { accountOf, type Committer, type FileSystem, MillraceError, types } from '../../core/internal.js';

/** A finished file that waits for its checkpoint. Plain data: it goes into checkpoints. */
export interface PartFile {
  /** Its present, hidden path. */
  readonly pending: string;
  /** Its path once it is committed. */
  readonly target: string;
  readonly sizeBytes: number;
}

/** {@link PartFile} in checkpoints. */
export const PART_FILE = types.object({
  pending: types.string,
  target: types.string,
  sizeBytes: types.float64,
});

/**
 * Makes finished part files visible.
 *
 * Invariants:
 * - a visible file is whole: its bytes were durable before its checkpoint was complete, and it gets its
 *   visible name as a second name of the same file, atomically;
 * - a visible file is never written, renamed or removed; its hidden name goes only when the visible one is
 *   durable, so that a loss of power in between leaves what is to be committed again, the same;
 * - committing again changes nothing: the hidden name is gone and the visible one there, or both are names of
 *   one file and the hidden one goes.
 */
export class PartFileCommitter implements Committer<PartFile> {
  readonly #fileSystem: FileSystem;

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem;
  }

  async commit(files: readonly PartFile[]): Promise<void> {
    for (const file of files) await this.#commitFile(file);
  }

  async #commitFile(file: PartFile): Promise<void> {
    const pending = await this.#fileSystem.stat(file.pending);
    if (pending === undefined) {
      await this.#expectCommitted(file);
      return;
    }
    if (pending.sizeBytes !== file.sizeBytes) throw damaged(file, file.pending, pending.sizeBytes);
    if (!(await this.#link(file))) await this.#expectSameFile(file, pending.identity);
    await this.#fileSystem.remove(file.pending);
  }

  async #link(file: PartFile): Promise<boolean> {
    try {
      return await this.#fileSystem.link(file.pending, file.target);
    } catch (error) {
      // Another process may have committed the same checkpoint since the hidden name was seen.
      if ((await this.#fileSystem.stat(file.pending)) !== undefined) throw notCommitted(file, error);
      await this.#expectCommitted(file);
      return true;
    }
  }

  async #expectCommitted(file: PartFile): Promise<void> {
    const target = await this.#fileSystem.stat(file.target);
    if (target === undefined) {
      throw new MillraceError(
        'MR6005',
        `The output file ${file.target} cannot be committed: its data is gone.`,
        {
          why: `A completed checkpoint holds it, and neither it nor its pending form ${file.pending} exists.`,
          hint: 'Somebody removed it. Put it back from a copy, or start the job afresh with an empty output folder.',
        },
      );
    }
    if (target.sizeBytes !== file.sizeBytes) throw damaged(file, file.target, target.sizeBytes);
  }

  async #expectSameFile(file: PartFile, identity: string): Promise<void> {
    const target = await this.#fileSystem.stat(file.target);
    if (target === undefined) throw notCommitted(file, undefined);
    if (target.identity === identity) return;
    throw new MillraceError(
      'MR6006',
      `The output file ${file.target} cannot be committed: its name is taken.`,
      {
        why: 'There is another file of this name, which this sink has not written. It was left as it is.',
        hint: 'Two jobs may be writing into one folder: give each a folder of its own. Then resume the job.',
      },
    );
  }
}

function damaged(file: PartFile, path: string, sizeBytes: number): MillraceError {
  return new MillraceError('MR6005', `The output file ${path} is damaged.`, {
    why: `It has ${sizeBytes} bytes where ${file.sizeBytes} were written.`,
    hint: 'Somebody changed it. Put it back from a copy, or start the job afresh with an empty output folder.',
  });
}

function notCommitted(file: PartFile, cause: unknown): MillraceError {
  return new MillraceError('MR6004', `The output file ${file.target} could not be committed.`, {
    why: accountOf(cause),
    hint: 'It is tried again. See that the output folder is there and may be written by this user.',
    cause,
  });
}
