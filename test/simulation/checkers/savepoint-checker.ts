import type { SimulatedDisk } from '../simulated-disk.js';
import type { WorldVerdict } from '../world-failure.js';

/** Savepoints that nobody has claimed stay as they are, to the byte, whatever becomes of who began from them. */
export class SavepointChecker {
  readonly #verdict: WorldVerdict;
  readonly #files = new Map<string, { readonly bytes: Uint8Array }>();

  constructor(verdict: WorldVerdict) {
    this.#verdict = verdict;
  }

  /** From now on the folder must not change. */
  watch(folder: string, disk: SimulatedDisk): void {
    for (const below of [folder, `${folder}/data`]) {
      for (const { name, isFolder } of disk.entries(below)) {
        const inode = disk.find(`${below}/${name}`);
        if (isFolder || inode === undefined) continue;
        this.#files.set(`${below}/${name}`, { bytes: inode.bytes.slice(0, inode.length) });
      }
    }
  }

  look(disk: SimulatedDisk): void {
    for (const [path, { bytes }] of this.#files) {
      const found = disk.find(path);
      const same = found?.length === bytes.length && bytes.every((byte, i) => byte === found.bytes[i]);
      this.#verdict.check(same, () => `The file ${path} of a savepoint has changed, or has gone away.`);
    }
  }
}
