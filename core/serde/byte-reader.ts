/**
 * A cursor that reads from a byte array of somebody else; nothing is copied. Codecs read `bytes` at
 * `position` and advance it; reading past `limit` is for them to refuse (MR2003).
 */
export class ByteReader {
  bytes: Uint8Array;
  view: DataView;
  position: number;
  limit: number;

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = 0;
    this.limit = bytes.length;
  }

  /** Reads from now on bytes[position, limit) of the given memory; `view` spans the same memory. */
  pointAt(bytes: Uint8Array, view: DataView, position: number, limit: number): void {
    this.bytes = bytes;
    this.view = view;
    this.position = position;
    this.limit = limit;
  }
}
