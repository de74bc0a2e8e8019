import { claimName } from '../../../storage/checkpoint/checkpoint-paths.js';
import type { FileView } from '../simulated-disk.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';
import type { DiskPicture } from './disk-picture.js';
import { type SeenSlot, slotAt } from './seen-slots.js';

interface LoggedSlot extends SeenSlot {
  /** Where the files are that it names. */
  readonly paths: readonly string[];
}

/**
 * Whoever tidies up removes nothing that a completed checkpoint names, seen in the very moment: the slots of the log go
 * before the files that they name, and of a run that goes on the newest completed checkpoint stays. When old ones have
 * been removed, there are no more of the run than are to be kept.
 *
 * Fair: what only slots name that count for nothing, as no slot above them vouches for them.
 */
export class RetentionChecker implements WorldListener {
  readonly #picture: DiskPicture;
  readonly #folder: string;
  readonly #verdict: WorldVerdict;
  readonly #counts: boolean;
  readonly #slots = new Map<number, LoggedSlot>();
  /** How many slots name a path. */
  readonly #named = new Map<string, number>();

  /**
   * `counts`: not where a leader that was overtaken removes what it would have kept, or somebody's late claim is one
   * more.
   */
  constructor(picture: DiskPicture, folder: string, verdict: WorldVerdict, { counts = true } = {}) {
    this.#counts = counts;
    this.#picture = picture;
    this.#folder = folder;
    this.#verdict = verdict;
  }

  onFileNamed(path: string, file: FileView): void {
    this.#enter(path, file);
  }

  onFileRemoved(path: string): void {
    if (this.#named.has(path)) this.#onNamedRemoved(path);
    else if (path.startsWith(`${this.#folder}/log/`)) this.#onSlotRemoved(this.#slots.get(slotNumber(path)));
  }

  onPowerLost(left: ReadonlyMap<string, FileView>): void {
    this.#slots.clear();
    this.#named.clear();
    for (const [path, file] of left) this.#enter(path, file);
  }

  onCheckpointsRetained(count: number): void {
    if (!this.#counts) return;
    const slots = [...this.#slots.values()];
    const run = Math.max(...slots.map(({ head }) => head.run));
    const kept = slots.filter(({ head }) => head.kind === 'checkpoint' && head.run === run).length;
    this.#verdict.check(kept <= count, () => `${count} checkpoints are to be kept, and there are ${kept}.`);
  }

  #enter(path: string, file: FileView): void {
    const slot = slotAt(this.#folder, path, file);
    if (slot === undefined) return;
    const paths = slot.keys.map((key) => this.#pathOf(this.#folder, key));
    this.#slots.set(slot.slot, { ...slot, paths });
    for (const named of paths) this.#named.set(named, (this.#named.get(named) ?? 0) + 1);
  }

  #onSlotRemoved(removed: LoggedSlot | undefined): void {
    if (removed === undefined) return;
    const counting = this.#counting();
    const [newest] = counting;
    const checkpoint = counting.find(({ head }) => head.kind === 'checkpoint');
    const goesOn = newest?.head.kind !== 'result' && newest?.head.run === removed.head.run;
    this.#verdict.check(
      removed !== newest && (removed !== checkpoint || !goesOn),
      () => `Slot ${removed.slot} of the log is removed, which whoever takes over begins from.`,
    );
    this.#slots.delete(removed.slot);
    for (const path of removed.paths) {
      const left = (this.#named.get(path) ?? 1) - 1;
      if (left > 0) this.#named.set(path, left);
      else this.#named.delete(path);
    }
  }

  #onNamedRemoved(path: string): void {
    const slot = this.#counting().find(({ paths }) => paths.includes(path));
    this.#verdict.check(
      slot === undefined,
      () => `${path} is removed, and checkpoint ${slot?.head.newestCheckpointId} names it.`,
    );
  }

  /** From the newest one down, as far as each is vouched for. */
  #counting(): LoggedSlot[] {
    const counting: LoggedSlot[] = [];
    let above = this.#slots.get(Math.max(0, ...this.#slots.keys()));
    while (above !== undefined) {
      counting.push(above);
      const below = this.#slots.get(above.slot - 1);
      above = below?.hash === above.head.previousHash ? below : undefined;
    }
    return counting;
  }

  /** Files that were claimed lie where they lay before. */
  #pathOf(folder: string, key: string): string {
    const name = claimName(key);
    const record = name === undefined ? undefined : this.#picture.files.get(`${folder}/claims/${name}`);
    if (name === undefined || record === undefined) return `${folder}/${key}`;
    // A line of JSON, and its seal.
    const [line = ''] = Buffer.from(record.bytes.subarray(0, record.length)).toString().split('\n');
    const claim: unknown = JSON.parse(line);
    const claimed = (claim as { readonly folder: string }).folder;
    return this.#pathOf(claimed, key.slice(`claimed/${name}/`.length));
  }
}

function slotNumber(path: string): number {
  return Number(path.slice(path.lastIndexOf('/') + 1));
}
