import { isMillraceError } from '../../../core/internal.js';
import { findNewestCheckpoint, surveyLog } from '../../../storage/checkpoint/job-log.js';
import { ClaimingStore, type ObjectStore } from '../../../storage/index.js';
import type { FileView } from '../simulated-disk.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';
import { DiskPicture } from './disk-picture.js';
import { PictureStore } from './picture-store.js';

/**
 * Reads the job's log as a process would that takes over now: its newest completed checkpoint must be
 * readable, with every file it names there, and none may have to be passed over.
 *
 * Files of a job get their names when they are whole, and never change: where no name has come or gone since the
 * last look, and the power has not gone, the answer is the same.
 */
export class ManifestChecker extends DiskPicture implements WorldListener {
  readonly #folder: string;
  readonly #store: ObjectStore;
  readonly #verdict: WorldVerdict;
  #isSeen = true;

  constructor(folder: string, verdict: WorldVerdict) {
    super();
    this.#folder = folder;
    const storeAt = (root: string): ObjectStore => new PictureStore(this, root);
    this.#store = new ClaimingStore(storeAt(folder), storeAt);
    this.#verdict = verdict;
  }

  override onFileNamed(path: string, file: FileView): void {
    super.onFileNamed(path, file);
    this.#onName(path);
  }

  override onFileRemoved(path: string): void {
    super.onFileRemoved(path);
    this.#onName(path);
  }

  override onPowerLost(left: ReadonlyMap<string, FileView>): void {
    super.onPowerLost(left);
    this.#isSeen = false;
  }

  onStandstill(): Promise<void> | undefined {
    if (this.#isSeen) return undefined;
    this.#isSeen = true;
    return this.#read();
  }

  #onName(path: string): void {
    const folder = this.#folder;
    if (path.startsWith(`${folder}/log/`) || path.startsWith(`${folder}/data/`)) this.#isSeen = false;
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
