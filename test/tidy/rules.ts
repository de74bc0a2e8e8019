import { deadExports, deadFiles, pageScripts, shippedEntries } from './dead-code.js';
import {
  computedImports,
  coreFloors,
  type ImportRow,
  importTable,
  type OnePlaceRow,
  onePlace,
} from './import-rules.js';
import {
  declaredPackages,
  document,
  documentLinks,
  manifestOf,
  says,
  testSuffixes,
  topFolders,
} from './project-rules.js';
import { constructorParameters, fileLength, functionLength, lineLength } from './size-rules.js';
import type { Finding, SourceTree } from './source-tree.js';
import {
  ambient,
  type BannedRow,
  bannedIn,
  bannedInDocuments,
  declaredNames,
  fileNames,
  oneFile,
} from './text-rules.js';

/** A rule of the house, checked on every run of the tests. Its id stands in this folder's README. */
export interface Rule {
  readonly id: string;
  readonly says: string;
  readonly find: (tree: SourceTree) => readonly Finding[];
}

const ROOMS = /^(?:core|memory|storage|actors)\//;
const SHIPPED = /^(?:core|memory|storage|actors|test\/driver)\//;
/** Runs in a browser; what it needs is built into it, so users install none of it. */
const DASHBOARD = 'actors/dashboard/';
const TESTS = /^test\//;
const EVERYWHERE = /^/;

const DOORS: ReadonlySet<string> = new Set([
  'core/index.ts',
  'core/internal.ts',
  'memory/index.ts',
  'storage/index.ts',
  'actors/index.ts',
  'test/driver/index.ts',
]);

const TOP_FOLDERS: ReadonlySet<string> = new Set(['core', 'actors', 'memory', 'storage', 'bench', 'test']);

const STORAGE_PACKAGES = ['lmdb', '@aws-sdk/client-s3', 'hyparquet', 'hyparquet-compressors'];
const ACTORS_PACKAGES = ['piscina', 'comlink'];
const NO_THREADS = { allBut: ['node:worker_threads'] };
const NO_THREADS_NO_TIMERS = { allBut: ['node:worker_threads', 'node:timers'] };

const IMPORT_ROWS: readonly ImportRow[] = [
  { from: 'core/', rooms: [], node: 'none', packages: [] },
  { from: 'memory/', rooms: ['core'], node: 'none', packages: ['msgpackr'] },
  {
    from: 'storage/',
    rooms: ['core', 'memory'],
    node: NO_THREADS_NO_TIMERS,
    packages: STORAGE_PACKAGES,
    notNamed: /Ring|Conveyor|Doorbell|IdleStrategy/,
  },
  {
    from: 'actors/',
    rooms: ['core', 'memory'],
    node: NO_THREADS_NO_TIMERS,
    packages: ACTORS_PACKAGES,
  },
  {
    from: DASHBOARD,
    rooms: [],
    node: 'none',
    packages: ['preact', 'uplot', '@dagrejs/dagre'],
    apart: true,
  },
  {
    from: 'actors/cli/',
    rooms: ['core', 'memory'],
    node: NO_THREADS,
    packages: [...ACTORS_PACKAGES, 'commander'],
  },
  {
    from: 'actors/boot/',
    rooms: ['core', 'memory', 'storage'],
    node: { allBut: [] },
    packages: [...ACTORS_PACKAGES, 'commander', 'pino', 'pino-pretty', '@opentelemetry/api'],
  },
  {
    from: 'test/driver/',
    rooms: ['core', 'memory', 'storage', 'actors', 'test/simulation'],
    node: { allBut: [] },
    packages: ['fast-check'],
    behindDoors: true,
    apart: true,
  },
];

const CORE_FLOORS: Readonly<Record<string, number>> = {
  base: 0,
  element: 1,
  ports: 1,
  log: 2,
  metrics: 2,
  graph: 2,
  serde: 2,
  state: 2,
  watermark: 2,
  checkpoint: 3,
  job: 3,
  operator: 3,
  protocol: 3,
  window: 4,
  api: 5,
};

