import { resolve } from 'node:path';
import { MillraceError } from '../../core/internal.js';

/**
 * A place that a person named: an address stays as it is, a path begins in the folder where they did.
 *
 * @param what it is to be, for the message
 * @throws MillraceError MR7001 for an empty text, which a variable without value leaves in a shell and which would
 *   name the folder of work itself
 */
export function namedPlace(what: string, written: string, workingDirectory: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(written)) return written;
  return resolve(workingDirectory, namedText(what, written));
}

/** @throws MillraceError MR7001 for an empty text */
export function namedText(what: string, written: string): string {
  if (written.trim() !== '') return written;
  throw new MillraceError('MR7001', `An empty text names no ${what}.`, {
    hint: 'A variable of the shell that has no value leaves one.',
  });
}
