import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { packageRoot } from './tidy/source-tree.js';

/**
 * Builds the dashboard into `dist/dashboard/`, which package.json ships, and writes `files.json` beside it: the names
 * of all that may be served. Fails if a browser would have to fetch more than {@link GZIPPED_BYTES_MAX}, or if the
 * page names anything but its own origin.
 */
const root = packageRoot();
const source = join(root, 'actors', 'dashboard');
const target = join(root, 'dist', 'dashboard');
const GZIPPED_BYTES_MAX = 200 * 1024;
const PAGE = 'index.html';

const built = await build({
  root: source,
  configFile: false,
  // Relative, so that the page works below any path of a proxy.
  base: './',
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: target,
    emptyOutDir: true,
    target: ['chrome123', 'firefox120', 'safari17.5'],
    // A file inside another would be a `data:` address, which the page's policy refuses.
    assetsInlineLimit: 0,
    assetsDir: '.',
    modulePreload: { polyfill: false },
    rolldownOptions: { output: { hashCharacters: 'hex' } },
  },
});
if (Array.isArray(built) || !('output' in built)) throw new Error('The dashboard was not built as one page.');

const files = built.output.map(({ fileName }) => fileName).sort();
let gzippedBytes = 0;
for (const name of files) gzippedBytes += gzipSync(await readFile(join(target, name))).byteLength;
if (gzippedBytes > GZIPPED_BYTES_MAX) {
  throw new Error(`The dashboard is ${gzippedBytes} bytes gzipped, more than ${GZIPPED_BYTES_MAX}.`);
}
const page = await readFile(join(target, PAGE), 'utf8');
const foreign = /(?:src|href)="(?!\.\/)[^"]*"|<script(?![^>]*\bsrc=)[^>]*>|\sstyle="/.exec(page)?.[0];
if (foreign !== undefined) throw new Error(`The page holds ${foreign}, which its policy would refuse.`);
await writeFile(join(target, 'files.json'), `${JSON.stringify(files, null, 2)}\n`);
console.log(`dashboard: ${files.length} files, ${Math.ceil(gzippedBytes / 1024)} KiB gzipped`);
