import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { type OutputChunk, type Plugin, rolldown } from 'rolldown';
import { withAddresses, withPlace } from './tidy/module-places.js';
import { packageRoot } from './tidy/source-tree.js';

/**
 * Merges the compiled modules of the package into few files below `dist/bundle/`, which is what package.json
 * ships: every thread loads the engine, and some 400 modules cost it 40 kB of memory apiece besides their code,
 * and the time to find them. Programs and doors keep their places in the tree, and so does what a
 * module derives from `import.meta.url`; what they share lies in `dist/bundle/chunks/`. Packages stay outside.
 */
const dist = join(packageRoot(), 'dist');
const bundle = join(dist, 'bundle');

const DOORS = ['actors/index', 'test/driver/index'];
const PROGRAMS = ['millrace', 'task-worker', 'control-thread', 'graph-builder-thread', 'state-writer-thread'];
const ENTRIES = [...DOORS, ...PROGRAMS.map((name) => `actors/boot/${name}`)];

/**
 * A file is read into one buffer, and the C library, once a buffer of this size or more is freed, lets every
 * thread keep twice as much freed memory from then on: 10 MB of an idle job.
 */
const FILE_BYTES_MAX = 128 * 1024;
const FILE_BYTES = 80_000;

/** One such character in a source, and V8 keeps all of it at two bytes a character, in each thread. */
const BEYOND_ASCII = /[\u0080-\uffff]/g;

const modulePlaces: Plugin = {
  name: 'module-places',
  transform(code, id) {
    return withPlace(code, relative(dist, id).replaceAll('\\', '/'));
  },
  renderChunk(code, { fileName }) {
    return withAddresses(code, fileName);
  },
};

/** The names of classes are seen in messages and in what users log, so merging must not change them. */
function refuseRenamed(fileName: string, code: string): void {
  const renamed = /^(?:var (\w+\$\d+) = class\b|class (\w+\$\d+)\b)/m.exec(code)?.[0];
  if (renamed !== undefined)
    throw new Error(`${fileName}: two classes of one name, so one became '${renamed}'.`);
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

const build = await rolldown({
  input: Object.fromEntries(ENTRIES.map((entry) => [entry, join(dist, `${entry}.js`)])),
  external: /^(?:node:|[^./\\])/,
  platform: 'node',
  preserveEntrySignatures: 'allow-extension',
  plugins: [modulePlaces],
});

async function generate(sliceOf: (module: string) => string | null): Promise<OutputChunk[]> {
  const { output } = await build.generate({
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    comments: false,
    codeSplitting: {
      groups: [{ name: sliceOf, debugName: 'slices' }],
      includeDependenciesRecursively: false,
    },
  });
  return output.map((file) => {
    if (file.type !== 'chunk') throw new Error(`${file.fileName} is no code.`);
    return file;
  });
}

/** Where to cut: modules stay in the order in which they are evaluated, so that no file needs a later one. */
function slices(chunks: readonly OutputChunk[]): Map<string, string> {
  const slices = new Map<string, string>();
  for (const { name, code, facadeModuleId, modules, moduleIds } of chunks) {
    if (code.length <= FILE_BYTES) continue;
    let slice = 0;
    let bytes = 0;
    // What a door alone needs is cut off from it, and the door stays where it is.
    for (const module of moduleIds.filter((id) => id !== facadeModuleId)) {
      const length = modules[module]?.code?.length ?? 0;
      if (bytes > 0 && bytes + length > FILE_BYTES) {
        slice++;
        bytes = 0;
      }
      slices.set(module, `${name.replaceAll('/', '-')}-${slice}`);
      bytes += length;
    }
  }
  return slices;
}

const cuts = slices(await generate(() => null));
const output = await generate((module) => cuts.get(module) ?? null);
await build.close();

const written = new Set<string>();
for (const file of output) {
  refuseRenamed(file.fileName, file.code);
  if (file.code.length >= FILE_BYTES_MAX) throw new Error(`${file.fileName} is longer than a file may be.`);
  const path = join(bundle, file.fileName);
  written.add(path);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, file.code.replace(BEYOND_ASCII, escaped));
}
// Last, since a program may be running from the files of an earlier build.
for (const entry of await readdir(bundle, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (entry.isFile() && !written.has(path)) await rm(path);
}
