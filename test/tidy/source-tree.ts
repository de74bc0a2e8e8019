import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Export, exportsOf, type Import, importsOf } from './module-scanner.js';
import { blank, CODE, COMMENT, classify } from './source-scanner.js';

/** A TypeScript file of the tree, `.ts` or `.tsx`. Paths are relative to the package root, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** The text with comments and the insides of literals blanked. */
  readonly code: string;
  /** The text with everything but comments blanked. */
  readonly comments: string;
  /** For each character: code, comment or literal. */
  readonly kinds: Uint8Array;
  readonly imports: readonly Import[];
  readonly exports: readonly Export[];
}

/** Any other text file that is checked: Markdown, JSON, settings. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** All that the rules look at. They are pure functions of it. */
export interface SourceTree {
  readonly sources: readonly SourceFile[];
  readonly documents: readonly TextFile[];
  /** Every file and folder of the package, for links. */
  readonly paths: ReadonlySet<string>;
}

export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** Folders that are made, not written. */
const MADE = new Set(['node_modules', 'dist', 'coverage', '.git', '.tap', '.out', '.millrace']);
const SOURCE = /\.tsx?$/;
const DOCUMENT =
  /(?:\.(?:md|json|jsonc|yml|yaml|sh|js|mjs|html)|^\.taprc|^\.npmrc|^\.gitignore|^\.ci\/[^/]+)$/;
/** Data files beyond this are no text that people wrote. */
const DOCUMENT_BYTES_MAX = 1_000_000;

/** The package root: the nearest folder above this file, compiled or not, with a package.json. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`No package.json above ${fileURLToPath(import.meta.url)}`);
    folder = parent;
  }
  return folder;
}

export function readTree(root: string): SourceTree {
  const files = new Map<string, string>();
  const paths = new Set<string>();
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name);
      if (MADE.has(path)) continue;
      paths.add(path);
      if (entry.isDirectory()) walk(path);
      else if (SOURCE.test(path) || DOCUMENT.test(path)) {
        files.set(path, readFileSync(join(root, path), 'utf8'));
      }
    }
  };
  walk('');
  return treeOf(files, paths);
}

/** A tree from texts; the way in for planted violations. */
export function treeOf(
  files: ReadonlyMap<string, string>,
  paths: ReadonlySet<string> = withFolders(files),
): SourceTree {
  const sources: SourceFile[] = [];
  const documents: TextFile[] = [];
  for (const [path, text] of files) {
    if (SOURCE.test(path)) sources.push(sourceFile(path, text));
    else if (text.length <= DOCUMENT_BYTES_MAX) documents.push({ path, text });
  }
  return { sources, documents, paths };
}

function withFolders(files: ReadonlyMap<string, string>): ReadonlySet<string> {
  const paths = new Set<string>();
  for (const path of files.keys()) {
    for (let part = path; part !== '.'; part = posix.dirname(part)) paths.add(part);
  }
  return paths;
}

function sourceFile(path: string, text: string): SourceFile {
  const kinds = classify(text, path.endsWith('.tsx'));
  const code = blank(text, kinds, CODE);
  return {
    path,
    text,
    code,
    comments: blank(text, kinds, COMMENT),
    kinds,
    imports: importsOf(text, code),
    exports: exportsOf(code),
  };
}

/** The source that a relative specifier names, whether or not it exists; with JSX only where `tsx` has it. */
export function resolveSource(from: string, specifier: string, tsx?: ReadonlySet<string>): string {
  const path = posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts');
  return tsx?.has(`${path}x`) === true ? `${path}x` : path;
}

/** Paths of the sources with JSX. */
export function tsxPaths(tree: SourceTree): ReadonlySet<string> {
  return new Set(tree.sources.map(({ path }) => path).filter((path) => path.endsWith('.tsx')));
}

export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

export function findingAt(file: TextFile, offset: number, message: string): Finding {
  return { path: file.path, line: lineOf(file.text, offset), message };
}

export function show(finding: Finding): string {
  return `${finding.path}:${finding.line} ${finding.message}`;
}
