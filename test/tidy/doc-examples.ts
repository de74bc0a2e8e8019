import type { Export } from './module-scanner.js';
import type { Snippet } from './snippet-compiler.js';
import { resolveSource, type SourceFile, type SourceTree } from './source-tree.js';

/** The doors of the package, and the names under which users import them. */
export const DOORS: Readonly<Record<string, string>> = {
  'actors/index.ts': 'millrace',
  'test/driver/index.ts': 'millrace/testing',
};

/** The doors between the rooms, for examples of what no user sees. */
const INNER_DOORS = ['core/internal.ts', 'memory/index.ts', 'storage/index.ts'];

/** Where a user's name is declared, and what stands above its declaration. */
export interface PublicExport {
  readonly name: string;
  readonly kind: 'value' | 'type';
  readonly path: string;
  /** The text of its doc comment; undefined if it has none. */
  readonly doc: string | undefined;
}

/** Follows each name that a door exports to its declaration. */
export function publicExports(tree: SourceTree, door: string): PublicExport[] {
  const file = fileAt(tree, door);
  if (file === undefined) return [];
  // A door declares nothing: each of its lines passes on what another file exports.
  return file.imports.flatMap(({ names }) => names.map((name) => publicExport(tree, file, name)));
}

function publicExport(tree: SourceTree, door: SourceFile, name: string): PublicExport {
  const { file, own } = declarationOf(tree, door, name);
  return {
    name,
    kind: own?.kind ?? 'type',
    path: file.path,
    doc: own === undefined ? undefined : docAbove(file.text, own.offset),
  };
}

function fileAt(tree: SourceTree, path: string): SourceFile | undefined {
  return tree.sources.find((file) => file.path === path);
}

/** Where a name comes from in the end. Of one that is a value and a type, the first has the comment. */
function declarationOf(
  tree: SourceTree,
  file: SourceFile,
  name: string,
): { readonly file: SourceFile; readonly own: Export | undefined } {
  const from = file.imports.find(({ names }) => names.includes(name))?.specifier;
  const next = from?.startsWith('.') ? fileAt(tree, resolveSource(file.path, from)) : undefined;
  if (next !== undefined) return declarationOf(tree, next, name);
  return { file, own: file.exports.find((exported) => exported.name === name) };
}

/** The doc comment that ends right above `offset`. */
function docAbove(text: string, offset: number): string | undefined {
  const before = text.slice(0, offset).trimEnd();
  if (!before.endsWith('*/')) return undefined;
  const start = before.lastIndexOf('/**');
  return start === -1 ? undefined : before.slice(start);
}

/** One `@example` of a doc comment, compiled as a module that imports what it names and does not declare. */
export interface DocExample {
  readonly path: string;
  readonly line: number;
  readonly code: string;
}

/** Fenced as `ts`, or on one line in back quotes. */
const EXAMPLE = /^[ \t]*\* @example[ \t]*(?:`([^`\n]+)`|\n[ \t]*\* ```ts\n([\s\S]*?)^[ \t]*\* ```$)/gm;

export function examplesOf(file: { readonly path: string; readonly text: string }): DocExample[] {
  return [...file.text.matchAll(EXAMPLE)].map((match) => {
    const fenced = match[2]?.replace(/^[ \t]*\* ?/gm, '');
    const before = file.text.slice(0, match.index + match[0].indexOf(match[1] ?? '```ts'));
    const line = before.split('\n').length + (fenced === undefined ? 0 : 1);
    return { path: file.path, line, code: fenced ?? `${match[1]};` };
  });
}

/** How often `@example` stands in a file in any form: each must be one that {@link examplesOf} understands. */
export function exampleTags(file: SourceFile): number {
  return [...file.comments.matchAll(/@example\b/g)].length;
}

/** What an example in `file` can name: the package's own exports, those of the rooms, and its neighbours. */
export function modulesFor(tree: SourceTree, file: SourceFile): ReadonlyMap<string, readonly string[]> {
  const exported = (door: string): string[] => publicExports(tree, door).map(({ name }) => name);
  const known = new Map<string, readonly string[]>();
  for (const [door, specifier] of Object.entries(DOORS)) known.set(specifier, exported(door));
  const own = file.exports.map(({ name }) => name).filter((name) => name !== 'default');
  known.set(specifierOf(file.path), own);
  for (const door of INNER_DOORS) known.set(specifierOf(door), exported(door));
  return known;
}

