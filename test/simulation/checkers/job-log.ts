import { slotOfKey } from '../../../storage/checkpoint/checkpoint-paths.js';
import { decodeLogEntry, entryHash, type LogEntryHead } from '../../../storage/checkpoint/log-entry.js';
import { decodeManifest, filesOfManifest } from '../../../storage/checkpoint/manifest-codec.js';
import type { FileView } from '../simulated-disk.js';

/** A slot of a job's log, by its file. */
export interface SeenSlot {
  readonly slot: number;
  /** Of its bytes: what the next slot vouches for. */
  readonly hash: number;
  readonly head: LogEntryHead;
  /** Data files that its manifest names, if it holds one. */
  readonly keys: readonly string[];
}

/** The log of a job for those who see its files: several look at each, which never changes. */
export class JobLog {
  /** Of the job. */
  readonly folder: string;
  readonly #prefix: string;
  readonly #seen = new WeakMap<FileView, SeenSlot>();

  constructor(folder: string) {
    this.folder = folder;
    this.#prefix = `${folder}/log/`;
  }

  holds(path: string): boolean {
    return path.startsWith(this.#prefix);
  }

  /** Undefined for a file that is no slot, or cannot be read: that it can is for who reads the log as a job does. */
  slotAt(path: string, file: FileView): SeenSlot | undefined {
    if (!this.holds(path)) return undefined;
    const known = this.#seen.get(file);
    if (known !== undefined) return known;
    const slot = slotOfKey(path.slice(this.folder.length + 1));
    const seen = slot === undefined ? undefined : decoded(slot, path, file);
    if (seen !== undefined) this.#seen.set(file, seen);
    return seen;
  }
}

function decoded(slot: number, path: string, file: FileView): SeenSlot | undefined {
  try {
    const bytes = file.bytes.subarray(0, file.length);
    const { head, ...rest } = decodeLogEntry(bytes, slot, path);
    const isCheckpoint = head.kind === 'checkpoint' && 'body' in rest;
    const keys = isCheckpoint ? [...filesOfManifest(decodeManifest(rest.body, path)).keys()] : [];
    return { slot, hash: entryHash(bytes), head, keys };
  } catch {
    return undefined;
  }
}
