import { claimName } from '../../../storage/checkpoint/checkpoint-paths.js';
import type { FileView } from '../simulated-disk.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';
import type { DiskPicture } from './disk-picture.js';
import type { JobLog, SeenSlot } from './job-log.js';

/**
 * Whoever tidies up removes nothing that a completed checkpoint names, seen in the very moment: the slots of the log go
 * before the files that they name, and of a run that goes on as many of the newest completed checkpoints stay as are to
 * be kept. When old ones have been removed, there are no more of the run than that.
 *
 * Fair: what only slots name that count for nothing, as no slot above them vouches for them.
 */
export class RetentionChecker implements WorldListener {
  readonly #picture: DiskPicture;
  readonly #log: JobLog;
  readonly #verdict: WorldVerdict;
  readonly #keptCount: number;
  readonly #counts: boolean;
  readonly #slots = new Map<number, SeenSlot>();
  /** Where the files are that a slot names, once somebody had to know. */
  readonly #paths = new WeakMap<SeenSlot, ReadonlySet<string>>();

  /**
   * `keptCount`: of completed checkpoints. `counts`: not where a leader that was overtaken removes what it would have
   * kept, or somebody's late claim is one more.
   */
  constructor(
    picture: DiskPicture,
    log: JobLog,
    verdict: WorldVerdict,
    { keptCount = 1, counts = true } = {},
  ) {
    this.#keptCount = keptCount;
    this.#counts = counts;
    this.#picture = picture;
    this.#log = log;
    this.#verdict = verdict;
  }

  onFileNamed(path: string, file: FileView): void {
    this.#enter(path, file);
  }

  onFileRemoved(path: string): void {
    if (this.#log.holds(path)) this.#onSlotRemoved(this.#slots.get(slotNumber(path)));
    else if (path.includes('/data/')) this.#onDataRemoved(path);
    else if (path.startsWith(`${this.#log.folder}/claims/`)) this.#onClaimRemoved(path);
  }

  onPowerLost(left: ReadonlyMap<string, FileView>): void {
    this.#slots.clear();
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
    const slot = this.#log.slotAt(path, file);
    if (slot !== undefined) this.#slots.set(slot.slot, slot);
  }

  #onSlotRemoved(removed: SeenSlot | undefined): void {
    if (removed === undefined) return;
    const counting = this.#counting();
    const [newest] = counting;
    const completed = counting.filter(
      ({ head }) => head.kind === 'checkpoint' && head.run === newest?.head.run,
    );
    const goesOn = newest?.head.kind !== 'result' && newest?.head.run === removed.head.run;
    const kept = completed.slice(0, this.#counts ? this.#keptCount : 1);
    this.#verdict.check(
      removed !== newest && !(goesOn && kept.includes(removed)),
      () => `Slot ${removed.slot} of the log is removed, which whoever takes over begins from.`,
    );
    this.#slots.delete(removed.slot);
  }

  #onDataRemoved(path: string): void {
    const slot = this.#counting().find((each) => this.#pathsOf(each).has(path));
    this.#verdict.check(
      slot === undefined,
      () => `${path} is removed, and checkpoint ${slot?.head.newestCheckpointId} names it.`,
    );
  }

  #onClaimRemoved(path: string): void {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const slot = this.#counting().find(({ keys }) => keys.some((key) => claimName(key) === name));
    this.#verdict.check(
      slot === undefined,
      () => `${path} is removed, and checkpoint ${slot?.head.newestCheckpointId} names what was claimed.`,
    );
  }

  /** From the newest one down, as far as each is vouched for. */
  #counting(): SeenSlot[] {
    const counting: SeenSlot[] = [];
    let above = this.#slots.get(Math.max(0, ...this.#slots.keys()));
    while (above !== undefined) {
      counting.push(above);
      const below = this.#slots.get(above.slot - 1);
      above = below?.hash === above.head.previousHash ? below : undefined;
    }
    return counting;
  }

  #pathsOf(slot: SeenSlot): ReadonlySet<string> {
    const known = this.#paths.get(slot);
    if (known !== undefined) return known;
    const paths = new Set(slot.keys.map((key) => this.#pathOf(this.#log.folder, key)));
    this.#paths.set(slot, paths);
    return paths;
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
