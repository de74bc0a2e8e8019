import { encodeUtf8 } from '../../core/internal.js';
import { corruptFile } from './field-reader.js';

/** What a run begins from, if not from nothing: a savepoint, or a checkpoint that lies elsewhere. */
export interface RunOrigin {
  /** Absolute, or an address: another process must find it too. */
  readonly path: string;
  /** State of operators that the job does not have is left out instead of refused. */
  readonly allowNonRestoredState: boolean;
  /** Its files become the job's, which removes them when it needs them no more; otherwise they are copied. */
  readonly claim: boolean;
}

/**
 * The body of the slot that begins a run. Until the run has a checkpoint of its own, this is all that tells who goes
 * on with it that it did not begin from nothing.
 */
export function encodeRunOrigin(origin: RunOrigin | undefined): Uint8Array {
  return encodeUtf8(origin === undefined ? '' : JSON.stringify(origin));
}

/** @throws MillraceError MR3004, which names `file`, for what {@link encodeRunOrigin} did not write */
export function decodeRunOrigin(body: Uint8Array, file: string): RunOrigin | undefined {
  if (body.length === 0) return undefined;
  try {
    const origin = JSON.parse(new TextDecoder().decode(body)) as RunOrigin;
    const { path, allowNonRestoredState, claim } = origin;
    if (typeof path === 'string')
      return { path, allowNonRestoredState: allowNonRestoredState === true, claim: claim === true };
  } catch {
    // Told below, as whatever else is no origin.
  }
  throw corruptFile(file, 'it does not tell what the run began from');
}
