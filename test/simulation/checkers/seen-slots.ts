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

/** Files of a log never change, and several look at each. */
const SEEN = new WeakMap<FileView, SeenSlot>();

/** Undefined for a file that is no slot, or cannot be read. */
export function slotAt(folder: string, path: string, file: FileView): SeenSlot | undefined {
  if (!path.startsWith(`${folder}/log/`)) return undefined;
  const slot = slotOfKey(path.slice(folder.length + 1));
  if (slot === undefined) return undefined;
  const known = SEEN.get(file);
  if (known !== undefined) return known;
  try {
    const bytes = file.bytes.subarray(0, file.length);
    const { head, ...rest } = decodeLogEntry(bytes, slot, path);
    const isCheckpoint = head.kind === 'checkpoint' && 'body' in rest;
    const keys = isCheckpoint ? [...filesOfManifest(decodeManifest(rest.body, path)).keys()] : [];
    const seen = { slot, hash: entryHash(bytes), head, keys };
    SEEN.set(file, seen);
    return seen;
  } catch {
    // Whether the log must be readable is for who reads it as a job does.
    return undefined;
  }
}
