import { isMillraceError } from '../../../core/internal.js';
import { findNewestCheckpoint, surveyLog } from '../../../storage/checkpoint/job-log.js';
import { ClaimingStore, type ObjectStore } from '../../../storage/index.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';
import type { DiskPicture } from './disk-picture.js';
import { PictureStore } from './picture-store.js';

/**
 * Reads the job's log as a process would that takes over now: its newest completed checkpoint must be
 * readable, with every file it names there, and none may have to be passed over.
 *
 * Files of a job get their names when they are whole, and never change: where no name has come or gone since the
 * last look, and the power has not gone, the answer is the same.
 */
export class ManifestChecker implements WorldListener {
  readonly #folders: readonly string[];
  readonly #store: ObjectStore;
  readonly #verdict: WorldVerdict;
  #isSeen = true;

  constructor(picture: DiskPicture, folder: string, verdict: WorldVerdict) {
    this.#folders = [`${folder}/log/`, `${folder}/data/`];
    const storeAt = (root: string): ObjectStore => new PictureStore(picture, root);
    this.#store = new ClaimingStore(storeAt(folder), storeAt);
    this.#verdict = verdict;
  }

  onFileNamed(path: string): void {
    this.#onName(path);
  }

  onFileRemoved(path: string): void {
    this.#onName(path);
  }

  onPowerLost(): void {
    this.#isSeen = false;
  }

  onStandstill(): Promise<void> | undefined {
    if (this.#isSeen) return undefined;
    this.#isSeen = true;
    return this.#read();
  }

  #onName(path: string): void {
    if (this.#folders.some((folder) => path.startsWith(folder))) this.#isSeen = false;
  }

  async #read(): Promise<void> {
    const [store, verdict] = [this.#store, this.#verdict];
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
