import { posix } from 'node:path';
import { reachedFrom } from './dead-code.js';
import { packageName } from './import-rules.js';
import { type Finding, findingAt, type SourceTree, type TextFile } from './source-tree.js';

/** The house: no other folder stands at the top, dot folders aside. */
export function topFolders(tree: SourceTree, rooms: ReadonlySet<string>): Finding[] {
  const folders = new Set<string>();
  for (const path of tree.paths) if (path.includes('/')) folders.add(path.split('/')[0] ?? '');
  return [...folders]
    .filter((folder) => !folder.startsWith('.') && !rooms.has(folder))
    .map((folder) => ({ path: folder, line: 1, message: 'is no room of the house' }));
}

/**
 * What shipped files import, and those that they lead to, is a dependency that users get; what is `bundled` brings its
 * own, as of the build.
 */
export function declaredPackages(
  tree: SourceTree,
  manifest: Manifest,
  shipped: RegExp,
  bundled: string,
): Finding[] {
  const installed = {
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.peerDependencies,
  };
  const roots = tree.sources.map(({ path }) => path).filter((path) => shipped.test(path));
  const reached = reachedFrom(tree, roots);
  return tree.sources
    .filter(({ path }) => reached.has(path))
    .flatMap((file) => {
      const declared = new Set(
        Object.keys(file.path.startsWith(bundled) ? (manifest.devDependencies ?? {}) : installed),
      );
      return file.imports.flatMap(({ specifier, offset }) => {
        if (specifier === undefined || /^(?:\.|node:)/.test(specifier)) return [];
        const name = packageName(specifier);
        return declared.has(name) ? [] : [findingAt(file, offset, `${name} is no dependency of the package`)];
      });
    });
}

export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  /** The user's own, where they have them. */
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export function manifestOf(tree: SourceTree): Manifest {
  const text = document(tree, 'package.json')?.text;
  return text === undefined ? {} : (JSON.parse(text) as Manifest);
}

export function document(tree: SourceTree, path: string): TextFile | undefined {
  return tree.documents.find((file) => file.path === path);
}

/** By folder of tests. */
const SUFFIXES: Readonly<Record<string, string>> = {
  property: '.property.test.ts',
  concurrency: '.litmus.test.ts',
  fault: '.fault.test.ts',
  fuzz: '.fuzz.test.ts',
};

/** Test files end in the suffix of their folder, which says what they need to run. */
export function testSuffixes(tree: SourceTree): Finding[] {
  return tree.sources.flatMap((file) => {
    const [room, folder] = file.path.split('/');
    const suffix = SUFFIXES[folder ?? ''];
    if (room !== 'test' || !file.path.endsWith('.test.ts')) return [];
    if (suffix !== undefined && !file.path.endsWith(suffix)) {
      return [findingAt(file, 0, `does not end in ${suffix}`)];
    }
    const foreign = Object.entries(SUFFIXES).find(
      ([home, end]) => home !== folder && file.path.endsWith(end),
    );
    return suffix === undefined && foreign !== undefined
      ? [findingAt(file, 0, `belongs into test/${foreign[0]}`)]
      : [];
  });
}

/** Relative links of Markdown files lead to something. */
export function documentLinks(tree: SourceTree): Finding[] {
  const found: Finding[] = [];
  for (const file of tree.documents) {
    if (!file.path.endsWith('.md')) continue;
    const prose = file.text.replace(/^```.*?^```/gms, (block) => block.replace(/[^\n]/g, ' '));
    for (const match of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      const [target = '', anchor] = (match[1] ?? '').split('#');
      if (/^[a-z]+:/.test(target)) continue;
      const path = target === '' ? file.path : posix.join(posix.dirname(file.path), target);
      if (!tree.paths.has(path.replace(/\/$/, ''))) {
        found.push(findingAt(file, match.index, `links to ${path}, which does not exist`));
      } else if (anchor !== undefined && !hasHeading(tree, path, anchor)) {
        found.push(findingAt(file, match.index, `links to #${anchor}, which is no heading of ${path}`));
      }
    }
  }
  return found;
}

function hasHeading(tree: SourceTree, path: string, anchor: string): boolean {
  const text = document(tree, path)?.text;
  if (text === undefined) return true;
  return [...text.matchAll(/^#+\s+(.+)$/gm)].some((match) => slug(match[1] ?? '') === anchor);
}

/** The anchor that a heading gets where Markdown is commonly shown. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .trim()
    .replace(/ /g, '-');
}

/** A document says each of these, word for word. */
export function says(tree: SourceTree, path: string, sentences: readonly string[]): Finding[] {
  const file = document(tree, path);
  if (file === undefined) return [{ path, line: 1, message: 'does not exist' }];
  return sentences
    .filter((sentence) => !file.text.includes(sentence))
    .map((sentence) => findingAt(file, 0, `does not show '${sentence}'`));
}

/** Fenced blocks marked `ts`, each with the file name that its first line gives in a comment. */
export function snippetsOf(text: string): { readonly file: string; readonly text: string }[] {
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map((match, index) => {
    const body = match[1] ?? '';
    return { file: /^\/\/ ([\w-]+\.ts)\n/.exec(body)?.[1] ?? `snippet-${index + 1}.ts`, text: body };
  });
}
