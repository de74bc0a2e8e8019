import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckpointManifest } from '../../core/internal.js';
import { decodeManifest, encodeManifest, filesOfManifest } from '../../storage/checkpoint/manifest-codec.js';
import { FileObjectStore, LocalFileSystem, MemoryObjectStore, readManifestAt } from '../../storage/index.js';
import type { HarnessSnapshot } from '../driver/pipeline-harness.js';
import { packageRoot } from '../tidy/source-tree.js';

/** `<format>/savepoint` and `<format>/checkpoints`, for each format that there ever was. */
export const GOLDEN = join(packageRoot(), 'test', 'golden', 'savepoints');

export function goldenFormats(): readonly string[] {
  return existsSync(GOLDEN) ? readdirSync(GOLDEN).sort() : [];
}

export function storeAt(folder: string): FileObjectStore {
  return new FileObjectStore(new LocalFileSystem(), folder, 'golden');
}

/** The snapshot of a harness as a checkpoint that can be read. */
export async function manifestOf({ checkpoint }: HarnessSnapshot): Promise<{
  readonly manifest: CheckpointManifest;
  readonly store: MemoryObjectStore;
}> {
  const store = new MemoryObjectStore();
  for (const [key, content] of checkpoint.files) await store.put(key, once(content));
  return { manifest: decodeManifest(checkpoint.manifest, 'a snapshot'), store };
}

/** What lies in a folder (a savepoint, or the checkpoints of a job), for a harness to restore. */
export async function snapshotAt(folder: string): Promise<HarnessSnapshot> {
  const { manifest } = await readManifestAt(storeAt, folder, (_id, error) => {
    throw error;
  });
  const files = new Map<string, Uint8Array>();
  for (const key of filesOfManifest(manifest).keys()) files.set(key, readFileSync(join(folder, key)));
  return { checkpoint: { manifest: encodeManifest(manifest), files }, processingTime: 0, ended: [] };
}

/**
 * The versions of all layouts that a savepoint consists of, as its bytes have them: of `_metadata`, of the manifest in
 * it, of the state files, and of the rows in them; and of the log, whose entries hold a manifest too.
 */
export async function formatOf(savepoint: string, checkpoints: string): Promise<string> {
  const metadata = readFileSync(join(savepoint, '_metadata'));
  const log = join(checkpoints, 'log');
  const [slot = ''] = readdirSync(log).sort();
  const entry = readFileSync(join(log, slot));
  const { manifest } = await readManifestAt(storeAt, savepoint, () => {});
  const rows = new Set<number>();
  for (const { subtasks } of manifest.vertices) {
    for (const subtask of subtasks) {
      const operators = subtask === 'finished' ? [] : Object.values(subtask.operators);
      for (const { keyed } of operators) if (keyed !== undefined) rows.add(keyed.format);
    }
  }
  const [key = ''] = filesOfManifest(manifest).keys();
  const file = readFileSync(join(savepoint, key));
  return [
    `savepoint${metadata.readUInt32LE(4)}`,
    `manifest${metadata[8]}`,
    `file${file.readUInt32LE(4)}`,
    `rows${[...rows].join('+')}`,
    `log${entry.readUInt32LE(4) & 0xff}`,
  ].join('-');
}

async function* once(content: Uint8Array): AsyncIterable<Uint8Array> {
  yield content;
}
