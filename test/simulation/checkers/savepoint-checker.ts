import type { FileView } from '../simulated-disk.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';
import { DiskPicture, hasSameBytes } from './disk-picture.js';

/**
 * Savepoints that nobody has claimed stay as they are, to the byte, whatever becomes of who began from them. They
 * are durable when they are told of, so a loss of power is no excuse.
 */
export class SavepointChecker extends DiskPicture implements WorldListener {
  readonly #verdict: WorldVerdict;
  /** What must stay. */
  readonly #kept = new Map<string, FileView>();

  constructor(verdict: WorldVerdict) {
    super();
    this.#verdict = verdict;
  }

  /** From now on the folder must not change. */
  onSavepointLeft(folder: string): void {
    for (const [path, file] of this.files) if (path.startsWith(`${folder}/`)) this.#kept.set(path, file);
  }

  override onFileRemoved(path: string): void {
    super.onFileRemoved(path);
    this.#verdict.check(!this.#kept.has(path), () => `The file ${path} of a savepoint has gone away.`);
  }

  onFileChanged(file: FileView): void {
    for (const [path, kept] of this.#kept)
      this.#verdict.check(kept !== file, () => `The file ${path} of a savepoint has changed.`);
  }

  override onPowerLost(left: ReadonlyMap<string, FileView>): void {
    super.onPowerLost(left);
    for (const [path, kept] of this.#kept) {
      const file = left.get(path);
      const isSame = file !== undefined && hasSameBytes(kept, file);
      this.#verdict.check(isSame, () => `The file ${path} of a savepoint has not outlived a loss of power.`);
      if (file !== undefined) this.#kept.set(path, file);
    }
  }
}
