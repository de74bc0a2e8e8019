import type { FileView } from '../simulated-disk.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';
import type { JobLog } from './job-log.js';

/**
 * What a sink has written is committed once, under one name, and not before a checkpoint or savepoint was completed
 * that can hold it: one that was completed after its last byte.
 */
export class CommitChecker implements WorldListener {
  readonly #outputs: readonly string[];
  readonly #log: JobLog;
  readonly #verdict: WorldVerdict;
  /** By file: its visible name. */
  readonly #committed = new Map<FileView, string>();
  /** Checkpoints and savepoints that were completed, and how many had been when a file grew last. */
  #completed = 0;
  #grown = new WeakMap<FileView, number>();

  /** `outputs`: folders that sinks write to. */
  constructor(outputs: readonly string[], log: JobLog, verdict: WorldVerdict) {
    this.#outputs = outputs;
    this.#log = log;
    this.#verdict = verdict;
  }

  onFileNamed(path: string, file: FileView): void {
    if (this.#isVisible(path)) this.#onCommitted(path, file);
    else if (path.endsWith('/_metadata')) this.#completed++;
    else if (this.#log.slotAt(path, file)?.head.kind === 'checkpoint') this.#completed++;
  }

  onFileChanged(file: FileView): void {
    this.#grown.set(file, this.#completed);
  }

  onPowerLost(left: ReadonlyMap<string, FileView>): void {
    this.#committed.clear();
    this.#grown = new WeakMap();
    for (const [path, file] of left) if (this.#isVisible(path)) this.#onCommitted(path, file);
  }

  #onCommitted(path: string, file: FileView): void {
    const before = this.#committed.get(file);
    this.#verdict.check(before === undefined, () => `${path} is committed twice, as ${before} before.`);
    this.#committed.set(file, path);
    const grown = this.#grown.get(file);
    this.#verdict.check(
      grown === undefined || grown < this.#completed,
      () => `${path} is committed, and no checkpoint has been completed since it was written.`,
    );
  }

  #isVisible(path: string): boolean {
    const end = path.lastIndexOf('/');
    return (
      path[end + 1] !== '.' &&
      this.#outputs.some((folder) => folder.length === end && path.startsWith(folder))
    );
  }
}
