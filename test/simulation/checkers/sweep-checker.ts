import type { TaskEvent } from '../../../core/internal.js';
import { dataKeyOrigin } from '../../../storage/checkpoint/checkpoint-paths.js';
import type { StorageAnswer, StorageCall } from '../observed-storage.js';
import type { FileView } from '../simulated-disk.js';
import type { WorldVerdict } from '../world-failure.js';
import type { TraceEvent, WorldListener } from '../world-listener.js';
import type { DiskPicture } from './disk-picture.js';
import type { JobLog, SeenSlot } from './job-log.js';

/**
 * A file that was acknowledged for a checkpoint goes no sooner than the second pass of its leader that found it named
 * by nothing: who has not heard of the first may build on it. Sooner goes what is handed over for removal, what was
 * written for a checkpoint that nobody completed before another process took the lead, and all when the job ends.
 */
export class SweepChecker implements WorldListener {
  readonly #picture: DiskPicture;
  readonly #log: JobLog;
  readonly #verdict: WorldVerdict;
  readonly #slots = new Map<string, SeenSlot>();
  /** Keys that somebody knows of. */
  readonly #told = new Set<string>();
  readonly #discarded = new Set<string>();
  /** What the last pass of the present leader found named by nothing. */
  #unnamed: ReadonlySet<string> = new Set();
  #hasEnded = false;

  constructor(picture: DiskPicture, log: JobLog, verdict: WorldVerdict) {
    this.#picture = picture;
    this.#log = log;
    this.#verdict = verdict;
  }

  onEvent({ name }: TraceEvent): void {
    if (name === 'process.leads') this.#unnamed = new Set();
  }

  onTaskTold(_task: number, event: TaskEvent): void {
    if (event.type === 'exited' || event.report.type !== 'checkpoint-acknowledged') return;
    for (const { keyed } of Object.values(event.report.snapshot.operators))
      for (const { key } of keyed?.files ?? []) this.#told.add(key);
  }

  onStorageAsked(_process: string, call: StorageCall): void {
    if (call.type === 'finish') this.#hasEnded = true;
    if (call.type === 'discard') for (const { key } of call.files) this.#discarded.add(key);
  }

  /** One that has failed may have looked, or not. */
  onStorageAnswered(_process: string, call: StorageCall, _answer: StorageAnswer): void {
    if (call.type !== 'retain') return;
    const named = new Set([...this.#slots.values()].flatMap(({ keys }) => keys));
    const unnamed = new Set<string>();
    const folder = `${this.#log.folder}/`;
    for (const path of this.#picture.files.keys())
      if (path.startsWith(folder) && !named.has(path.slice(folder.length))) unnamed.add(path);
    this.#unnamed = unnamed;
  }

  onFileNamed(path: string, file: FileView): void {
    const slot = this.#log.slotAt(path, file);
    if (slot !== undefined) this.#slots.set(path, slot);
  }

  onFileRemoved(path: string): void {
    this.#slots.delete(path);
    if (!path.startsWith(`${this.#log.folder}/data/`) || this.#hasEnded) return;
    const key = path.slice(this.#log.folder.length + 1);
    this.#verdict.check(
      !this.#told.has(key) || this.#discarded.has(key) || this.#unnamed.has(path) || this.#isUncompleted(key),
      () => `${path} is removed, and the last pass has found that it is named, or not seen it.`,
    );
  }

  /** Of a checkpoint above all that were completed, and of an epoch below the newest. */
  #isUncompleted(key: string): boolean {
    const origin = dataKeyOrigin(key);
    if (origin === undefined) return false;
    const heads = [...this.#slots.values()].map(({ head }) => head);
    return (
      heads.some(({ epoch }) => epoch > origin.epoch) &&
      heads.every(({ newestCheckpointId }) => newestCheckpointId < origin.checkpointId)
    );
  }

  onPowerLost(left: ReadonlyMap<string, FileView>): void {
    this.#slots.clear();
    for (const [path, file] of left) this.onFileNamed(path, file);
  }
}
