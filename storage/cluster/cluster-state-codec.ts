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
  if (read.in !== undefined) {
    const slot = Number.isSafeInteger(read.in) ? Number(read.in) : 0;
    if (slot < 1) throw corruptFile(file, `it names slot ${String(read.in)}`);
    return { type: 'in', slot };
  }
  if (read.version !== VERSION) throw corruptFile(file, `its version ${String(read.version)} is unknown`);
  const { state } = read;
  if (!isRecord(state) || !isListOf(state.jobs, isJob) || !isListOf(state.results, isResult))
    throw corruptFile(file, 'its lists of jobs are none');
  return { type: 'state', state: state as unknown as ClusterState };
}

type Fields = Readonly<Record<string, unknown>>;

function isListOf(value: unknown, isOne: (fields: Fields) => boolean): boolean {
  return Array.isArray(value) && value.every((each) => isRecord(each) && isOne(each));
}

function isJob({ jobId, key, url, start, params, layers }: Fields): boolean {
  return (
    areTexts([jobId, key, url, start]) &&
    isRecord(params) &&
    areTexts(Object.values(params)) &&
    isListOf(layers, ({ origin, values }) => areTexts([origin]) && isRecord(values))
  );
}

function isResult({ jobId, key, state, endedMs, epoch }: Fields): boolean {
  return areTexts([jobId, key, state]) && Number.isFinite(endedMs) && Number.isSafeInteger(epoch);
}

function areTexts(values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === 'string');
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
