import type { FileEntry } from '../../../core/internal.js';
import type { Inode, SimulatedDisk } from '../simulated-disk.js';
import type { ExpectedOutput } from '../topology/topology.js';
import type { WorldVerdict } from '../world-failure.js';

/** A part file as it was when it was seen first. */
interface SeenFile {
  inode: Inode;
  readonly bytes: Uint8Array;
}

/**
 * Reads what the sinks have committed, as anybody may who looks into the output folders at any moment.
 *
 * What must hold: a visible part file never changes and never goes away; no line is there once too often;
 * lines that have an order are in it; when the job has finished, every expected line is there.
 *
 * Where it is not known before the end what is to be expected, lines are only counted then.
 *
 * One thing no disk can give: a name is seen before it is durable. A file that the power took in that moment
 * must come back as it was before the job finishes.
 */
export class OutputChecker {
  #expected: readonly ExpectedOutput[];
  /** Whether lines are counted as they are seen. */
  readonly #atOnce: boolean;
  /** Whether a line may be there more often than expected, as it is at least once. */
  readonly #repeats: boolean;
  readonly #verdict: WorldVerdict;
  readonly #seen = new Map<string, SeenFile>();
  /** Files that were seen, and of which a loss of power took the name. */
  readonly #lost = new Set<string>();
  /** What was in each folder at the last look. */
  #listed: readonly (readonly FileEntry[])[] = [];
  /** By folder: how often each line is still to come. */
  #missing: readonly Map<string, number>[];

  constructor(
    expected: readonly ExpectedOutput[],
    verdict: WorldVerdict,
    { atOnce = true, repeats = false } = {},
  ) {
    this.#expected = expected;
    this.#verdict = verdict;
    this.#atOnce = atOnce;
    this.#repeats = repeats;
    this.#missing = expected.map(countsOf);
  }

  /** Part files that have been seen. */
  get files(): number {
    return this.#seen.size;
  }

  /** `thorough`: files may have become others. */
  look(disk: SimulatedDisk, thorough: boolean): void {
    const listed = this.#expected.map(({ folder }) => disk.entries(folder));
    // Names that have not changed since the last look are not looked at one by one before the last one.
    if (!thorough && listed.every((entries, index) => entries === this.#listed[index])) return;
    this.#listed = listed;
    for (const [path, file] of this.#seen) this.#checkUnchanged(path, file, disk, thorough);
    for (const [index, { folder }] of this.#expected.entries()) {
      for (const { name, isFolder } of disk.entries(folder)) {
        const path = `${folder}/${name}`;
        if (isFolder || name.startsWith('.') || this.#seen.has(path)) continue;
        const inode = disk.find(path);
        if (inode !== undefined) this.#onNewFile(index, path, inode);
      }
    }
  }

  /** `after` is what a loss of power has left of `before`. */
  onPowerLoss(before: SimulatedDisk, after: SimulatedDisk): void {
    this.look(before, false);
    for (const path of this.#seen.keys()) {
      if (!before.isDurable(path) && after.find(path) === undefined) this.#lost.add(path);
    }
    this.look(after, true);
  }

  /** What is in the files of a folder that were seen. */
  linesOf(folder: string): string[] {
    return [...this.#seen]
      .filter(([path]) => path.startsWith(`${folder}/`))
      .flatMap(([, { bytes }]) => textOf(bytes).split('\n'))
      .filter((line) => line !== '');
  }

  /** What is expected after all, of the same folders: for who counts at the end. */
  expect(expected: readonly ExpectedOutput[]): void {
    this.#expected = expected;
    this.#missing = expected.map(countsOf);
    for (const [path, { bytes }] of this.#seen) {
      const index = expected.findIndex(({ folder }) => path.startsWith(`${folder}/`));
      this.#count(index, path, textOf(bytes));
    }
  }

  /** The job says that it has finished. */
  expectAll(): void {
    const [lost] = this.#lost;
    this.#verdict.check(
      lost === undefined,
      () => `The job has finished, and the part file ${lost} has not come back.`,
    );
    for (const [index, { folder }] of this.#expected.entries()) {
      const missing = [...(this.#missing[index] ?? [])].filter(([, count]) => count > 0);
      const sum = missing.reduce((total, [, count]) => total + count, 0);
      const [first] = missing[0] ?? [];
      this.#verdict.check(
        sum === 0,
        () => `The job has finished, and ${sum} lines are missing in ${folder}, the first: ${first}`,
      );
      this.#checkOrder(index);
    }
  }

  #checkUnchanged(path: string, file: SeenFile, disk: SimulatedDisk, thorough: boolean): void {
    const inode = disk.find(path);
    if (inode === undefined) {
      this.#verdict.check(this.#lost.has(path), () => `The visible part file ${path} has gone away.`);
      return;
    }
    this.#lost.delete(path);
    if (inode === file.inode && inode.length === file.bytes.length && !thorough) return;
    file.inode = inode;
    const same = inode.length === file.bytes.length && file.bytes.every((byte, i) => byte === inode.bytes[i]);
    this.#verdict.check(same, () => `The visible part file ${path} has changed.`);
  }

  #onNewFile(index: number, path: string, inode: Inode): void {
    const bytes = inode.bytes.slice(0, inode.length);
    this.#seen.set(path, { inode, bytes });
    const text = textOf(bytes);
    this.#verdict.check(text.endsWith('\n'), () => `The visible part file ${path} is not whole.`);
    if (this.#atOnce) this.#count(index, path, text);
  }

  #count(index: number, path: string, text: string): void {
    const missing = this.#missing[index];
    for (const line of text.slice(0, -1).split('\n')) {
      const left = missing?.get(line) ?? 0;
      const isAllowed = left > 0 || (this.#repeats && missing?.has(line) === true);
      this.#verdict.check(isAllowed, () =>
        missing?.has(line) === true
          ? `The line '${line}' is in the output once too often, now in ${path}.`
          : `The line '${line}' of ${path} must not be in the output at all.`,
      );
      missing?.set(line, Math.max(0, left - 1));
    }
  }

  /** Within one subtask's files, in the order in which they were written. */
  #checkOrder(index: number): void {
    const { folder, order } = this.#expected[index] ?? {};
    if (order === undefined || folder === undefined) return;
    const ranks = new Map<string, number>();
    const paths = [...this.#seen.keys()].filter((path) => path.startsWith(`${folder}/`)).sort(byWriting);
    for (const path of paths) {
      const bytes = this.#seen.get(path)?.bytes ?? new Uint8Array(0);
      for (const line of textOf(bytes).split('\n')) {
        const place = line === '' ? undefined : order(line);
        if (place === undefined) continue;
        const before = ranks.get(place.group) ?? Number.NEGATIVE_INFINITY;
        this.#verdict.check(place.rank > before, () => `The line '${line}' of ${path} is out of order.`);
        ranks.set(place.group, place.rank);
      }
    }
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function countsOf({ lines }: ExpectedOutput): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

/** part-<sink>-<subtask>-<epoch>-<attempt>-<number>: by epoch, attempt and number. */
function byWriting(a: string, b: string): number {
  const numbers = (path: string): number[] =>
    /-(\d+)-(\d+)-(\d+)\.\w+$/.exec(path)?.slice(1).map(Number) ?? [];
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
