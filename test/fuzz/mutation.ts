import fc from 'fast-check';

/**
 * One change of some bytes. Places and lengths are drawn without knowing what they apply to: they are taken modulo what
 * is there, so that a list of changes shrinks to a shorter one that still means something.
 */
interface Edit {
  readonly kind: (typeof KINDS)[number];
  readonly at: number;
  readonly from: number;
  readonly length: number;
  readonly value: number;
}

const KINDS = [
  'flip',
  'byte',
  'extreme',
  'word',
  'cut',
  'remove',
  'double',
  'move',
  'splice',
  'insert',
  'repeat',
  'number',
] as const;

/** What lengths, counts and offsets are set to. */
const EXTREMES: readonly number[] = [
  0, 1, -1, 0x7f, 0x80, 0xff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff,
];
/** Numbers as texts have them. */
const NUMBERS = ['-0', '1e400', '-1', '9007199254740993', 'NaN', '1.', '99999999999999999999999', '0x10', ''];
/** Texts that readers trip over. */
const WORDS = [
  '__proto__',
  'constructor',
  'toString',
  '\ufeff',
  '\r\n',
  '\u0000',
  '\ud800',
  '"',
  '[',
  '{"a":',
  '../',
  '\u2028',
  'null',
  ' ',
] as const;

/** How long what is repeated may become. */
const REPEATED_BYTES_MAX = 192 * 1024;

const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.oneof(
    { weight: 16, arbitrary: fc.constantFrom('flip' as const, 'byte' as const, 'extreme' as const) },
    { weight: 24, arbitrary: fc.constantFrom(...KINDS.filter((kind) => kind !== 'repeat')) },
    { weight: 1, arbitrary: fc.constant('repeat' as const) },
  ),
  at: fc.nat(),
  from: fc.nat(),
  length: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.nat(400)),
  value: fc.nat(),
});

/** Changed inputs, made of one of the seeds or of nothing; `words` are put in as well. */
export function mutations(
  seeds: readonly Uint8Array[],
  words: readonly string[] = [],
): fc.Arbitrary<Uint8Array> {
  const pieces = [...words, ...words, ...WORDS].map((word) => encoded(word));
  const changed = fc
    .tuple(fc.nat(), fc.nat(), fc.array(edit, { minLength: 1, maxLength: 6 }))
    .map(([one, other, edits]) => {
      let bytes = seeds[one % seeds.length] ?? new Uint8Array();
      const second = seeds[other % seeds.length] ?? bytes;
      for (const each of edits) bytes = changedBytes(bytes, each, second, pieces);
      return bytes;
    });
  return fc.oneof(
    { weight: 12, arbitrary: changed },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 80 }) },
  );
}

function changedBytes(
  bytes: Uint8Array,
  { kind, at, from, length, value }: Edit,
  second: Uint8Array,
  pieces: readonly Uint8Array[],
): Uint8Array {
  const place = at % (bytes.length + 1);
  const start = from % (bytes.length + 1);
  const end = Math.min(bytes.length, start + length);
  const piece = bytes.subarray(start, end);
  const after = bytes.subarray(Math.min(bytes.length, place + piece.length));
  switch (kind) {
    case 'flip':
      return withByte(bytes, place, (byte) => byte ^ (1 << (value & 7)));
    case 'byte':
      return withByte(bytes, place, () => value & 0xff);
    case 'extreme':
      return withNumber(bytes, place, EXTREMES[value % EXTREMES.length] ?? 0, from);
    case 'number':
      return joined(bytes.subarray(0, place), encoded(NUMBERS[value % NUMBERS.length] ?? ''), after);
    case 'word':
      return joined(bytes.subarray(0, place), pieces[value % pieces.length], bytes.subarray(place));
    case 'cut':
      return bytes.slice(0, place);
    case 'remove':
      return joined(bytes.subarray(0, start), bytes.subarray(end));
    case 'double':
      return joined(bytes.subarray(0, end), piece, bytes.subarray(end));
    case 'move':
      return joined(bytes.subarray(0, place), piece, after);
    case 'splice':
      return joined(bytes.subarray(0, place), second.subarray(from % (second.length + 1)));
    case 'insert':
      return joined(bytes.subarray(0, place), second.subarray(start, end), bytes.subarray(place));
    case 'repeat': {
      const times = Math.floor((value % REPEATED_BYTES_MAX) / Math.max(1, piece.length));
      const repeated = Buffer.concat(new Array<Uint8Array>(times).fill(piece));
      return joined(bytes.subarray(0, end), repeated, bytes.subarray(end));
    }
  }
}

function withByte(bytes: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  const changed = bytes.slice();
  if (at < changed.length) changed[at] = change(changed[at] ?? 0);
  return changed;
}

/** As one, two, four or eight bytes of either order, or as a varint. */
function withNumber(bytes: Uint8Array, at: number, number: number, form: number): Uint8Array {
  const width = [1, 2, 4, 8][(form >>> 1) % 4] ?? 4;
  if (form % 5 === 0) return joined(bytes.subarray(0, at), varint(number >>> 0), bytes.subarray(at + 1));
  const changed = bytes.slice();
  const view = new DataView(changed.buffer, changed.byteOffset, changed.byteLength);
  if (at + width > changed.length) return changed;
  if (width === 1) view.setInt8(at, number);
  else if (width === 2) view.setInt16(at, number, form % 2 === 0);
  else if (width === 4) view.setInt32(at, number, form % 2 === 0);
  else view.setFloat64(at, form % 3 === 0 ? Number.NaN : number * 2 ** 30, form % 2 === 0);
  return changed;
}

function varint(number: number): Uint8Array {
  const bytes: number[] = [];
  let rest = number;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

function joined(...parts: readonly (Uint8Array | undefined)[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts.filter((part) => part !== undefined)));
}

/** A lone surrogate as the three bytes that no UTF-8 has. */
function encoded(text: string): Uint8Array {
  return text === '\ud800' ? Uint8Array.of(0xed, 0xa0, 0x80) : Buffer.from(text);
}
