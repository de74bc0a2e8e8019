import { claimName } from '../../../storage/checkpoint/checkpoint-paths.js';
import type { FileView } from '../simulated-disk.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';
import { DiskPicture } from './disk-picture.js';
import { type SeenSlot, slotAt } from './seen-slots.js';

/**
 * Whoever tidies up removes nothing that a completed checkpoint names, seen in the very moment: the slots of the log go
 * before the files that they name, and of a run that goes on the newest completed checkpoint stays.
 *
 * Fair: what only slots name that count for nothing, as no slot above them vouches for them.
 */
export class RetentionChecker extends DiskPicture implements WorldListener {
  readonly #folder: string;
  readonly #verdict: WorldVerdict;
  readonly #slots = new Map<number, SeenSlot>();
  /** How many slots name a path. */
  readonly #named = new Map<string, number>();

  constructor(folder: string, verdict: WorldVerdict) {
    super();
    this.#folder = folder;
    this.#verdict = verdict;
  }

  override onFileNamed(path: string, file: FileView): void {
    super.onFileNamed(path, file);
    this.#enter(path, file);
  }

  override onFileRemoved(path: string): void {
    const file = this.files.get(path);
    const slot = file && slotAt(this.#folder, path, file);
    if (slot !== undefined) this.#onSlotRemoved(slot);
    else if (this.#named.has(path)) this.#onNamedRemoved(path);
    super.onFileRemoved(path);
  }

  override onPowerLost(left: ReadonlyMap<string, FileView>): void {
    super.onPowerLost(left);
    this.#slots.clear();
    this.#named.clear();
    for (const [path, file] of left) this.#enter(path, file);
  }

  #enter(path: string, file: FileView): void {
    const slot = slotAt(this.#folder, path, file);
    if (slot === undefined) return;
    this.#slots.set(slot.slot, slot);
    for (const named of this.#pathsOf(slot)) this.#named.set(named, (this.#named.get(named) ?? 0) + 1);
  }

  #onSlotRemoved(removed: SeenSlot): void {
    const [newest, ...older] = this.#counting();
    const newestCheckpoint = [newest, ...older].find((slot) => slot?.head.kind === 'checkpoint');
    const isNeeded =
      removed === newest || (removed === newestCheckpoint && removed.head.run === newest?.head.run);
    this.#verdict.check(
      !isNeeded || newest?.head.kind === 'result',
      () => `Slot ${removed.slot} of the log is removed, which whoever takes over begins from.`,
    );
    this.#slots.delete(removed.slot);
    for (const path of this.#pathsOf(removed)) {
      const left = (this.#named.get(path) ?? 1) - 1;
      if (left > 0) this.#named.set(path, left);
      else this.#named.delete(path);
    }
  }

  #onNamedRemoved(path: string): void {
    const slot = this.#counting().find((each) => this.#pathsOf(each).includes(path));
    this.#verdict.check(
      slot === undefined,
      () => `${path} is removed, and checkpoint ${slot?.head.newestCheckpointId} names it.`,
    );
  }

  /** From the newest one down, as far as each is vouched for. */
  #counting(): SeenSlot[] {
    const counting: SeenSlot[] = [];
    let above: SeenSlot | undefined = this.#slots.get(Math.max(0, ...this.#slots.keys()));
    while (above !== undefined) {
      counting.push(above);
      const below: SeenSlot | undefined = this.#slots.get(above.slot - 1);
      above = below?.hash === above.head.previousHash ? below : undefined;
    }
    return counting;
  }

  #pathsOf({ keys }: SeenSlot): string[] {
    return keys.map((key) => this.#pathOf(this.#folder, key));
  }

  /** Files that were claimed lie where they lay before. */
  #pathOf(folder: string, key: string): string {
    const name = claimName(key);
    const record = name === undefined ? undefined : this.files.get(`${folder}/claims/${name}`);
    if (name === undefined || record === undefined) return `${folder}/${key}`;
    // A line of JSON, and its seal.
    const [line = ''] = Buffer.from(record.bytes.subarray(0, record.length)).toString().split('\n');
    const claim: unknown = JSON.parse(line);
    const claimed = (claim as { readonly folder: string }).folder;
    return this.#pathOf(claimed, key.slice(`claimed/${name}/`.length));
  }
}
