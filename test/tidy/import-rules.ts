import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import type { Import } from './module-scanner.js';
import { type Finding, findingAt, resolveSource, type SourceFile, type SourceTree } from './source-tree.js';

/** What the files under a path may import; of several rows that fit, the one with the longest path counts. */
export interface ImportRow {
  readonly from: string;
  /** Rooms, or folders of them, whose doors may be used. The own room is always open, file by file. */
  readonly rooms: readonly string[];
  /** Built-in modules: none, or all but those named. */
  readonly node: 'none' | { readonly allBut: readonly string[] };
  readonly packages: readonly string[];
  /** Names that may not be taken from another room's door. */
  readonly notNamed?: RegExp;
  /** Whether files behind other rooms' doors may be reached. */
  readonly behindDoors?: boolean;
  /** A room of its own, though it lies in another: neither reaches into the other, file by file. */
  readonly apart?: boolean;
}

/** A thing that lives in one file, or in one folder of few files. */
export interface OnePlaceRow {
  readonly what: string;
  /** The import specifier, or what the code spells. */
  readonly trace: { readonly specifier: string } | { readonly code: RegExp };
}

/** How many files a "small folder" holds. */
const ONE_PLACE_FILES_MAX = 4;

export function importTable(
  tree: SourceTree,
  rows: readonly ImportRow[],
  doors: ReadonlySet<string>,
): Finding[] {
  const found: Finding[] = [];
  for (const file of tree.sources) {
    const row = rowFor(rows, file.path);
    if (row === undefined) continue;
    for (const imported of file.imports) {
      const fault = imported.specifier?.startsWith('.')
        ? (intrusion(file, row, imported, rows) ?? relativeFault(file, row, imported, doors))
        : packageFault(row, imported);
      if (fault !== undefined) found.push(findingAt(file, imported.offset, fault));
    }
  }
  return found;
}

function rowFor(rows: readonly ImportRow[], path: string): ImportRow | undefined {
  let best: ImportRow | undefined;
  for (const row of rows) {
    if (path.startsWith(row.from) && row.from.length > (best?.from.length ?? -1)) best = row;
  }
  return best;
}

/** What lies apart is reached by nobody of the room around it. */
function intrusion(
  file: SourceFile,
  row: ImportRow,
  imported: Import,
  rows: readonly ImportRow[],
): string | undefined {
  const target = resolveSource(file.path, imported.specifier ?? '');
  const foreign = rows.find(
    ({ apart, from }) => apart === true && from !== row.from && target.startsWith(from),
  );
  return foreign === undefined ? undefined : `${row.from} may not import ${target}, which stands apart`;
}

function relativeFault(
  file: SourceFile,
  row: ImportRow,
  imported: Import,
  doors: ReadonlySet<string>,
): string | undefined {
  const target = resolveSource(file.path, imported.specifier ?? '');
  const room = roomOf(file.path, row);
  const isOpen = (open: string): boolean => target.startsWith(`${open}/`);
  const targetRoom = isOpen(room) ? room : (row.rooms.find(isOpen) ?? target.split('/')[0] ?? '');
  if (targetRoom === room) {
    if (doors.has(target) && !doors.has(file.path) && room !== 'test/driver') {
      return `imports its own room's door ${target}; import the file that declares it`;
    }
    return undefined;
  }
  if (!row.rooms.includes(targetRoom)) return `${row.from} may not import ${target}`;
  if (!doors.has(target) && row.behindDoors !== true) {
    return `reaches behind the door of ${targetRoom}/: ${target}`;
  }
  const { notNamed } = row;
  const taken = notNamed === undefined ? undefined : imported.names.find((name) => notNamed.test(name));
  if (taken !== undefined) return `${row.from} may not use ${taken} of ${targetRoom}/`;
  return undefined;
}

function roomOf(path: string, row: ImportRow): string {
  return row.apart === true ? row.from.replace(/\/$/, '') : (path.split('/')[0] ?? '');
}

function packageFault(row: ImportRow, imported: Import): string | undefined {
  const specifier = imported.specifier;
  if (specifier === undefined) return undefined;
  if (isBuiltin(specifier)) {
    if (!specifier.startsWith('node:')) return `write 'node:${specifier}'`;
    if (row.node === 'none') return `${row.from} may not import ${specifier}`;
    const banned = row.node.allBut.some((name) => specifier === name || specifier.startsWith(`${name}/`));
    return banned ? `${row.from} may not import ${specifier}` : undefined;
  }
  const name = packageName(specifier);
  return row.packages.includes(name) ? undefined : `${row.from} may not import the package ${name}`;
}

export function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/**
 * Inside core: a folder imports code of its own floor and those below. Types may come from above, since a
 * contract names what passes through it. Doors stand above all floors.
 */
export function coreFloors(tree: SourceTree, floors: Readonly<Record<string, number>>): Finding[] {
  const found: Finding[] = [];
  const floorOf = (path: string): number | undefined => {
    const [room, folder, file] = path.split('/');
    return room === 'core' && file !== undefined ? floors[folder ?? ''] : undefined;
  };
  for (const file of tree.sources) {
    const floor = floorOf(file.path);
    if (floor === undefined) {
      if (/^core\/[^/]+\//.test(file.path)) found.push(findingAt(file, 0, 'its folder has no floor in core'));
      continue;
    }
    for (const { specifier, offset, typeOnly } of file.imports) {
      if (!specifier?.startsWith('.') || typeOnly) continue;
      const target = resolveSource(file.path, specifier);
      const targetFloor = floorOf(target);
      if (targetFloor !== undefined && targetFloor > floor) {
        found.push(findingAt(file, offset, `imports an upper floor: ${target}`));
      }
    }
  }
  return found;
}

export function onePlace(tree: SourceTree, rows: readonly OnePlaceRow[], rooms: RegExp): Finding[] {
  const found: Finding[] = [];
  for (const row of rows) {
    const uses = tree.sources.flatMap((file) => {
      const offset = rooms.test(file.path) ? useIn(file, row) : -1;
      return offset === -1 ? [] : [{ file, offset }];
    });
    const folders = new Set(uses.map(({ file }) => posix.dirname(file.path)));
    if (uses.length <= 1 || (folders.size === 1 && uses.length <= ONE_PLACE_FILES_MAX)) continue;
    for (const { file, offset } of uses) {
      found.push(findingAt(file, offset, `${row.what} occurs in ${uses.length} files; it has one place`));
    }
  }
  return found;
}

/** The first use of the row's thing in the file, or -1. */
function useIn(file: SourceFile, row: OnePlaceRow): number {
  const { trace } = row;
  if ('code' in trace) return file.code.search(trace.code);
  const use = file.imports.find(
    ({ specifier }) => specifier !== undefined && packageName(specifier) === trace.specifier,
  );
  return use?.offset ?? -1;
}

/** A module chosen at run time is a job module, and those are loaded in few places. */
export function computedImports(tree: SourceTree, banned: RegExp): Finding[] {
  return tree.sources
    .filter((file) => banned.test(file.path))
    .flatMap((file) =>
      file.imports
        .filter(({ specifier }) => specifier === undefined)
        .map(({ offset }) => findingAt(file, offset, 'imports a module chosen at run time')),
    );
}
