import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { RestPage, RestPages } from './rest-server.js';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=UTF-8',
  '.html': 'text/html; charset=UTF-8',
  '.js': 'text/javascript; charset=UTF-8',
  '.svg': 'image/svg+xml',
};
const LIST = 'files.json';
const START = 'index.html';
/** The build puts a hash of the content into such names, so that they never mean anything else. */
const HASHED = /-[0-9a-f]{8}\.\w+$/;

/**
 * The dashboard as the build left it in `folder`. Which files there are was written down at build: a path that is
 * asked for is looked up in that list and never becomes part of a path of this machine. Read when a page is first
 * asked for, then kept: some 200 kB. A folder without a dashboard has no pages.
 */
export function dashboardPages(folder: string): RestPages {
  let pages: ReadonlyMap<string, RestPage> | undefined;
  return (path) => {
    // Most requests are for no page, and should not be what reads them.
    if (pages === undefined && path !== '/' && !(extname(path) in TYPES)) return undefined;
    pages ??= readPages(folder);
    return pages.get(path);
  };
}

function readPages(folder: string): ReadonlyMap<string, RestPage> {
  const pages = new Map<string, RestPage>();
  if (!existsSync(join(folder, LIST))) return pages;
  const names = JSON.parse(readFileSync(join(folder, LIST), 'utf8')) as readonly string[];
  for (const name of names) {
    const page = {
      type: TYPES[extname(name)] ?? 'application/octet-stream',
      content: readFileSync(join(folder, name)),
      cache: HASHED.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
    };
    pages.set(`/${name}`, page);
    if (name === START) pages.set('/', page);
  }
  return pages;
}
