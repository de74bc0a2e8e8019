/** Imports and exports of a module, read from source whose comments and literals are blanked. */

export interface Import {
  /** Absent for `import(expression)`. */
  readonly specifier: string | undefined;
  /** `static` for import and export from, `dynamic` for `import()`, `url` for `new URL('./x.js', ...)`. */
  readonly kind: 'static' | 'dynamic' | 'url';
  /** Imported names as the other module spells them; `*` for all of them. */
  readonly names: readonly string[];
  /** Whether nothing of it is left at run time. */
  readonly typeOnly: boolean;
  readonly offset: number;
}

export interface Export {
  readonly name: string;
  readonly kind: 'value' | 'type';
  readonly offset: number;
}

const STATIC = /(?<![.\w$])(?:import|export)\s+(type\s+(?=[\w${*]))?([\w$*{}\s,]+?)\s+from\s*['"]/g;
const BARE = /(?<![.\w$])import\s*['"]/g;
const DYNAMIC = /(?<![.\w$])import\s*\(\s*(['"`]?)/g;
const URL_OF_FILE = /\bnew URL\(\s*['"]/g;
const DECLARED =
  /^export\s+(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(function\*?|class|const|let|interface|type)\s+([\w$]+)/gm;
const LISTED = /^export\s+(type\s+)?\{([^}]*)\}\s*;/gm;

/** `code` is `text` with comments and the insides of literals blanked. */
export function importsOf(text: string, code: string): Import[] {
  const found: Import[] = [];
  for (const match of code.matchAll(STATIC)) {
    found.push({
      specifier: literalAt(text, match.index + match[0].length - 1),
      kind: 'static',
      names: importedNames(match[2] ?? ''),
      typeOnly: match[1] !== undefined || onlyTypesListed(match[2] ?? ''),
      offset: match.index,
    });
  }
  for (const match of code.matchAll(BARE)) {
    const specifier = literalAt(text, match.index + match[0].length - 1);
    found.push({ specifier, kind: 'static', names: [], typeOnly: false, offset: match.index });
  }
  for (const match of code.matchAll(DYNAMIC)) {
    const specifier = match[1] === '' ? undefined : literalAt(text, match.index + match[0].length - 1);
    found.push({ specifier, kind: 'dynamic', names: ['*'], typeOnly: false, offset: match.index });
  }
  for (const match of code.matchAll(URL_OF_FILE)) {
    const specifier = literalAt(text, match.index + match[0].length - 1);
    if (/^\.\.?\/.*\.js$/.test(specifier)) {
      found.push({ specifier, kind: 'url', names: ['*'], typeOnly: false, offset: match.index });
    }
  }
  return found;
}

export function exportsOf(code: string): Export[] {
  const found: Export[] = [];
  for (const match of code.matchAll(DECLARED)) {
    const kind = match[1] === 'interface' || match[1] === 'type' ? 'type' : 'value';
    found.push({ name: match[2] ?? '', kind, offset: match.index });
  }
  for (const match of code.matchAll(LISTED)) {
    for (const part of (match[2] ?? '').split(',')) {
      const name = part.trim().split(/\s+/).at(-1);
      if (name === undefined || name === '') continue;
      const kind = match[1] !== undefined || /^\s*type\s/.test(part) ? 'type' : 'value';
      found.push({ name, kind, offset: match.index });
    }
  }
  return found;
}

/** The literal whose opening quote stands at `quote`. */
function literalAt(text: string, quote: number): string {
  return text.slice(quote + 1, text.indexOf(text[quote] ?? "'", quote + 1));
}

function importedNames(clause: string): string[] {
  const names: string[] = [];
  const listed = /\{([^}]*)\}/.exec(clause)?.[1] ?? '';
  for (const part of listed.split(',')) {
    const name = part
      .trim()
      .replace(/^type\s+/, '')
      .split(/\s+/)[0];
    if (name !== undefined && name !== '') names.push(name);
  }
  const rest = clause.replace(/\{[^}]*\}/, '');
  if (rest.includes('*')) names.push('*');
  else if (/[\w$]/.test(rest)) names.push('default');
  return names;
}

/** `{ type A, type B }`: the compiler leaves an import of nothing, which draws no arrow either. */
function onlyTypesListed(clause: string): boolean {
  const listed = /^\{([^}]*)\}$/.exec(clause.trim())?.[1];
  if (listed === undefined) return false;
  const parts = listed.split(',').filter((part) => part.trim() !== '');
  return parts.length > 0 && parts.every((part) => /^\s*type\s/.test(part));
}
