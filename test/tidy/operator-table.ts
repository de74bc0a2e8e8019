import { moduleOf } from './doc-examples.js';
import type { Snippet } from './snippet-compiler.js';
import type { SourceTree } from './source-tree.js';

/** A line of one of the tables under `## Operators`. */
export interface OperatorRow {
  /** The classes whose table it is. */
  readonly classes: readonly string[];
  readonly names: readonly string[];
  readonly example: string;
  /** In the document, from 1. */
  readonly line: number;
}

/** Tables whose rows are classes: the exports of the package that end so. */
export const CLASS_TABLES: ReadonlyMap<string, RegExp> = new Map([
  ['Sources and sinks', /\w(?:Source|(?<!Stream)Sink)$/],
  ['Windows, triggers, evictors', /\w(?:Windows|Trigger|Evictor)$/],
]);

/** Classes of the API, and objects like them, whose methods make or shape operators. */
const STREAM_CLASS =
  /^export (?:abstract )?(?:class|const) (\w*(?:Streams?|Streams(?:Where|EqualTo)|Join|Joined|CoGroup|StreamOperator|StreamSink|Environment|WatermarkStrategy))\b.*?^}/gms;
const PUBLIC_METHOD = /^ {2}(?:static |override )*([a-z]\w*)(?:[(<]|,$)/gm;
/** Called by the package's own classes only. */
const OWN = new Set(['constructor']);

/**
 * What users call of each class that makes or shapes operators: its own public methods. Of the environment only
 * what makes streams: the rest of it is settings. A class that only hands its methods on has none here.
 */
export function operatorMethods(tree: SourceTree): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const { path, text } of tree.sources) {
    if (!/^core\/(?:api|watermark)\//.test(path)) continue;
    for (const [body, name = ''] of text.matchAll(STREAM_CLASS)) {
      const methods = new Set([...body.matchAll(PUBLIC_METHOD)].map((match) => match[1] ?? ''));
      const isSetting = (method: string): boolean => name.endsWith('Environment') && !/^from/.test(method);
      found.set(
        name,
        [...methods].filter((method) => !isSetting(method) && !OWN.has(method)),
      );
    }
  }
  // Their methods are DataStream's to everybody but these files.
  for (const part of ['WindowableStream', 'SinkableStream']) {
    found.set('DataStream', [...(found.get('DataStream') ?? []), ...(found.get(part) ?? [])]);
    found.delete(part);
  }
  return found;
}

/** The lines of the section, with blank ones before it so that numbers of lines stay. */
function operatorSection(document: string): string[] {
  const lines = document.split('\n');
  const from = lines.indexOf('## Operators');
  if (from === -1) return [];
  const to = lines.findIndex((line, index) => index > from && line.startsWith('## '));
  return lines.slice(0, to === -1 ? undefined : to).map((line, index) => (index < from ? '' : line));
}

/** The rows of all tables of the section. */
export function operatorRows(document: string): OperatorRow[] {
  let classes: readonly string[] = [];
  return operatorSection(document).flatMap((line, index) => {
    const heading = /^### (.*)$/.exec(line)?.[1];
    if (heading !== undefined) classes = CLASS_TABLES.has(heading) ? [heading] : heading.split(', ');
    const row = /^\| (`.*?`) \| .* \| `(.*)` \|$/.exec(line);
    if (row === null) return [];
    const names = [...(row[1] ?? '').matchAll(/`(\w+)`/g)].map((match) => match[1] ?? '');
    return [{ classes, names, example: row[2] ?? '', line: index + 1 }];
  });
}

/** The examples as one module, after the section's own snippet; its lines are those of the document. */
export function operatorExamples(document: string, modules: ReadonlyMap<string, readonly string[]>): Snippet {
  const lines = operatorSection(document);
  const code = lines.map(() => '');
  const from = lines.indexOf('```ts') + 1;
  for (let at = from; at > 0 && lines[at] !== undefined && lines[at] !== '```'; at++)
    code[at] = lines[at] ?? '';
  for (const { example, line } of operatorRows(document)) code[line - 1] = `void (${example});`;
  const imported = new Set(/^import \{(.*)\}/m.exec(code.join('\n'))?.[1]?.match(/\w+/g) ?? []);
  const others = [...modules].map(
    ([door, names]) => [door, names.filter((name) => !imported.has(name))] as const,
  );
  // The first line of a document is its title: there the imports stand.
  return moduleOf({ path: 'README.md', line: 2, code: code.slice(1).join('\n') }, new Map(others));
}
