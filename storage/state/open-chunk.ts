/** Where rows are appended; a row that fits no more gets another chunk. */
export interface OpenChunk {
  chunk: number;
  /** Ref of the next row. */
  end: number;
  /** Ref at which the chunk ends. */
  limit: number;
}
