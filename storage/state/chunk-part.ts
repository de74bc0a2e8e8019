/** A chunk of a frozen list, or the number of the block in which its rows were put aside; both 0: nothing is left. */
export interface ChunkPart {
  chunk: number;
  spill: number;
}