/** Seen from the folder below the root in which snippets are compiled. */
function specifierOf(path: string): string {
  return `../../dist/${path.replace(/\.ts$/, '.js')}`;
}

/**
 * The example as a module: names of `modules` that it uses and does not declare are imported; what else it
 * speaks of stands on the {@link STAGE}. Lines of the compiler's messages are lines of the source file.
 */
export function moduleOf(example: DocExample, modules: ReadonlyMap<string, readonly string[]>): Snippet {
  const { path, line, code } = example;
  const words = new Set(code.match(/[A-Za-z_$][\w$]*/g) ?? []);
  const own = new Set(
    [...code.matchAll(/^(?:export )?(?:const|let|class|interface|type|(?:async )?function) ([\w$]+)/gm)].map(
      (match) => match[1],
    ),
  );
  const taken = new Set<string>();
  const imports: string[] = [];
  for (const [specifier, names] of modules) {
    const used = [...new Set(names)].filter((name) => words.has(name) && !own.has(name) && !taken.has(name));
    for (const name of used) taken.add(name);
    if (used.length > 0) imports.push(`import { ${used.join(', ')} } from '${specifier}';`);
  }
  const head = `export {}; ${imports.join(' ')}`;
  return {
    file: `${path.replace(/\.ts$/, '').replaceAll('/', '.')}.${line}.ts`,
    text: `${head}${'\n'.repeat(Math.max(1, line - 1))}${code}`,
  };
}

/** What examples may speak of without a word about where it comes from. */
export const STAGE: Snippet = {
  file: 'stage.ts',
  text: `
import type { Readable } from 'node:stream';
import type {
  AggregateFunction, Clock, DataStream, ExecuteOptions, FileSystem, JobDefinition, JobParameters, KeyedRuntimeContext,
  LocalJob,
  MapStateDescriptor, SingleOutputStreamOperator, Source, StreamExecutionEnvironment, TypeDescriptor, WindowedStream,
} from 'millrace';
declare global {
  interface Flight { time: number; delay: number; origin: string }
  interface Reading { sensor: string; value: number }
  interface Change { sensor: string; limit: number }
  interface Order { id: string; time: number; user: string; item: string; count: number }
  interface Payment { order: string; time: number; amount: number }
  interface Price { item: string; price: number }
  interface Impression { id: string; time: number }
  interface Position { car: string; meters: number }
  interface Rule { pattern: string }
  interface Click { user: string; time: number; mobile: boolean; impression: string }
  interface Visits { user: string; visits: number }
  const env: StreamExecutionEnvironment;
  const params: JobParameters;
  const stream: DataStream<string>;
  const results: SingleOutputStreamOperator<Visits>;
  const lines: DataStream<string>;
  const words: DataStream<string>;
  const numbers: DataStream<number>;
  const flights: DataStream<Flight>;
  const clicks: DataStream<Click>;
  const readings: DataStream<Reading>;
  const changes: DataStream<Change>;
  const prices: DataStream<Price>;
  const impressions: DataStream<Impression>;
  const positions: DataStream<Position>;
  const commands: DataStream<string>;
  const patterns: MapStateDescriptor<string, string>;
  const rules: DataStream<Rule>;
  const ruleType: TypeDescriptor<Rule>;
  const counting: AggregateFunction<Click, number, number>;
  const orders: DataStream<Order>;
  const payments: DataStream<Payment>;
  const flight: TypeDescriptor<Flight>;
  const click: TypeDescriptor<Click>;
  const windowed: WindowedStream<Click, string>;
  const meanDelay: AggregateFunction<Flight, { sum: number; count: number }, number>;
  const counts: JobDefinition<ExecuteOptions>;
  const delays: JobDefinition<ExecuteOptions>;
  function userOf(click: Click): string;
  function add(a: Click, b: Click): Click;
  function parse(line: string): Flight;
  function lookUp(user: string): Promise<string>;
  function connect(): Promise<{ get(user: string): Promise<number>; end(): void }>;
  function openLines(): Readable;
  const job: LocalJob;
  const liveClicks: Source<Click, string, readonly string[]>;
  /** In \`open\` of a keyed function. */
  const ctx: KeyedRuntimeContext;
  const source: Source<string, string, readonly string[]>;
  const fileSystem: FileSystem;
  const clock: Clock;
  const bytes: Uint8Array;
  const seed: number;
  const input: string;
  const output: string;
}
`,
};
