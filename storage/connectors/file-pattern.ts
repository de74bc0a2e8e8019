import { type FileStatus, type FileSystem, MillraceError } from '../../core/internal.js';

/** A file that a pattern has found. */
export interface FoundFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/** Deeper than this, a folder that contains itself by a link is more likely than a real one. */
const MAX_DEPTH = 64;

/**
 * The files that the given paths stand for, in the order of the list and by path within each; a file that is
 * found twice is taken once. A path is a file, a folder (the files in it; below it too if `recursive`), or a
 * pattern with `*`, `?`, `**` (any folders) and `{a,b}`. Names that begin with `.` or `_` are hidden: they
 * are found only when they are spelled out.
 *
 * @throws MillraceError MR6002 if one of the paths stands for no file
 */
export async function findFiles(
  fileSystem: FileSystem,
  patterns: readonly string[],
  recursive: boolean,
): Promise<readonly FoundFile[]> {
  const found = new Map<string, FoundFile>();
  for (const pattern of patterns) {
    const files = await expand(fileSystem, pattern, recursive);
    if (files.length === 0) {
      throw new MillraceError('MR6002', `No input was found at ${pattern}.`, {
        hint: 'Give a file, a folder with files in it, or a pattern that matches some. Names that begin with "." or "_" are not read.',
      });
    }
    for (const file of files) {
      if (!found.has(file.path)) found.set(file.path, file);
    }
  }
  return [...found.values()];
}

async function expand(fileSystem: FileSystem, pattern: string, recursive: boolean): Promise<FoundFile[]> {
  const search = new Search(fileSystem, recursive);
  // What is there under exactly this name is meant, even if its name has the look of a pattern.
  const status = await fileSystem.stat(pattern);
  if (status !== undefined) await search.take(pattern, status);
  else {
    for (const alternative of expandBraces(pattern)) await search.walk('', alternative.split('/').slice(1));
  }
  return [...search.files.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** Collects the files that patterns without braces name. Folders are walked without a `/` at their end. */
class Search {
  readonly files: Map<string, FoundFile>;
  readonly #fileSystem: FileSystem;
  readonly #recursive: boolean;

  constructor(fileSystem: FileSystem, recursive: boolean) {
    this.files = new Map();
    this.#fileSystem = fileSystem;
    this.#recursive = recursive;
  }

  /** Takes a file, or the files in a folder. */
  async take(path: string, status: FileStatus): Promise<void> {
    if (!status.isFolder) this.files.set(path, { path, sizeBytes: status.sizeBytes });
    else if (this.#recursive) await this.#walkBelow(withoutSlash(path), ['*'], 0);
    else await this.#takeMatching(withoutSlash(path), '*', []);
  }

  /** Takes what the steps of a pattern name below a folder. */
  async walk(folder: string, steps: readonly string[]): Promise<void> {
    const [step, ...rest] = steps;
    if (step === undefined) return;
    if (step === '**') {
      await this.#walkBelow(folder, rest.length === 0 ? ['*'] : rest, 0);
    } else if (hasWildcard(step)) {
      await this.#takeMatching(folder, step, rest, true);
    } else if (rest.length > 0) {
      await this.walk(`${folder}/${step}`, rest);
    } else {
      const status = await this.#fileSystem.stat(`${folder}/${step}`);
      if (status !== undefined) await this.take(`${folder}/${step}`, status);
    }
  }

  /** `descend`: a folder that the whole pattern names stands for the files in it. */
  async #takeMatching(folder: string, step: string, rest: readonly string[], descend = false): Promise<void> {
    const matches = stepMatcher(step);
    for (const entry of await this.#fileSystem.list(folder === '' ? '/' : folder)) {
      if (!matches(entry.name)) continue;
      const path = `${folder}/${entry.name}`;
      if (rest.length > 0) {
        if (entry.isFolder) await this.walk(path, rest);
      } else if (!entry.isFolder || descend) {
        const status = await this.#fileSystem.stat(path);
        if (status !== undefined) await this.take(path, status);
      }
    }
  }

  /** The steps in this folder and in every folder below that is not hidden. */
  async #walkBelow(folder: string, steps: readonly string[], depth: number): Promise<void> {
    const [step, ...rest] = steps;
    if (step !== undefined && rest.length === 0 && hasWildcard(step)) {
      await this.#takeMatching(folder, step, rest);
    } else {
      await this.walk(folder, steps);
    }
    if (depth >= MAX_DEPTH) return;
    for (const entry of await this.#fileSystem.list(folder === '' ? '/' : folder)) {
      if (!entry.isFolder || isHidden(entry.name)) continue;
      await this.#walkBelow(`${folder}/${entry.name}`, steps, depth + 1);
    }
  }
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '');
}

function isHidden(name: string): boolean {
  return name.startsWith('.') || name.startsWith('_');
}

function hasWildcard(step: string): boolean {
  return step.includes('*') || step.includes('?');
}

/**
 * Tells whether a name matches one step of a pattern. Hidden names match only a step that begins as they do.
 */
function stepMatcher(step: string): (name: string) => boolean {
  const source = step
    .replace(/[.+^$()|[\]\\{}]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  const expression = new RegExp(`^${source}$`, 'su');
  return (name) => (!isHidden(name) || name[0] === step[0]) && expression.test(name);
}

/** `a{b,c}d` is `abd` and `acd`; braces may be nested. Without a closing brace they mean themselves. */
export function expandBraces(pattern: string): string[] {
  const open = pattern.indexOf('{');
  const close = open < 0 ? -1 : closingBrace(pattern, open);
  if (close < 0) return [pattern];
  const before = pattern.slice(0, open);
  const rests = expandBraces(pattern.slice(close + 1));
  const expanded: string[] = [];
  for (const choice of splitChoices(pattern.slice(open + 1, close))) {
    for (const middle of expandBraces(choice)) {
      for (const rest of rests) expanded.push(before + middle + rest);
    }
  }
  return expanded;
}

function closingBrace(pattern: string, open: number): number {
  let depth = 0;
  for (let i = open; i < pattern.length; i++) {
    if (pattern[i] === '{') depth++;
    else if (pattern[i] === '}' && --depth === 0) return i;
  }
  return -1;
}

function splitChoices(text: string): string[] {
  const choices: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '{') depth++;
    else if (text[i] === '}') depth--;
    else if (text[i] === ',' && depth === 0) {
      choices.push(text.slice(from, i));
      from = i + 1;
    }
  }
  choices.push(text.slice(from));
  return choices;
}