const ofPackage = (specifier: string): OnePlaceRow => ({ what: specifier, trace: { specifier } });
const ONE_PLACE: readonly OnePlaceRow[] = [
  ...['lmdb', '@aws-sdk/client-s3', 'piscina', 'comlink', 'pino', '@opentelemetry/api'].map(ofPackage),
  { what: 'new Worker', trace: { code: /\bnew Worker\b/ } },
  { what: 'parentPort', trace: { code: /(?<![.\w$])parentPort\b/ } },
];

const PURE = 'core knows no host; take it through a port';
const PURITY: readonly BannedRow[] = [
  ...['performance', 'Math.random', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'],
  ...['Buffer', 'TextEncoder', 'TextDecoder', 'Atomics', 'SharedArrayBuffer', 'console', 'structuredClone'],
  ...['globalThis', 'fetch', 'Date.now'],
]
  .map((name): BannedRow => ({ what: ambient(name), where: 'code', paths: /^core\//, instead: PURE }))
  .concat([
    { what: /(?<![.\w$])process\s*(?:\?\.|[.[])/, where: 'code', paths: /^core\//, instead: PURE },
    { what: /(?<![.\w$])crypto\s*\./, where: 'code', paths: /^core\//, instead: PURE },
    { what: /\bnew Date\(\s*\)/, where: 'code', paths: /^core\//, instead: PURE },
  ]);

const BELOW_BOOT = /^(?:memory|storage|actors)\/(?!boot\/|cli\/|dashboard\/browser\/)/;
const TIME_AND_CHANCE: readonly BannedRow[] = [
  'Date.now',
  'performance.now',
  'setTimeout',
  'setInterval',
  'process.hrtime',
  'process.env',
  'randomUUID',
  'randomBytes',
  'randomInt',
].map((name) => ({
  what: ambient(name),
  where: 'code',
  paths: BELOW_BOOT,
  instead: 'time, chance and environment come in from boot',
}));

const SHARED: readonly BannedRow[] = ['SharedArrayBuffer', 'Atomics'].map((name) => ({
  what: new RegExp(`\\b${name}\\b`),
  where: 'code',
  paths: /^(?:core|storage|actors)\//,
  instead: 'shared memory is named in memory/ only',
}));

/** Letters in brackets keep this file from holding what it looks for. */
const WORDS: readonly BannedRow[] = [
  {
    what: /\b(?:TO[D]O|FIX[M]E|XX[X]|stu[b]s?|not implemente[d])\b/i,
    where: 'text',
    paths: EVERYWHERE,
    instead: 'finish it, or leave it out',
  },
  {
    what: /\w*ForTes[t]\w*|NODE_EN[V]|__rese[t]/,
    where: 'text',
    paths: EVERYWHERE,
    instead: 'no test hooks',
  },
  { what: /\bMath\.random\b/, where: 'code', paths: EVERYWHERE, instead: 'draw from a seeded Prng' },
];

const HONEST_TESTS: readonly BannedRow[] = [
  {
    what: /\.(?:skip|tod[o])\(|\b(?:t|tap)\.test\([^)]*\b(?:skip|tod[o]):/,
    where: 'code',
    paths: EVERYWHERE,
    instead: 'a test runs or goes',
  },
  {
    what: /\bfc\s*\.\s*(?:assert|check|sample)\b/,
    where: 'code',
    paths: EVERYWHERE,
    except: /^test\/check\.ts$/,
    instead: 'use check() of test/check.ts, which prints the seed',
  },
  {
    what: /new Promise(?:<[^>]*>)?\(\s*\(?(\w+)[^()]*\)?\s*=>\s*\{?\s*(?:return\s+|void\s+)?setTimeout\(\s*(?:\1\b|\(\)\s*=>\s*\1\b)/,
    where: 'code',
    paths: TESTS,
    instead: 'wait for what is awaited, not for time',
  },
  {
    what: /['"](?:node:)?timers\/promise[s]['"]/,
    where: 'text',
    paths: TESTS,
    instead: 'wait for what is awaited, not for time',
  },
];

const TYPES_TIGHT: readonly BannedRow[] = [
  { what: /[\w$)\]]!(?!=)/, where: 'code', paths: EVERYWHERE, instead: 'no non-null assertion; narrow it' },
  {
    what: /@ts-(?:ignore|nocheck)|biome-ignore[\w-]* lint\/\S*(?:noExplicitAny|noNonNullAssertion)/,
    where: 'comments',
    paths: EVERYWHERE,
    except: /^test\/driver\/fault-plans\.ts$/,
    instead: 'the rule holds here too; only types of a package that users need not have may be missing',
  },
  {
    what: /@ts-expect-error/,
    where: 'comments',
    paths: EVERYWHERE,
    except: /^test\/types\//,
    instead: 'only type tests expect errors',
  },
  { what: /^export \*/m, where: 'code', paths: SHIPPED, instead: 'doors name what they export' },
];

const EMPTY_CATCH: readonly BannedRow[] = [
  {
    what: /\bcatch\s*(?:\([^)]*\)\s*)?\{\s*\}|\.catch\(\s*\([^)]*\)\s*=>\s*\{\s*\}/,
    where: 'text',
    paths: EVERYWHERE,
    instead: 'nothing is swallowed; say why it may be passed over',
  },
];

/** The type, not a variable of that name. */
const ANY =
  /(?:[:<|&]|\b(?:as|extends|is|keyof|satisfies)|=>|\btype\s[^=;]*=)\s*(?:readonly\s+)?any\b(?!\s*\??[:(.])|,\s*any\s*>|(?<![.\w$])any\[\]/;
const MACHINE_PATH = /(?<![\w.$}-])\/(?:home|work|root|Users)\/\w+/;
const NO_MACHINE_PATH = 'a path of one machine';
const NAMELESS = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'impl']);

export const RULES: readonly Rule[] = [
  {
    id: 'import-table',
    says: 'A room imports what its row allows, and other rooms through their doors.',
    find: (tree) => importTable(tree, IMPORT_ROWS, DOORS),
  },
  {
    id: 'core-floors',
    says: 'Inside core, a lower floor does not import an upper one.',
    find: (tree) => coreFloors(tree, CORE_FLOORS),
  },
  {
    id: 'one-place',
    says: 'What carries a risk occurs in one file or one small folder.',
    find: (tree) => [
      ...onePlace(tree, ONE_PLACE, ROOMS),
      ...onePlace(tree, [{ what: 'msgpackr', trace: { specifier: 'msgpackr' } }], /^memory\//),
    ],
  },
  {
    id: 'job-modules',
    says: 'A module chosen at run time is imported by boot only.',
    find: (tree) => computedImports(tree, /^(?:core|memory|storage|actors\/(?!boot\/))/),
  },
  {
    id: 'declared-packages',
    says: 'What is shipped imports declared dependencies only.',
    find: (tree) => declaredPackages(tree, manifestOf(tree), SHIPPED, DASHBOARD),
  },
  {
    id: 'core-purity',
    says: 'core names nothing of its host: no clock, chance, timer, process, byte library, shared memory.',
    find: (tree) => bannedIn(tree, PURITY),
  },
  {
    id: 'time-and-chance',
    says: "Outside boot, cli and the dashboard's browser nobody asks for the time, chance or the environment.",
    find: (tree) => bannedIn(tree, TIME_AND_CHANCE),
  },
  {
    id: 'shared-memory',
    says: 'SharedArrayBuffer and Atomics are named in memory/ only.',
    find: (tree) => bannedIn(tree, SHARED),
  },
  { id: 'file-length', says: 'A file has at most 400 lines.', find: (tree) => fileLength(tree, 400) },
  {
    id: 'function-length',
    says: 'A function has at most 70 lines.',
    find: (tree) => functionLength(tree, 70),
  },
  {
    id: 'constructor-parameters',
    says: 'A constructor takes at most 5 parameters.',
    find: (tree) => constructorParameters(tree, 5),
  },
  {
    id: 'line-length',
    says: 'A line has at most 120 columns, literals aside.',
    find: (tree) => lineLength(tree, 120),
  },
  {
    id: 'names',
    says: "Files are kebab-case, and names are the field's.",
    find: (tree) => [
      ...fileNames(tree, NAMELESS),
      ...declaredNames(tree, /(?:Util|Helper|Common|Impl)s?(?=[A-Z_]|$)/),
    ],
  },
  {
    id: 'unfinished',
    says: 'Nothing unfinished, no test hooks, no unseeded chance.',
    find: (tree) => [
      ...bannedIn(tree, WORDS),
      ...bannedInDocuments(tree, /\b(?:TO[D]O|FIX[M]E)\b/, /\.md$/, 'finish it, or leave it out'),
    ],
  },
  {
    id: 'honest-tests',
    says: 'Tests run, print their seeds and do not sleep.',
    find: (tree) => bannedIn(tree, HONEST_TESTS),
  },
  {
    id: 'types-tight',
    says: 'No non-null assertion, no silenced compiler or linter, no export of everything.',
    find: (tree) => bannedIn(tree, TYPES_TIGHT),
  },
  {
    id: 'any',
    says: 'any is written in one serialisation file at most.',
    find: (tree) => oneFile(tree, ANY, /^(?:core\/serde|memory)\//, 'any belongs to one serialisation file'),
  },
  {
    id: 'empty-catch',
    says: 'No error is swallowed without a word.',
    find: (tree) => bannedIn(tree, EMPTY_CATCH),
  },
  {
    id: 'dead-files',
    says: 'Every file of the rooms is reached from a door or a program.',
    find: (tree) => deadFiles(tree, rootsOf(tree), ROOMS),
  },
  {
    id: 'dead-exports',
    says: 'What a file behind a door exports is used by another file.',
    find: (tree) => deadExports(tree, rootsOf(tree), ROOMS),
  },
  {
    id: 'top-folders',
    says: 'The house has six rooms.',
    find: (tree) => topFolders(tree, TOP_FOLDERS),
  },
  {
    id: 'test-suffixes',
    says: "A test file ends in its folder's suffix.",
    find: (tree) => testSuffixes(tree),
  },
  {
    id: 'links',
    says: 'Links of Markdown files lead to something.',
    find: (tree) => documentLinks(tree),
  },
  {
    id: 'readme-commands',
    says: 'The README shows the two commands that do everything.',
    find: (tree) => says(tree, 'README.md', ['npm ci && npm start', 'npm ci && npm test']),
  },
  {
    id: 'no-machine',
    says: 'No path of one machine and no registry host in the tree.',
    find: (tree) => [
      ...bannedIn(tree, [{ what: MACHINE_PATH, where: 'text', paths: EVERYWHERE, instead: NO_MACHINE_PATH }]),
      ...bannedInDocuments(tree, MACHINE_PATH, EVERYWHERE, NO_MACHINE_PATH),
      ...bannedInDocuments(tree, /"resolved":\s*"http/, /^package-lock\.json$/, 'names a registry host'),
      ...bannedInDocuments(tree, /^[^#\n]*registry\s*=/m, /^\.npmrc$/, 'names a registry host'),
    ],
  },
];

function rootsOf(tree: SourceTree): ReadonlySet<string> {
  const page = `${DASHBOARD}index.html`;
  return new Set([
    ...DOORS,
    ...shippedEntries(document(tree, 'package.json')?.text ?? ''),
    ...pageScripts(page, document(tree, page)?.text ?? ''),
  ]);
}
