import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CHECK_TIMEOUT_MS = 10_000;

/**
 * Where a module cannot be parsed, as `file:line`; undefined if that cannot be found out. Node keeps the place of
 * a syntax error from whoever imports the module, and tells it only when it checks the file itself.
 */
export function syntaxErrorLine(url: string, error: SyntaxError): string | undefined {
  return placeIn(error.stack) ?? placeIn(checked(url));
}

function checked(url: string): string | undefined {
  if (!url.startsWith('file:')) return undefined;
  const options = { encoding: 'utf8', timeout: CHECK_TIMEOUT_MS } as const;
  return spawnSync(process.execPath, ['--check', fileURLToPath(url)], options).stderr;
}

/** Node writes the place on the first line, before the text that it could not read. */
function placeIn(report: string | undefined): string | undefined {
  const place = /^(?:file:\/\/)?(\/.*:\d+|\/?[A-Za-z]:[\\/].*:\d+)\r?\n/.exec(report ?? '')?.[1];
  return place === undefined ? undefined : decodeURIComponent(place);
}
