/**
 * Tells code from comments and literals, character by character, without a parser: enough for the rules
 * of this folder on source that the formatter has already brought into one shape.
 */
export const CODE = 0;
export const COMMENT = 1;
/** The inside of a string, template or regular expression; its delimiters are code. */
export const LITERAL = 2;

const REGEX_AFTER_WORD = /(?:^|[^\w$.])(?:return|typeof|case|in|of|do|else|void|delete|throw|await|yield)$/;

class SourceScanner {
  readonly kinds: Uint8Array;
  readonly #text: string;
  readonly #jsx: boolean;
  #at = 0;
  /** Index of the last character of code that is no white space, or -1. */
  #last = -1;
  /** One entry for each open `${`: how many braces are open inside it. */
  readonly #substitutions: number[] = [];

  constructor(text: string, jsx: boolean) {
    this.#text = text;
    this.#jsx = jsx;
    this.kinds = new Uint8Array(text.length);
  }

  scan(): Uint8Array {
    while (this.#at < this.#text.length) this.#step();
    return this.kinds;
  }

  #step(): void {
    const char = this.#text[this.#at] ?? '';
    const pair = this.#text.slice(this.#at, this.#at + 2);
    if (pair === '//') this.#mark(COMMENT, this.#indexOrEnd('\n', this.#at));
    else if (pair === '/*') this.#mark(COMMENT, this.#indexOrEnd('*/', this.#at + 2) + 2);
    else if (pair === '#!' && this.#at === 0) this.#mark(COMMENT, this.#indexOrEnd('\n', 0));
    else if (char === "'" || char === '"') this.#quoted(char);
    else if (char === '`') this.#template();
    else if (char === '/' && this.#regexMayStart()) this.#regex();
    else if (char === '}' && this.#substitutions.at(-1) === 0) {
      this.#substitutions.pop();
      this.#template();
    } else {
      if (char === '{') this.#countBrace(1);
      if (char === '}') this.#countBrace(-1);
      this.#code();
    }
  }

  #code(): void {
    if (!/\s/.test(this.#text[this.#at] ?? ' ')) this.#last = this.#at;
    this.#at++;
  }

  #mark(kind: number, end: number): void {
    const stop = Math.min(end, this.#text.length);
    this.kinds.fill(kind, this.#at, stop);
    this.#at = stop;
  }

  #indexOrEnd(needle: string, from: number): number {
    const found = this.#text.indexOf(needle, from);
    return found === -1 ? this.#text.length : found;
  }

  #countBrace(change: number): void {
    const depth = this.#substitutions.length - 1;
    const open = this.#substitutions[depth];
    if (open !== undefined) this.#substitutions[depth] = open + change;
  }

  #quoted(quote: string): void {
    this.#code();
    let end = this.#at;
    while (end < this.#text.length && this.#text[end] !== quote && this.#text[end] !== '\n') {
      end += this.#text[end] === '\\' ? 2 : 1;
    }
    this.#mark(LITERAL, end);
    this.#code();
  }

  /** From a back quote, or from the brace that ends a substitution, to the next `${` or back quote. */
  #template(): void {
    this.#code();
    let end = this.#at;
    while (end < this.#text.length && this.#text[end] !== '`') {
      if (this.#text.startsWith('${', end)) {
        this.#mark(LITERAL, end);
        this.#substitutions.push(0);
        this.#code();
        this.#code();
        return;
      }
      end += this.#text[end] === '\\' ? 2 : 1;
    }
    this.#mark(LITERAL, end);
    this.#code();
  }

  #regexMayStart(): boolean {
    const last = this.#text[this.#last];
    if (last === undefined) return true;
    // `</p>` and `<br />` are tags; a comparison with a regular expression has a space before it.
    if (this.#jsx && (this.#text[this.#at - 1] === '<' || this.#text[this.#at + 1] === '>')) return false;
    const before = this.#text.slice(Math.max(0, this.#last - 12), this.#last + 1);
    if (/[\w$]/.test(last)) return REGEX_AFTER_WORD.test(before);
    return !/[)\]'"`]$|\+\+$|--$/.test(before);
  }

  #regex(): void {
    let end = this.#at + 1;
    let inClass = false;
    while (this.#text[end] !== '/' || inClass) {
      const char = this.#text[end];
      if (char === undefined || char === '\n') {
        this.#code();
        return;
      }
      if (char === '[') inClass = true;
      if (char === ']') inClass = false;
      end += char === '\\' ? 2 : 1;
    }
    this.#code();
    this.#mark(LITERAL, end);
    this.#code();
  }
}

/** For each character of `text`: {@link CODE}, {@link COMMENT} or {@link LITERAL}. */
export function classify(text: string, jsx = false): Uint8Array {
  return new SourceScanner(text, jsx).scan();
}

/** `text` with everything blanked that is not of one of `keep`; offsets and lines stay where they are. */
export function blank(text: string, kinds: Uint8Array, ...keep: readonly number[]): string {
  let result = '';
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? '';
    result += char === '\n' || keep.includes(kinds[i] ?? CODE) ? char : ' ';
  }
  return result;
}
