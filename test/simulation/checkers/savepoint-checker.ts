import type { FileView } from '../simulated-disk.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';
import { type DiskPicture, hasSameBytes } from './disk-picture.js';

/**
 * Savepoints that nobody has claimed stay as they are, to the byte, whatever becomes of who began from them. They
 * are durable when they are told of, so a loss of power is no excuse.
 */
export class SavepointChecker implements WorldListener {
  readonly #picture: DiskPicture;
  readonly #verdict: WorldVerdict;
  /** What must stay. */
  readonly #kept = new Map<string, FileView>();

  constructor(picture: DiskPicture, verdict: WorldVerdict) {
    this.#picture = picture;
    this.#verdict = verdict;
  }

  /** From now on the folder must not change. */
  onSavepointLeft(folder: string): void {
    for (const [path, file] of this.#picture.files)
      if (path.startsWith(`${folder}/`)) this.#kept.set(path, file);
  }

  onFileRemoved(path: string): void {
    this.#verdict.check(!this.#kept.has(path), () => `The file ${path} of a savepoint has gone away.`);
  }

  onFileChanged(file: FileView): void {
    for (const [path, kept] of this.#kept)
      if (kept === file) this.#verdict.fail('wrong', `The file ${path} of a savepoint has changed.`);
  }

  onPowerLost(left: ReadonlyMap<string, FileView>): void {
    for (const [path, kept] of this.#kept) {
      const file = left.get(path);
      const isSame = file !== undefined && hasSameBytes(kept, file);
      this.#verdict.check(isSame, () => `The file ${path} of a savepoint has not outlived a loss of power.`);
      if (file !== undefined) this.#kept.set(path, file);
    }
  }
}
