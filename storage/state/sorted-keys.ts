import { invariant } from '../../core/internal.js';

/** Keys in one piece of the list; it is split above. */
const PIECE_MAX = 512;

/**
 * A set of texts in ascending order of their UTF-16 units: a list of short sorted arrays.
 *
 * Invariants: no piece is empty; every key of a piece is below every key of the next one.
 */
export class SortedKeys {
  readonly #pieces: string[][] = [];

  /** Does nothing if the key is there. */
  add(key: string): void {
    if (this.#pieces.length === 0) {
      this.#pieces.push([key]);
      return;
    }
    const index = Math.min(this.#pieceOf(key), this.#pieces.length - 1);
    const piece = this.#piece(index);
    const at = lowerBound(piece, key);
    if (piece[at] === key) return;
    piece.splice(at, 0, key);
    if (piece.length > PIECE_MAX) this.#pieces.splice(index + 1, 0, piece.splice(PIECE_MAX >> 1));
  }

  delete(key: string): void {
    const index = this.#pieceOf(key);
    if (index === this.#pieces.length) return;
    const piece = this.#piece(index);
    const at = lowerBound(piece, key);
    if (piece[at] !== key) return;
    piece.splice(at, 1);
    if (piece.length === 0) this.#pieces.splice(index, 1);
  }

  /** The first key that is the given one or follows it. */
  ceiling(key: string): string | undefined {
    const index = this.#pieceOf(key);
    if (index === this.#pieces.length) return undefined;
    const piece = this.#piece(index);
    return piece[lowerBound(piece, key)];
  }

  /** The first key that follows the given one. */
  higher(key: string): string | undefined {
    return this.ceiling(`${key}\u0000`);
  }

  /** The first piece whose last key is not below the given one; the number of pieces if there is none. */
  #pieceOf(key: string): number {
    let low = 0;
    let high = this.#pieces.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#piece(middle).at(-1) ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #piece(index: number): string[] {
    const piece = this.#pieces[index];
    invariant(piece !== undefined, 'a piece is asked for that exists', { index });
    return piece;
  }
}

function lowerBound(piece: readonly string[], key: string): number {
  let low = 0;
  let high = piece.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((piece[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
