import { type ClusterState, decodeUtf8, encodeUtf8 } from '../../core/internal.js';
import { corruptFile } from '../checkpoint/field-reader.js';

/**
 * What the body of a slot of a cluster's log says of the cluster's jobs. The slot has magic, version, length and
 * checksum; the body is one JSON object:
 *
 * ```text
 * (empty)                      as in the slot below
 * {"in":17}                    as in slot 17
 * {"version":1,"state":{...}}  this
 * ```
 */
export type ClusterBody =
  | { readonly type: 'below' }
  | { readonly type: 'in'; readonly slot: number }
  | { readonly type: 'state'; readonly state: ClusterState };

const VERSION = 1;

export function encodeClusterState(state: ClusterState): Uint8Array {
  return encodeUtf8(JSON.stringify({ version: VERSION, state }));
}

export function encodeStateSlot(slot: number): Uint8Array {
  return encodeUtf8(JSON.stringify({ in: slot }));
}

/** @throws MillraceError MR3004, which names `file`, for what was not written by this */
export function decodeClusterBody(body: Uint8Array, file: string): ClusterBody {
  if (body.length === 0) return { type: 'below' };
  let read: unknown;
  try {
    read = JSON.parse(decodeUtf8(body) ?? '');
  } catch {
    throw corruptFile(file, 'it does not tell the jobs of a cluster');
  }
  if (!isRecord(read)) throw corruptFile(file, 'it does not tell the jobs of a cluster');
  if (typeof read.in === 'number') return { type: 'in', slot: read.in };
  if (read.version !== VERSION) throw corruptFile(file, `its version ${String(read.version)} is unknown`);
  const { state } = read;
  if (!isRecord(state) || !isListOfJobs(state.jobs) || !isListOfJobs(state.results))
    throw corruptFile(file, 'its lists of jobs are none');
  // Written by this file alone, under a checksum: the forms inside are those of the version.
  return { type: 'state', state: state as unknown as ClusterState };
}

function isListOfJobs(value: unknown): boolean {
  return Array.isArray(value) && value.every((job) => isRecord(job) && typeof job.jobId === 'string');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
