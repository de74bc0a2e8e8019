/**
 * The values of a text in the form of Java's `.properties` files: a key and its value on each line, with `=`,
 * `:` or white space between; `#` and `!` begin comments, and a line that ends in `\` goes on in the next one.
 * A key that comes twice has its last value.
 */
export function parseProperties(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of logicalLines(text)) {
    const { key, rest } = splitKey(line);
    if (key !== '') values.set(unescaped(key), unescaped(rest));
  }
  return values;
}

function* logicalLines(text: string): Generator<string> {
  let begun: string[] = [];
  for (const natural of text.split(/\r\n|\n|\r/)) {
    const line = natural.trimStart();
    if (begun.length === 0 && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue;
    if (endsInBackslash(line)) {
      begun.push(line.slice(0, -1));
      continue;
    }
    yield begun.join('') + line;
    begun = [];
  }
  if (begun.length > 0) yield begun.join('');
}

/** An even number of backslashes stands for half as many. */
function endsInBackslash(line: string): boolean {
  let count = 0;
  while (line[line.length - 1 - count] === '\\') count++;
  return count % 2 === 1;
}

function splitKey(line: string): { readonly key: string; readonly rest: string } {
  let end = 0;
  while (end < line.length && !/[=:\s]/.test(line.charAt(end))) end += line[end] === '\\' ? 2 : 1;
  const rest = line.slice(end).replace(/^\s*[=:]?\s*/, '');
  return { key: line.slice(0, end), rest };
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function unescaped(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_, code: string | undefined, char = '') =>
    code === undefined ? (ESCAPES[char] ?? char) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
