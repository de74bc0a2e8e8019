import type { FileView } from '../simulated-disk.js';
import type { ExpectedOutput } from '../topology/topology.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';
import { hasSameBytes } from './disk-picture.js';

export interface OutputOptions {
  /** Whether a line may be there more often than expected, as it is at least once. */
  readonly repeats?: boolean;
  /**
   * What is expected after all, of the same folders, where that is not known before the job has finished: lines are
   * only counted then.
   *
   * @param linesOf the lines of a folder
   */
  readonly afterwards?: ((linesOf: (folder: string) => string[]) => readonly ExpectedOutput[]) | undefined;
}

/**
 * Reads what the sinks have committed, as anybody may who looks into the output folders at any moment.
 *
 * What must hold: a visible part file never changes and never goes away; no line is there once too often;
 * lines that have an order are in it; when the job has finished, every expected line is there.
 *
 * One thing no disk can give: a name is seen before it is durable. A file that the power took in that moment
 * must come back as it was before the job finishes.
 */
export class OutputChecker implements WorldListener {
  #expected: readonly ExpectedOutput[];
  readonly #repeats: boolean;
  #afterwards: OutputOptions['afterwards'];
  readonly #verdict: WorldVerdict;
  /** By path: as each part file was when it came, however often it has come back. */
  readonly #seen = new Map<string, FileView>();
  readonly #visible = new Map<FileView, string>();
  /** Files whose names are not durable. */
  readonly #fresh = new Set<string>();
  /** Of these, those of which a loss of power took the name. */
  readonly #lost = new Set<string>();
  /** By folder: how often each line is still to come. */
  #missing: readonly Map<string, number>[];

  constructor(
    expected: readonly ExpectedOutput[],
    verdict: WorldVerdict,
    { repeats = false, afterwards }: OutputOptions = {},
  ) {
    this.#expected = expected;
    this.#verdict = verdict;
    this.#repeats = repeats;
    this.#afterwards = afterwards;
    this.#missing = expected.map(countsOf);
  }

  onFileNamed(path: string, file: FileView): void {
    const end = path.lastIndexOf('/');
    if (path[end + 1] === '.') return;
    const index = this.#expected.findIndex(({ folder }) => folder.length === end && path.startsWith(folder));
    if (index < 0) return;
    this.#fresh.add(path);
    this.#visible.set(file, path);
    const before = this.#seen.get(path);
    if (before === undefined) this.#onNewFile(index, path, file);
    else this.#onBack(path, before, file);
  }

  onFileRemoved(path: string): void {
    this.#verdict.check(!this.#seen.has(path), () => `The visible part file ${path} has gone away.`);
  }

  onFileChanged(file: FileView): void {
    const path = this.#visible.get(file);
    if (path !== undefined) this.#verdict.fail('wrong', `The visible part file ${path} has changed.`);
  }

  onFolderSynced(folder: string): void {
    for (const path of this.#fresh)
      if (path.lastIndexOf('/') === folder.length && path.startsWith(folder)) this.#fresh.delete(path);
  }

  onPowerLost(left: ReadonlyMap<string, FileView>): void {
    this.#visible.clear();
    for (const [path, before] of this.#seen) {
      const file = left.get(path);
      if (file !== undefined) {
        this.#visible.set(file, path);
        this.#onBack(path, before, file);
      } else if (this.#fresh.has(path)) this.#lost.add(path);
      else if (!this.#lost.has(path)) this.onFileRemoved(path);
    }
    this.#fresh.clear();
  }

  /** The job says that it has finished. */
  onJobFinished(): void {
    const afterwards = this.#afterwards;
    this.#afterwards = undefined;
    if (afterwards !== undefined) this.#expect(afterwards((folder) => this.#linesOf(folder)));
    this.#checkAll();
  }

  /** What is in the files of a folder that were seen. */
  #linesOf(folder: string): string[] {
    return [...this.#seen]
      .filter(([path]) => path.startsWith(`${folder}/`))
      .flatMap(([, file]) => textOf(file).split('\n'))
      .filter((line) => line !== '');
  }

  #expect(expected: readonly ExpectedOutput[]): void {
    this.#expected = expected;
    this.#missing = expected.map(countsOf);
    for (const [path, file] of this.#seen) {
      const index = expected.findIndex(({ folder }) => path.startsWith(`${folder}/`));
      this.#count(index, path, textOf(file));
    }
  }

  #checkAll(): void {
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

  #onBack(path: string, before: FileView, file: FileView): void {
    this.#lost.delete(path);
    this.#verdict.check(hasSameBytes(before, file), () => `The visible part file ${path} has changed.`);
  }

  #onNewFile(index: number, path: string, file: FileView): void {
    this.#seen.set(path, file);
    const text = textOf(file);
    this.#verdict.check(text.endsWith('\n'), () => `The visible part file ${path} is not whole.`);
    if (this.#afterwards === undefined) this.#count(index, path, text);
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
      const file = this.#seen.get(path);
      for (const line of file === undefined ? [] : textOf(file).split('\n')) {
        const place = line === '' ? undefined : order(line);
        if (place === undefined) continue;
        const before = ranks.get(place.group) ?? Number.NEGATIVE_INFINITY;
        this.#verdict.check(place.rank > before, () => `The line '${line}' of ${path} is out of order.`);
        ranks.set(place.group, place.rank);
      }
    }
  }
}

function textOf({ bytes, length }: FileView): string {
  return new TextDecoder().decode(bytes.subarray(0, length));
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
