import { posix } from 'node:path';
import { type Finding, findingAt, resolveSource, type SourceTree, tsxPaths } from './source-tree.js';

/** The sources of what package.json ships as programs and exports. */
export function shippedEntries(manifest: string): string[] {
  return [...manifest.matchAll(/"(?:\.\/)?dist\/(?:bundle\/)?([\w./-]+)\.js"/g)].map(
    (match) => `${match[1]}.ts`,
  );
}

/** The sources that a page runs. */
export function pageScripts(path: string, html: string): string[] {
  return [...html.matchAll(/<script[^>]*\bsrc="([^"]+)"/g)].map((match) =>
    posix.join(posix.dirname(path), match[1] ?? ''),
  );
}

/** The files that imports lead to from these, and these. */
export function reachedFrom(tree: SourceTree, roots: Iterable<string>): ReadonlySet<string> {
  const bySource = new Map(tree.sources.map((file) => [file.path, file]));
  const reached = new Set<string>();
  const tsx = tsxPaths(tree);
  const open = [...roots];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const file = bySource.get(path);
    if (file === undefined || reached.has(path)) continue;
    reached.add(path);
    for (const { specifier } of file.imports) {
      if (specifier?.startsWith('.')) open.push(resolveSource(path, specifier, tsx));
    }
  }
  return reached;
}

/** Files of the rooms that no way leads to from an entry or a door; ambient declarations are imported by nobody. */
export function deadFiles(tree: SourceTree, roots: ReadonlySet<string>, rooms: RegExp): Finding[] {
  const reached = reachedFrom(tree, roots);
  return tree.sources
    .filter(({ path }) => rooms.test(path) && !reached.has(path) && !path.endsWith('.d.ts'))
    .map((file) => findingAt(file, 0, 'is reached from no door and no program'));
}

/** Exported functions, classes and constants of the rooms that no other file names. */
export function deadExports(tree: SourceTree, roots: ReadonlySet<string>, rooms: RegExp): Finding[] {
  const used = new Map<string, Set<string>>();
  const tsx = tsxPaths(tree);
  for (const file of tree.sources) {
    for (const { specifier, names } of file.imports) {
      if (!specifier?.startsWith('.')) continue;
      const target = resolveSource(file.path, specifier, tsx);
      const known = used.get(target) ?? new Set<string>();
      for (const name of names) known.add(name);
      used.set(target, known);
    }
  }
  return tree.sources
    .filter(({ path }) => rooms.test(path) && !roots.has(path))
    .flatMap((file) => {
      const names = used.get(file.path) ?? new Set<string>();
      if (names.has('*')) return [];
      return file.exports
        .filter(({ name, kind }) => kind === 'value' && !names.has(name))
        .map(({ name, offset }) => findingAt(file, offset, `exports ${name}, which no other file uses`));
    });
}

/** Error codes that stand in the table and nowhere else in the rooms. */
export function unusedErrorCodes(tree: SourceTree, table: string, rooms: RegExp): string[] {
  const text = tree.sources.find(({ path }) => path === table)?.text ?? '';
  const elsewhere = tree.sources.filter(({ path }) => path !== table && rooms.test(path));
  return [...text.matchAll(/^ {2}(MR\d{4}):/gm)]
    .map((match) => match[1] ?? '')
    .filter((code) => !elsewhere.some((file) => file.text.includes(code)));
}
