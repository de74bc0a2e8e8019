import { filesOfManifest } from '../../../storage/checkpoint/manifest-codec.js';
import type { StorageCall } from '../observed-storage.js';
import type { FileView } from '../simulated-disk.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';
import type { JobLog } from './job-log.js';

/** A savepoint that is being copied. */
interface Export {
  readonly epoch: number;
  readonly checkpointId: number;
  /** What is copied. */
  readonly paths: ReadonlySet<string>;
}

/** No file goes away while the leader copies it into a savepoint. Of who leads no more the next may remove files. */
export class ExportChecker implements WorldListener {
  readonly #log: JobLog;
  readonly #verdict: WorldVerdict;
  /** By process and savepoint. */
  readonly #exports = new Map<string, Export>();
  #newestEpoch = 0;

  constructor(log: JobLog, verdict: WorldVerdict) {
    this.#log = log;
    this.#verdict = verdict;
  }

  onFileNamed(path: string, file: FileView): void {
    this.#newestEpoch = Math.max(this.#newestEpoch, this.#log.slotAt(path, file)?.head.epoch ?? 0);
  }

  onStorageAsked(process: string, call: StorageCall): void {
    if (call.type !== 'export') return;
    const { epoch, checkpointId } = call.manifest;
    const paths = new Set(
      [...filesOfManifest(call.manifest).keys()].map((key) => `${this.#log.folder}/${key}`),
    );
    this.#exports.set(nameOf(process, checkpointId), { epoch, checkpointId, paths });
  }

  onStorageAnswered(process: string, call: StorageCall): void {
    if (call.type === 'export') this.#exports.delete(nameOf(process, call.manifest.checkpointId));
  }

  onFileRemoved(path: string): void {
    for (const { epoch, checkpointId, paths } of this.#exports.values())
      if (epoch === this.#newestEpoch && paths.has(path))
        this.#verdict.fail('wrong', `The file ${path} has gone while savepoint ${checkpointId} is copied.`);
  }
}

function nameOf(process: string, checkpointId: number): string {
  return `${process} ${checkpointId}`;
}
