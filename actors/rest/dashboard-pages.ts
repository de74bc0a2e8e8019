import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

/** A file of the dashboard, as it is sent. */
export interface DashboardPage {
  readonly type: string;
  readonly content: Uint8Array;
  /** Value of Cache-Control: files whose names hold their hash never change. */
  readonly cache: string;
}

/** What of the dashboard lies at a path; undefined for nothing. */
export type DashboardPages = (path: string) => DashboardPage | undefined;

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=UTF-8',
  '.html': 'text/html; charset=UTF-8',
  '.js': 'text/javascript; charset=UTF-8',
  '.svg': 'image/svg+xml',
};
const LIST = 'files.json';
const START = 'index.html';
const HASHED = /-[0-9a-f]{8}\.\w+$/;

/**
 * The dashboard as the build left it in `folder`. Which files there are was written down at build: a path that is
 * asked for is looked up in that list and never becomes part of a path of this machine. Read when first asked for,
 * then kept: some 200 kB. A folder without a dashboard (a build that left it out) has no pages.
 */
export function dashboardPages(folder: string): DashboardPages {
  let pages: ReadonlyMap<string, DashboardPage> | undefined;
  return (path) => {
    // Most requests are no pages, and should not be what reads them.
    if (pages === undefined && !(path === '/' || extname(path) in TYPES)) return undefined;
    pages ??= readPages(folder);
    return pages.get(path);
  };
}

function readPages(folder: string): ReadonlyMap<string, DashboardPage> {
  const names = JSON.parse(readFileSync(join(folder, LIST), 'utf8')) as readonly string[];
  const pages = new Map<string, DashboardPage>();
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
