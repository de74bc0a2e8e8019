import { type Finding, findingAt, type SourceFile, type SourceTree, type TextFile } from './source-tree.js';

/** Something that may not be written. */
export interface BannedRow {
  readonly what: RegExp;
  /** Where it is looked for: code without literals and comments, comments, or the whole text. */
  readonly where: 'code' | 'comments' | 'text';
  readonly paths: RegExp;
  readonly except?: RegExp;
  /** What to do instead. */
  readonly instead: string;
}

export function bannedIn(tree: SourceTree, rows: readonly BannedRow[]): Finding[] {
  const found: Finding[] = [];
  for (const row of rows) {
    for (const file of tree.sources) {
      if (!row.paths.test(file.path) || row.except?.test(file.path)) continue;
      const text = row.where === 'text' ? file.text : row.where === 'code' ? file.code : file.comments;
      found.push(...occurrences(file, text, row.what, row.instead));
    }
  }
  return found;
}

/** The same for documents, which have no code. */
export function bannedInDocuments(tree: SourceTree, what: RegExp, paths: RegExp, instead: string): Finding[] {
  return tree.documents
    .filter((file) => paths.test(file.path))
    .flatMap((file) => occurrences(file, file.text, what, instead));
}

function occurrences(file: TextFile, text: string, what: RegExp, instead: string): Finding[] {
  return [...text.matchAll(new RegExp(what, addGlobal(what.flags)))].map((match) =>
    findingAt(file, match.index, `'${match[0].trim()}': ${instead}`),
  );
}

function addGlobal(flags: string): string {
  return flags.includes('g') ? flags : `${flags}g`;
}

/** A global of the host, used as such: not a property, not the name of one. */
export function ambient(name: string): RegExp {
  return new RegExp(`(?<![.\\w$#])${name.replace('.', '\\.')}(?![\\w$])(?!\\s*\\??:(?!:))`);
}

/** Names of files: kebab-case, in the field's words. */
export function fileNames(tree: SourceTree, banned: ReadonlySet<string>): Finding[] {
  const found: Finding[] = [];
  for (const file of tree.sources) {
    const name = file.path.split('/').at(-1) ?? '';
    if (!/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*\.tsx?$/.test(name)) {
      found.push(findingAt(file, 0, `the file name '${name}' is not kebab-case`));
    }
    const word = file.path
      .replace(/\.tsx?$/, '')
      .split(/[/.-]/)
      .find((part) => banned.has(part));
    if (word !== undefined) found.push(findingAt(file, 0, `'${word}' names nothing; use the field's noun`));
  }
  return found;
}

/** Names of classes, interfaces, types and functions. */
export function declaredNames(tree: SourceTree, banned: RegExp): Finding[] {
  const found: Finding[] = [];
  for (const file of tree.sources) {
    for (const match of file.code.matchAll(/\b(class|interface|type|function)\s+([A-Za-z_$][\w$]*)/g)) {
      const name = match[2] ?? '';
      if (banned.test(name)) {
        found.push(findingAt(file, match.index, `'${name}' holds a word that names nothing`));
      }
      if (match[1] === 'interface' && /^I[A-Z][a-z]/.test(name)) {
        found.push(findingAt(file, match.index, `'${name}': no prefix I on interfaces`));
      }
    }
  }
  return found;
}

/** Things of which the tree may have one file only, and only under `home`. */
export function oneFile(tree: SourceTree, what: RegExp, home: RegExp, named: string): Finding[] {
  const uses: { file: SourceFile; offset: number }[] = [];
  for (const file of tree.sources) {
    const offset = file.code.search(what);
    if (offset !== -1) uses.push({ file, offset });
  }
  return uses
    .filter(({ file }) => uses.length > 1 || !home.test(file.path))
    .map(({ file, offset }) => findingAt(file, offset, named));
}
