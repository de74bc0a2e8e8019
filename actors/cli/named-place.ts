import { resolve } from 'node:path';

/** A place that a person named: an address stays as it is, a path begins in the folder where they did. */
export function namedPlace(written: string, workingDirectory: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(written) ? written : resolve(workingDirectory, written);
}
