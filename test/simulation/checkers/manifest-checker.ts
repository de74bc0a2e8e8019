import { type FileEntry, isMillraceError } from '../../../core/internal.js';
import { findNewestCheckpoint, surveyLog } from '../../../storage/checkpoint/job-log.js';
import { ClaimingStore, FileObjectStore, type ObjectStore } from '../../../storage/index.js';
import type { SimulatedDisk } from '../simulated-disk.js';
import { SimulatedFileSystem } from '../simulated-file-system.js';
import type { WorldVerdict } from '../world-failure.js';

/**
 * Reads the job's log as a process would that takes over now: its newest completed checkpoint must be
 * readable, with every file it names there, and none may have to be passed over.
 *
 * Files of a job get their names when they are whole, and never change: where the names are those of the last
 * look, on the same disk, so is the answer.
 */
export class ManifestChecker {
  readonly #folder: string;
  readonly #verdict: WorldVerdict;
  #disk: SimulatedDisk | undefined;
  #log: readonly FileEntry[] | undefined;
  #data: readonly FileEntry[] | undefined;

  constructor(folder: string, verdict: WorldVerdict) {
    this.#folder = folder;
    this.#verdict = verdict;
  }

  async look(disk: SimulatedDisk): Promise<void> {
    const log = disk.entries(`${this.#folder}/log`);
    const data = disk.entries(`${this.#folder}/data`);
    if (disk === this.#disk && log === this.#log && data === this.#data) return;
    this.#disk = disk;
    this.#log = log;
    this.#data = data;
    const storeAt = (folder: string): FileObjectStore =>
      new FileObjectStore(new SimulatedFileSystem(disk), folder, 'checker');
    await this.#read(new ClaimingStore(storeAt(this.#folder), storeAt));
  }

  async #read(store: ObjectStore): Promise<void> {
    const verdict = this.#verdict;
    try {
      // A finished job removes its checkpoints.
      if ((await surveyLog(store)).head?.kind === 'result') return;
      await findNewestCheckpoint(store, (id, error) =>
        verdict.fail('wrong', `Checkpoint ${id} is in the log and cannot be read: ${String(error)}`, error),
      );
    } catch (error) {
      const code = isMillraceError(error) ? error.code : 'no code';
      verdict.fail('wrong', `The log of the job cannot be read (${code}): ${String(error)}`, error);
    }
  }
}
