/**
 * A cursor that writes into a byte array. It may be pointed at memory of somebody else (a segment); when
 * that is full, writing goes on in a heap array of its own that begins with the bytes since `mark`.
 *
 * Invariants: 0 <= mark <= position <= limit <= bytes.length; `view` spans the same memory as `bytes`.
 *
 * Hot path: codecs call `reserve(n)` once for what they are about to write and then write to `bytes` at
 * `position` themselves; `bytes` must be read again after every `reserve`.
 */
export class ByteWriter {
  bytes: Uint8Array;
  view: DataView;
  position: number;
  limit: number;
  /** Where the present value began. */
  mark: number;

  constructor(initialBytes = 256) {
    this.bytes = new Uint8Array(initialBytes);
    this.view = new DataView(this.bytes.buffer);
    this.position = 0;
    this.limit = initialBytes;
    this.mark = 0;
  }

  /** Writes from now on into bytes[position, limit) of the given memory. */
  pointAt(bytes: Uint8Array, view: DataView, position: number, limit: number): void {
    this.bytes = bytes;
    this.view = view;
    this.position = position;
    this.mark = position;
    this.limit = limit;
  }

  /** Begins again at the start of the present memory. */
  clear(): void {
    this.position = 0;
    this.mark = 0;
  }

  /** Makes room for `count` more bytes at `position`; may replace `bytes`. */
  reserve(count: number): void {
    if (this.position + count > this.limit) this.grow(count);
  }

  private grow(count: number): void {
    const written = this.position - this.mark;
    let capacity = 256;
    while (capacity < written + count) capacity *= 2;
    const grown = new Uint8Array(capacity * 2);
    grown.set(this.bytes.subarray(this.mark, this.position));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
    this.position = written;
    this.mark = 0;
    this.limit = grown.length;
  }
}
