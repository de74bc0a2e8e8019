import {
  type ArrayNode,
  leastBytes,
  type MapNode,
  type ObjectNode,
  pathTo,
  placeOf,
  presenceBytes,
  type TypeNode,
  type UnionNode,
} from '../core/internal.js';

/**
 * Turns a type into the text of two functions, `encode(v, out)` and `decode(input)`, which follow the record
 * layout without asking the type again. Pure: it makes text and runs nothing.
 *
 * What gets into the text: numbers, fixed words, and names as JSON strings. Everything else the code needs it
 * finds by number in what it is given (`h`, see CodecSupport).
 *
 * The fields of an object are written in runs. A run reserves its room once and then stores; a field that
 * needs a function of its own ends it. A generated function is worth it: it is what makes a record of seven
 * fields cost some 100 ns.
 */
export interface CodecSource {
  /** Body of a function of `h` that returns `{ encode, decode }`. */
  readonly text: string;
  /** By number: what a refused value should have been, and where. */
  readonly checks: readonly { readonly type: TypeNode; readonly path: string }[];
  /** By number: parts that are carried by codecs made elsewhere. */
  readonly parts: readonly { readonly type: TypeNode; readonly place: string }[];
}

/** `aside`: strings are put aside, as block-codec.ts has it, instead of in place. */
export function codecSource(type: TypeNode, aside = false): CodecSource {
  return new CodecGenerator(aside).generate(type);
}

/** Strings of so many units and more stay in place. */
const ASIDE_UNITS_MAX = 0xff;

/** Kinds that are stored in place, with the bytes of a fixed size (0: a string). */
const INLINE_BYTES: Readonly<Partial<Record<TypeNode['kind'], number>>> = {
  int32: 4,
  float64: 8,
  timestamp: 8,
  boolean: 1,
  string: 0,
};

interface Field {
  /** Local variable of the value. */
  readonly local: string;
  readonly type: TypeNode;
  readonly path: string;
  /** Its presence bit; -1: always there. */
  readonly bit: number;
}

class CodecGenerator {
  readonly #functions: string[] = [];
  readonly #checks: { type: TypeNode; path: string }[] = [];
  readonly #parts: { type: TypeNode; place: string }[] = [];
  readonly #aside: boolean;

  constructor(aside: boolean) {
    this.#aside = aside;
  }

  generate(type: TypeNode): CodecSource {
    const root = this.#functionsOf(type, '');
    const text = [
      "'use strict';",
      'const { refuse, noVariant, badBytes, endsEarly, putString, stringRoom, takeString, asciiText } = h;',
      'const { writeVarint, readVarint, readCount, parts } = h;',
      ...this.#functions,
      `return { encode: encode${root}, decode: decode${root} };`,
    ].join('\n');
    return { text, checks: this.#checks, parts: this.#parts };
  }

  /** Writes encode<n> and decode<n> of a type; returns n. */
  #functionsOf(type: TypeNode, path: string): number {
    switch (type.kind) {
      case 'object':
        return this.#objectFunctions(type, path, '');
      case 'array':
        return this.#arrayFunctions(type, path);
      case 'map':
        return this.#mapFunctions(type, path);
      case 'union':
        return this.#unionFunctions(type, path);
      case 'optional':
        return this.#optionalFunctions(type.element, path);
      default:
        return this.#valueFunctions(type, path);
    }
  }

