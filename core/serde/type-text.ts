import { MillraceError } from '../base/millrace-error.js';
import {
  type FieldNode,
  PRIMITIVE_KINDS,
  type PrimitiveKind,
  type TypeNode,
  type VariantNode,
} from './type-descriptor.js';

/** As deep as a text may nest: deeper than any type that could have been declared. */
const DEPTH_MAX = 100;

/**
 * Reads the canonical text of a type, as `typeId` makes it: what a checkpoint says of its values becomes what
 * decodes them. Whether an object was strict is not in the text; it says nothing of the bytes.
 *
 * Invariant: `#at` only grows; what is before it has been understood.
 */
export class TypeText {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** What has not been read. */
  get rest(): string {
    return this.#text.slice(this.#at);
  }

  /** Takes the given text if it comes next. */
  take(expected: string): boolean {
    if (!this.#text.startsWith(expected, this.#at)) return false;
    this.#at += expected.length;
    return true;
  }

  /** @throws MillraceError MR2003 if something else comes next */
  expect(expected: string): void {
    if (!this.take(expected)) throw this.#unreadable(`'${expected}' is missing`);
  }

  /** @throws MillraceError MR2003 if no type comes next */
  type(): TypeNode {
    if (++this.#depth > DEPTH_MAX) throw this.#unreadable('it nests too deep');
    let node = this.#plain();
    if (this.take('?')) node = { kind: 'optional', element: node };
    this.#depth--;
    return node;
  }

  #plain(): TypeNode {
    if (this.take('[')) {
      const element = this.type();
      this.expect(']');
      return { kind: 'array', element };
    }
    if (this.take('{')) return { kind: 'object', fields: this.#fields(), strict: false };
    if (this.take('map<')) {
      const key = this.type();
      this.expect(',');
      const value = this.type();
      this.expect('>');
      return { kind: 'map', key, value };
    }
    if (this.take('union(')) return this.#union();
    const word = /^[a-z0-9]+/.exec(this.rest)?.[0] ?? '';
    if (!PRIMITIVE_KINDS.has(word)) throw this.#unreadable('no type is known by that name');
    this.#at += word.length;
    return { kind: word as PrimitiveKind };
  }

  #fields(): readonly FieldNode[] {
    const fields: FieldNode[] = [];
    while (!this.take('}')) {
      if (fields.length > 0) this.expect(',');
      const name = this.#name();
      this.expect(':');
      fields.push({ name, type: this.type() });
    }
    return fields;
  }

  #union(): TypeNode {
    const tag = this.#name();
    this.expect(')<');
    const variants: VariantNode[] = [];
    while (!this.take('>')) {
      if (variants.length > 0) this.expect('|');
      const name = this.#name();
      this.expect(':{');
      variants.push({ name, type: { kind: 'object', fields: this.#fields(), strict: false } });
    }
    return { kind: 'union', tag, variants };
  }

  #name(): string {
    const match = /^(?:[A-Za-z_$][\w$]*|"(?:[^"\\]|\\.)*")/.exec(this.rest)?.[0];
    if (match === undefined) throw this.#unreadable('a name is missing');
    this.#at += match.length;
    if (!match.startsWith('"')) return match;
    try {
      return String(JSON.parse(match));
    } catch {
      throw this.#unreadable(`${match} is no text`);
    }
  }

  #unreadable(why: string): MillraceError {
    const shown = this.#text.length > 200 ? `${this.#text.slice(0, 200)}...` : this.#text;
    return new MillraceError('MR2003', `'${shown}' is not the text of a type.`, {
      why: `At ${this.#at}: ${why}.`,
      hint: 'See whether a newer millrace wrote it.',
    });
  }
}
