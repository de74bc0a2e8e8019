import type { DiskListener, FileView } from '../simulated-disk.js';

/** The files of a disk, as its events have told of them: shared by checkers, and told before they are. */
export class DiskPicture implements Partial<DiskListener> {
  #files = new Map<string, FileView>();

  get files(): ReadonlyMap<string, FileView> {
    return this.#files;
  }

  onFileNamed(path: string, file: FileView): void {
    this.#files.set(path, file);
  }

  onFileRemoved(path: string): void {
    this.#files.delete(path);
  }

  onPowerLost(left: ReadonlyMap<string, FileView>): void {
    this.#files = new Map(left);
  }
}

export function hasSameBytes(one: FileView, other: FileView): boolean {
  if (one === other) return true;
  return Buffer.compare(one.bytes.subarray(0, one.length), other.bytes.subarray(0, other.length)) === 0;
}