  #add(encodeBody: readonly string[], decodeBody: readonly string[]): number {
    const n = this.#functions.length;
    this.#functions.push(
      [
        `function encode${n}(v, out) {`,
        ...encodeBody,
        '}',
        `function decode${n}(input) {`,
        ...decodeBody,
        '}',
      ].join('\n'),
    );
    return n;
  }

  #check(type: TypeNode, path: string): number {
    return this.#checks.push({ type, path }) - 1;
  }

  #valueFunctions(type: TypeNode, path: string): number {
    const field: Field = { local: 'f', type, path, bit: -1 };
    return this.#add(
      ['const f = v;', ...this.#encodeFields([field], 0)],
      [...this.#decodeFields([field], 0), 'return f;'],
    );
  }

  #objectFunctions(type: ObjectNode, path: string, tagField: string): number {
    let optional = 0;
    const fields = type.fields.map((field, i): Field => {
      const isOptional = field.type.kind === 'optional';
      return {
        local: `f${i}`,
        type: field.type.kind === 'optional' ? field.type.element : field.type,
        path: pathTo(path, field.name),
        bit: isOptional ? optional++ : -1,
      };
    });
    const loads = type.fields.map((field, i) => `const f${i} = v[${JSON.stringify(field.name)}];`);
    const properties = type.fields.map((field, i) => `${JSON.stringify(field.name)}: f${i}`);
    if (tagField !== '') properties.unshift(tagField);
    return this.#add(
      [
        `if (typeof v !== 'object' || v === null) refuse(${this.#check(type, path)}, v);`,
        ...loads,
        ...this.#encodeFields(fields, presenceBytes(optional)),
      ],
      [...this.#decodeFields(fields, presenceBytes(optional)), `return { ${properties.join(', ')} };`],
    );
  }

  #encodeFields(fields: readonly Field[], presence: number): string[] {
    const lines: string[] = [];
    for (const field of fields) {
      if (field.bit >= 0)
        lines.push(`const h${field.bit} = ${field.local} !== undefined && ${field.local} !== null;`);
    }
    lines.push('let b, w, p;');
    let run: Field[] = [];
    let runPresence = presence;
    for (const field of fields) {
      if (INLINE_BYTES[field.type.kind] !== undefined) {
        run.push(field);
        continue;
      }
      lines.push(...this.#encodeRun(run, runPresence, fields));
      run = [];
      runPresence = 0;
      lines.push(this.#when(field, this.#encodeCall(field)));
    }
    lines.push(...this.#encodeRun(run, runPresence, fields));
    return lines;
  }

  /** Statement for a field that has a function of its own. `out.position` is current before and after. */
  #encodeCall(field: Field): string {
    if (field.type.kind === 'void') {
      return `if (${field.local} !== undefined && ${field.local} !== null) refuse(${this.#check(field.type, field.path)}, ${field.local});`;
    }
    return `${this.#codecOf(field.type, field.path, 'encode')}(${field.local}, out);`;
  }

  #when(field: Field, statement: string): string {
    return field.bit < 0 ? statement : `if (h${field.bit}) { ${statement} }`;
  }

  /** `presence`: bytes of presence bits that go before. */
  #encodeRun(run: readonly Field[], presence: number, all: readonly Field[]): string[] {
    if (run.length === 0 && presence === 0) return [];
    const lines = run.map((field) => this.#when(field, this.#checkStatement(field)));
    let fixed = presence;
    const rooms: string[] = [];
    for (const field of run) {
      if (field.type.kind === 'string') {
        const room = this.#aside
          ? `(${field.local}.length < ${ASIDE_UNITS_MAX} ? 1 : 1 + stringRoom(${field.local}))`
          : `stringRoom(${field.local})`;
        rooms.push(field.bit < 0 ? room : `(h${field.bit} ? ${room} : 0)`);
      } else fixed += INLINE_BYTES[field.type.kind] ?? 0;
    }
    lines.push(
      `out.reserve(${[String(fixed), ...rooms].join(' + ')});`,
      'b = out.bytes; w = out.view; p = out.position;',
    );
    for (let byte = 0; byte < presence; byte++) {
      const bits = all.filter((field) => field.bit >= 0 && field.bit >>> 3 === byte);
      const sum = bits.map((field) => `(h${field.bit} ? ${1 << (field.bit & 7)} : 0)`);
      lines.push(`b[p++] = ${sum.join(' | ')};`);
    }
    for (const field of run) lines.push(this.#when(field, this.#storeStatement(field)));
    lines.push('out.position = p;');
    return lines;
  }

  #storeStatement(field: Field): string {
    const local = field.local;
    switch (field.type.kind) {
      case 'int32':
        return `w.setInt32(p, ${local}, true); p += 4;`;
      case 'boolean':
        return `b[p++] = ${local} ? 1 : 0;`;
      case 'string':
        if (!this.#aside) return `p = putString(b, p, ${local});`;
        return (
          `if (${local}.length < ${ASIDE_UNITS_MAX}) { b[p++] = ${local}.length; out.text += ${local}; } ` +
          `else { b[p++] = ${ASIDE_UNITS_MAX}; p = putString(b, p, ${local}); }`
        );
      default:
        return `w.setFloat64(p, ${local}, true); p += 8;`;
    }
  }

  #checkStatement(field: Field): string {
    const refuse = `refuse(${this.#check(field.type, field.path)}, ${field.local});`;
    switch (field.type.kind) {
      case 'int32':
        return `if (typeof ${field.local} !== 'number' || (${field.local} | 0) !== ${field.local}) ${refuse}`;
      case 'string':
        return `if (typeof ${field.local} !== 'string') ${refuse}`;
      case 'boolean':
        return `if (typeof ${field.local} !== 'boolean') ${refuse}`;
      default:
        return `if (typeof ${field.local} !== 'number') ${refuse}`;
    }
  }

  #decodeFields(fields: readonly Field[], presence: number): string[] {
    const lines = [
      'const b = input.bytes, w = input.view, limit = input.limit;',
      'let p = input.position, s = 0;',
    ];
    if (presence > 0) {
      lines.push(`if (p + ${presence} > limit) endsEarly(p);`);
      for (let byte = 0; byte < presence; byte++) lines.push(`const q${byte} = b[p++];`);
    }
    for (const field of fields) {
      lines.push(`let ${field.local};`);
      const statement = this.#decodeStatement(field);
      if (field.bit < 0) lines.push(statement);
      else lines.push(`if ((q${field.bit >>> 3} & ${1 << (field.bit & 7)}) !== 0) { ${statement} }`);
    }
    lines.push('input.position = p;');
    return lines;
  }

  #decodeStatement(field: Field): string {
    const local = field.local;
    switch (field.type.kind) {
      case 'void':
        return '';
      case 'int32':
        return `if (p + 4 > limit) endsEarly(p); ${local} = w.getInt32(p, true); p += 4;`;
      case 'float64':
      case 'timestamp':
        return `if (p + 8 > limit) endsEarly(p); ${local} = w.getFloat64(p, true); p += 8;`;
      case 'boolean':
        return `if (p + 1 > limit) endsEarly(p); s = b[p++]; if (s > 1) badBytes(p - 1, 'a boolean is 00 or 01'); ${local} = s === 1;`;
      case 'string':
        if (this.#aside) {
          return (
            `if (p + 1 > limit) endsEarly(p); s = b[p++]; if (s < ${ASIDE_UNITS_MAX}) ` +
            `{ ${local} = input.text.substring(input.taken, input.taken += s); } ` +
            `else { input.position = p; ${local} = takeString(input); p = input.position; }`
          );
        }
        // One byte of header whose form is ASCII is by far the commonest; past the limit it cannot pass.
        return (
          `s = p < limit ? b[p] : 255; if (s < 128 && (s & 3) === 0) { s >>>= 2; p++; if (p + s > limit) endsEarly(p); ` +
          `${local} = asciiText(b, p, s); p += s; } else { input.position = p; ${local} = takeString(input); p = input.position; }`
        );
      default:
        return `input.position = p; ${local} = ${this.#codecOf(field.type, field.path, 'decode')}(input); p = input.position;`;
    }
  }

  /** Functions are made once per type and place, and called from encode and decode alike. */
  readonly #made = new Map<TypeNode, Map<string, number>>();

  #codecOf(type: TypeNode, path: string, direction: 'encode' | 'decode'): string {
    const isPart = type.kind === 'bigint' || type.kind === 'bytes' || type.kind === 'dynamic';
    const paths = this.#made.get(type) ?? new Map<string, number>();
    this.#made.set(type, paths);
    let n = paths.get(path);
    if (n === undefined) {
      n = isPart ? this.#parts.push({ type, place: placeOf(path) }) - 1 : this.#functionsOf(type, path);
      paths.set(path, n);
    }
    return isPart ? `parts[${n}].${direction}` : `${direction}${n}`;
  }

  #arrayFunctions(type: ArrayNode, path: string): number {
    const element = `${path}[]`;
    return this.#add(
      [
        `if (!Array.isArray(v)) refuse(${this.#check(type, path)}, v);`,
        'writeVarint(v.length, out);',
        `for (let i = 0; i < v.length; i++) ${this.#codecOf(type.element, element, 'encode')}(v[i], out);`,
      ],
      [
        `const n = readCount(input, ${leastBytes(type.element)});`,
        'const v = [];',
        `for (let i = 0; i < n; i++) v.push(${this.#codecOf(type.element, element, 'decode')}(input));`,
        'return v;',
      ],
    );
  }

  #mapFunctions(type: MapNode, path: string): number {
    const key = `${path}[key]`;
    const value = `${path}[]`;
    return this.#add(
      [
        `if (!(v instanceof Map)) refuse(${this.#check(type, path)}, v);`,
        'writeVarint(v.size, out);',
        `for (const [k, e] of v) { ${this.#codecOf(type.key, key, 'encode')}(k, out); ${this.#codecOf(type.value, value, 'encode')}(e, out); }`,
      ],
      [
        'const n = readCount(input, 1);',
        'const v = new Map();',
        `for (let i = 0; i < n; i++) { const k = ${this.#codecOf(type.key, key, 'decode')}(input); v.set(k, ${this.#codecOf(type.value, value, 'decode')}(input)); }`,
        "if (v.size !== n) badBytes(input.position, 'a map has a key twice');",
        'return v;',
      ],
    );
  }

  #optionalFunctions(element: TypeNode, path: string): number {
    return this.#add(
      [
        'const there = v !== undefined && v !== null;',
        'out.reserve(1); out.bytes[out.position++] = there ? 1 : 0;',
        `if (there) ${this.#codecOf(element, path, 'encode')}(v, out);`,
      ],
      [
        'if (input.position + 1 > input.limit) endsEarly(input.position);',
        'const there = input.bytes[input.position++];',
        "if (there > 1) badBytes(input.position - 1, 'presence is 00 or 01');",
        `return there === 1 ? ${this.#codecOf(element, path, 'decode')}(input) : undefined;`,
      ],
    );
  }

  #unionFunctions(type: UnionNode, path: string): number {
    const tag = JSON.stringify(type.tag);
    const variants = type.variants.map((variant) => {
      const name = JSON.stringify(variant.name);
      return { name, n: this.#objectFunctions(variant.type, path, `${tag}: ${name}`) };
    });
    const check = this.#check(type, path);
    return this.#add(
      [
        `if (typeof v !== 'object' || v === null) refuse(${check}, v);`,
        `switch (v[${tag}]) {`,
        ...variants.map((v, i) => `case ${v.name}: writeVarint(${i}, out); encode${v.n}(v, out); return;`),
        `default: noVariant(${check}, v[${tag}]);`,
        '}',
      ],
      [
        'const at = input.position;',
        'const i = readVarint(input);',
        'switch (i) {',
        ...variants.map((v, i) => `case ${i}: return decode${v.n}(input);`),
        "default: return badBytes(at, 'there is no variant ' + i);",
        '}',
      ],
    );
  }
}
