import type { AsyncBuffer, FileMetaData } from 'hyparquet';

/**
 * What is seen to before hyparquet reads a file, since it believes what the file says of lengths and counts. Each
 * function throws an Error that says why.
 */

/** Of Thrift's compact protocol. */
const Kind = {
  STOP: 0,
  TRUE: 1,
  FALSE: 2,
  BYTE: 3,
  I16: 4,
  I32: 5,
  I64: 6,
  DOUBLE: 7,
  BINARY: 8,
  LIST: 9,
  STRUCT: 12,
};
/** At the end of a file: how long the metadata before it are, and four letters. */
const FOOTER_TAIL_BYTES = 8;
const DEPTH_MAX = 16;
const VARINT_BYTES_MAX = 10;
const ROWS_MAX = 2 ** 40;
/** Zeros compress further than anything that is worth a page. */
const PAGE_BYTES_MAX = 16 * 1024 * 1024;
const PAGE_RATIO_MAX = 1100;
const PAGE_VALUES_MAX = 2 ** 26;

/** That a struct lies in bytes[at, end), and each length in it leads to something that is there. Gives its end. */
function checkStruct(bytes: Uint8Array, at = 0): number {
  return new StructWalk(bytes, at).struct(0);
}

/** The numbers of a struct's fields, by the numbers of the fields on the way to them: `5.1`. */
type Numbers = ReadonlyMap<string, number>;

class StructWalk {
  readonly #bytes: Uint8Array;
  readonly numbers = new Map<string, number>();
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Undefined `path`: its numbers are of no interest. */
  struct(depth: number, path?: string): number {
    if (depth > DEPTH_MAX) throw new Error('It nests too deep.');
    let field = 0;
    for (;;) {
      const byte = this.#byte();
      const kind = byte & 0x0f;
      if (kind === Kind.STOP) return this.#at;
      const step = byte >>> 4;
      field = step === 0 ? this.#zigzag() : field + step;
      this.#value(kind, depth, path === undefined ? undefined : `${path}${field}`);
    }
  }

  #value(kind: number, depth: number, path: string | undefined): void {
    switch (kind) {
      case Kind.TRUE:
      case Kind.FALSE:
        return;
      case Kind.BYTE:
        this.#skip(1);
        return;
      case Kind.I16:
      case Kind.I32:
      case Kind.I64: {
        const number = this.#zigzag();
        if (path !== undefined) this.numbers.set(path, number);
        return;
      }
      case Kind.DOUBLE:
        this.#skip(8);
        return;
      case Kind.BINARY:
        this.#skip(this.#varint());
        return;
      case Kind.LIST:
        this.#list(depth);
        return;
      case Kind.STRUCT:
        this.struct(depth + 1, path === undefined ? undefined : `${path}.`);
        return;
      default:
        throw new Error(`A field is of the unknown kind ${kind}.`);
    }
  }

  #list(depth: number): void {
    const byte = this.#byte();
    const kind = byte & 0x0f;
    const short = byte >>> 4;
    const count = short === 15 ? this.#varint() : short;
    // Each element takes a byte at least.
    if (count > this.#bytes.length - this.#at) throw new Error(`A list of ${count} elements cannot follow.`);
    const isTruth = kind === Kind.TRUE || kind === Kind.FALSE;
    for (let i = 0; i < count; i++) this.#value(isTruth ? Kind.BYTE : kind, depth + 1, undefined);
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #varint(): number {
    let value = 0;
    for (let i = 0; i < VARINT_BYTES_MAX; i++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    throw new Error('A number has no end.');
  }

  #byte(): number {
    this.#skip(1);
    return this.#bytes[this.#at - 1] ?? 0;
  }

  #skip(count: number): void {
    if (count > this.#bytes.length - this.#at) throw new Error('It ends early.');
    this.#at += count;
  }
}

