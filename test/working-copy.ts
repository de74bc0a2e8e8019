import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyedStateHandle } from '../core/checkpoint/snapshot-handle.js';
import { InThreadStateWriter } from '../storage/state/in-thread-state-writer.js';
import { LmdbStateBackend } from '../storage/state/lmdb-state-backend.js';
import { KeyedStateLife } from './keyed-state.js';

/** Keyed state on LMDB whose working copy is looked at, and goes with the test. */
export function lmdbLife(t: { teardown(work: () => void): unknown }): {
  readonly life: KeyedStateLife;
  diskBytes(): number;
} {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-state-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const writer = new InThreadStateWriter();
  const life = new KeyedStateLife(new LmdbStateBackend(folder, () => writer.connect()));
  return { life, diskBytes: () => sizeOf(folder) };
}

/** What a restore would read. */
export function restoredBytes({ files }: KeyedStateHandle): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

function sizeOf(path: string): number {
  if (!existsSync(path)) return 0;
  const status = statSync(path);
  if (!status.isDirectory()) return status.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}
