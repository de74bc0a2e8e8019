import { isMillraceError } from '../../core/internal.js';

/** Says on stderr that something failed whose result nobody waits for. */
export function reportFailure(what: string, error: unknown): void {
  const text =
    isMillraceError(error) || !(error instanceof Error) ? String(error) : (error.stack ?? String(error));
  process.stderr.write(`${what}: ${text}\n`);
}