/** The metadata, before they are believed. */
export async function checkFooter(buffer: AsyncBuffer): Promise<void> {
  const { byteLength } = buffer;
  const tail = new DataView(await buffer.slice(byteLength - FOOTER_TAIL_BYTES, byteLength));
  const length = tail.getUint32(0, true);
  if (length > byteLength - FOOTER_TAIL_BYTES) throw new Error(`Its metadata cannot have ${length} bytes.`);
  const begin = byteLength - FOOTER_TAIL_BYTES - length;
  checkStruct(new Uint8Array(await buffer.slice(begin, begin + length)));
}

/** That the tree of columns has as many nodes as it says, and the row groups lie in the file. */
export function checkMetadata({ schema, row_groups: groups }: FileMetaData, sizeBytes: number): void {
  let children = 0;
  for (const { num_children: count = 0 } of schema) {
    children += count;
    if (!(count >= 0) || children > schema.length - 1) break;
  }
  if (children !== schema.length - 1) throw new Error('Its columns form no tree.');
  for (const { num_rows: rows, columns } of groups) {
    if (!(rows >= 0 && rows <= ROWS_MAX)) throw new Error(`A row group cannot have ${rows} rows.`);
    for (const { meta_data: column } of columns) {
      const bytes = column?.total_compressed_size ?? 0n;
      if (!(bytes >= 0n && bytes <= sizeBytes)) throw new Error(`A column cannot have ${bytes} bytes.`);
      const values = column?.num_values ?? 0n;
      if (!(values >= 0n && values <= ROWS_MAX)) throw new Error(`A column cannot have ${values} values.`);
    }
  }
}

/** A part of a file, and what is seen to before it is decoded. */
export interface CheckedPart {
  readonly start: number;
  readonly end: number;
  check(bytes: Uint8Array): void;
}

/** The pages of columns, and what leads to pages. */
export function checkedParts({ row_groups: groups }: FileMetaData): readonly CheckedPart[] {
  return groups.flatMap(({ columns }) =>
    columns.flatMap((column) => {
      const { dictionary_page_offset: dictionary, data_page_offset: data = 0n } = column.meta_data ?? {};
      const begin = Number(
        dictionary !== undefined && dictionary > 0n && dictionary < data ? dictionary : data,
      );
      return [
        part(begin, column.meta_data?.total_compressed_size, checkPages),
        part(column.offset_index_offset, column.offset_index_length, checkStruct),
        part(column.column_index_offset, column.column_index_length, checkStruct),
      ].filter(({ start, end }) => end > start);
    }),
  );
}

function part(
  start: bigint | number | undefined,
  length: bigint | number | undefined,
  check: (bytes: Uint8Array) => unknown,
): CheckedPart {
  const from = Number(start ?? 0);
  return { start: from, end: from + Number(length ?? 0), check };
}

/** That each of the pages, one after another, makes no more of its bytes than pages do. */
function checkPages(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    const walk = new StructWalk(bytes, at);
    const begin = walk.struct(0, '');
    const stored = numberOf(walk.numbers, '3');
    const whole = numberOf(walk.numbers, '2');
    if (stored < 0 || stored > bytes.length - begin)
      throw new Error(`A page of ${stored} bytes cannot follow.`);
    if (whole < 0 || whole > PAGE_BYTES_MAX + stored * PAGE_RATIO_MAX)
      throw new Error(`A page cannot become ${whole} bytes out of ${stored}.`);
    for (const field of ['5.1', '7.1', '8.1', '8.2', '8.3', '8.5', '8.6']) {
      const number = walk.numbers.get(field) ?? 0;
      if (number < 0 || number > PAGE_VALUES_MAX) throw new Error(`A page cannot have ${number} values.`);
    }
    at = begin + stored;
  }
}

function numberOf(numbers: Numbers, field: string): number {
  const number = numbers.get(field);
  if (number === undefined) throw new Error('A page does not say how long it is.');
  return number;
}
