import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KeyedStateBackend, MillraceError } from '../../core/internal.js';
import { HeapStateBackend, LmdbStateBackend } from '../../storage/index.js';
import { InThreadStateWriter } from '../../storage/state/in-thread-state-writer.js';

/**
 * Where the keyed state and the temporary files of a pipeline are kept. Its folder, made where one is needed,
 * goes with the pipeline or with the process.
 */
export class HarnessState {
  readonly backend: KeyedStateBackend;
  #folder: string | undefined;
  readonly #remove = () => this.remove();

  /** @throws MillraceError MR1001 if there is no such backend */
  constructor(name: 'heap' | 'lmdb') {
    if (name !== 'heap' && name !== 'lmdb') {
      throw new MillraceError('MR1001', `There is no state backend '${String(name)}'.`, {
        hint: "Use 'heap' or 'lmdb'.",
      });
    }
    const writer = new InThreadStateWriter();
    this.backend =
      name === 'heap' ? new HeapStateBackend() : new LmdbStateBackend(this.folder(), () => writer.connect());
  }

  folder(): string {
    if (this.#folder !== undefined) return this.#folder;
    this.#folder = mkdtempSync(join(tmpdir(), 'millrace-harness-'));
    process.on('exit', this.#remove);
    return this.#folder;
  }

  remove(): void {
    if (this.#folder === undefined) return;
    process.off('exit', this.#remove);
    rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }
}
