import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Makes the checkpoint files of one job unwritable, as a disk that is gone would: where the folder of the
 * state files was, there is a file. Ends with `end`, and everything is as it was.
 *
 * @example
 * ```ts
 * const outage = await StorageOutage.begin('./.millrace/flights');
 * // ... a checkpoint fails ...
 * await outage.end();
 * ```
 */
export class StorageOutage {
  readonly #folder: string;
  readonly #away: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#away = `${folder}.away`;
  }

  /** `jobFolder`: `<execution.checkpointing.dir>/<job name>`. */
  static async begin(jobFolder: string): Promise<StorageOutage> {
    const outage = new StorageOutage(join(jobFolder, 'data'));
    await mkdir(outage.#folder, { recursive: true });
    await rename(outage.#folder, outage.#away);
    await writeFile(outage.#folder, '');
    return outage;
  }

  async end(): Promise<void> {
    await rm(this.#folder);
    await rename(this.#away, this.#folder);
  }
}
