/** Records that came to an operator and left it, side outputs counted too. */
export interface RecordCounts {
  in: number;
  out: number;
}

/** The records of all operators of a pipeline, by uid. */
export class PipelineCounts {
  readonly #counts = new Map<string, RecordCounts>();

  of(uid: string): RecordCounts {
    const counts = this.#counts.get(uid) ?? { in: 0, out: 0 };
    this.#counts.set(uid, counts);
    return counts;
  }

  /** `<uid>.numRecordsIn` and `<uid>.numRecordsOut` of each. */
  *metrics(): Iterable<readonly [name: string, value: number]> {
    for (const [uid, counts] of this.#counts) {
      yield [`${uid}.numRecordsIn`, counts.in];
      yield [`${uid}.numRecordsOut`, counts.out];
    }
  }
}
