import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The absolute path of a place on this machine, named by a path (relative to the process) or a `file://` URL;
 * undefined if it is named by a URL of another kind.
 */
export function localPath(place: string): string | undefined {
  const scheme = schemeOf(place);
  if (scheme === undefined) return resolve(place);
  return scheme === 'file' ? fileURLToPath(place) : undefined;
}

/** `s3` of `s3://bucket/key`; undefined of a path. */
export function schemeOf(place: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):\/\//i.exec(place)?.[1]?.toLowerCase();
}
