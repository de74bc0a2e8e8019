/**
 * Where functions begin and end, found by matching brackets in source whose literals are blanked.
 * A function type is taken for a function too; it is never long enough to matter.
 */

export interface FunctionSpan {
  readonly name: string;
  /** Offset of the parenthesis that opens the parameters. */
  readonly start: number;
  /** Offset of the last character of the body. */
  readonly end: number;
  readonly parameterCount: number;
}

const CLOSING: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };
const NO_FUNCTION = new Set(['if', 'for', 'while', 'switch', 'catch', 'with', 'await']);

export function functionsOf(code: string): FunctionSpan[] {
  const pairs = bracketPairs(code);
  const found: FunctionSpan[] = [];
  for (const [open, close] of pairs) {
    if (code[open] !== '(') continue;
    const name = nameBefore(code, open);
    if (NO_FUNCTION.has(name)) continue;
    const end = bodyEnd(code, pairs, close + 1);
    if (end === undefined) continue;
    found.push({ name, start: open, end, parameterCount: countParameters(code, pairs, open, close) });
  }
  return found;
}

/** Each opening bracket with its closing one. */
function bracketPairs(code: string): Map<number, number> {
  const pairs = new Map<number, number>();
  const open: number[] = [];
  for (let at = 0; at < code.length; at++) {
    const char = code[at] ?? '';
    if (char === '(' || char === '[' || char === '{') open.push(at);
    const opening = CLOSING[char];
    if (opening === undefined) continue;
    const start = open.pop();
    if (start !== undefined && code[start] === opening) pairs.set(start, at);
  }
  return pairs;
}

function nameBefore(code: string, open: number): string {
  const before = code.slice(Math.max(0, open - 160), open);
  const plain = /([\w$#]+)\s*(?:<[^()]*>)?\s*$/.exec(before)?.[1];
  if (plain !== undefined && plain !== 'async' && plain !== 'function') return plain;
  return (
    /([\w$#]+)\s*[=:]\s*(?:async\s*)?(?:function\s*)?(?:<[^()]*>)?\s*$/.exec(before)?.[1] ?? 'a function'
  );
}

/** The end of the function body after the parameters that end before `after`; undefined for a call. */
function bodyEnd(code: string, pairs: ReadonlyMap<number, number>, after: number): number | undefined {
  const next = skipSpace(code, after);
  if (code[next] === '{') return pairs.get(next);
  if (code.startsWith('=>', next)) return arrowBodyEnd(code, pairs, next + 2);
  if (code[next] !== ':') return undefined;
  return bodyEndAfterType(code, pairs, next + 1);
}

/**
 * Walks over a return type. A brace where a type is awaited opens a type literal, unless the statement
 * ends after it: then it was the body of an arrow function.
 */
function bodyEndAfterType(
  code: string,
  pairs: ReadonlyMap<number, number>,
  from: number,
): number | undefined {
  let typeAwaited = true;
  let afterGroup = false;
  let angles = 0;
  let arrowBody: number | undefined;
  for (let at = skipSpace(code, from); at < code.length; at = skipSpace(code, at)) {
    const char = code[at] ?? '';
    if (code.startsWith('=>', at)) {
      if (!afterGroup && angles === 0) return arrowBodyEnd(code, pairs, at + 2);
      at += 2;
      typeAwaited = true;
      const body = skipSpace(code, at);
      arrowBody = code[body] === '{' ? pairs.get(body) : undefined;
    } else if (char === '{' && !typeAwaited) {
      return pairs.get(at);
    } else if (char === '{' || char === '(' || char === '[') {
      const close = pairs.get(at);
      if (close === undefined) return undefined;
      afterGroup = char === '(';
      typeAwaited = false;
      at = close + 1;
    } else if (/[;)\]}=]/.test(char) || (char === ',' && angles === 0)) {
      return arrowBody;
    } else {
      if (char === '<') angles++;
      if (char === '>') angles--;
      afterGroup = false;
      typeAwaited = /[|&<,:?]/.test(char);
      at++;
    }
  }
  return undefined;
}

/** The end of an arrow function's body, in braces or as an expression. */
function arrowBodyEnd(code: string, pairs: ReadonlyMap<number, number>, from: number): number | undefined {
  let at = skipSpace(code, from);
  if (code[at] === '{') return pairs.get(at);
  while (at < code.length && !/[,;)\]}]/.test(code[at] ?? '')) at = (pairs.get(at) ?? at) + 1;
  return at - 1;
}

function countParameters(
  code: string,
  pairs: ReadonlyMap<number, number>,
  open: number,
  close: number,
): number {
  let count = 0;
  let angles = 0;
  let inParameter = false;
  for (let at = open + 1; at < close; at++) {
    const char = code[at] ?? '';
    if (char === '<') angles++;
    if (char === '>' && code[at - 1] !== '=') angles--;
    if (char === ',' && angles === 0) inParameter = false;
    else if (!/\s/.test(char)) {
      if (!inParameter) count++;
      inParameter = true;
      at = pairs.get(at) ?? at;
    }
  }
  return count;
}

function skipSpace(code: string, from: number): number {
  let at = from;
  while (at < code.length && /\s/.test(code[at] ?? 'x')) at++;
  return at;
}
