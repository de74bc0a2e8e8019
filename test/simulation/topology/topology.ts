import type { StreamExecutionEnvironment } from '../../../core/index.js';

/** A job of a world, and what it must yield. */
export interface Topology {
  readonly name: string;
  /** There is no checkpoint while some subtasks of an operator have ended, and others have not. */
  readonly hasUnionState?: boolean;
  /** It is another one in each version of the job. */
  readonly evolves?: boolean;
  /** The same each time: it is called in every task. */
  build(env: StreamExecutionEnvironment): void;
  /** Input files by path. */
  readonly files: ReadonlyMap<string, string>;
  /** A fold of all that the sources give; found anew with each call. */
  outputs(): readonly ExpectedOutput[];
  /** Accumulators that come to the number of lines in a folder of an output; their names begin with it. */
  readonly tallies?: readonly string[];
  /** What is printed at least once: each line as one subtask prints it. */
  readonly prints?: () => readonly string[];
}

/** What the part files of one sink must hold, found without the engine. */
export interface ExpectedOutput {
  readonly folder: string;
  readonly lines: readonly string[];
  /** For outputs that have an order: within one `group`, `rank` grows from line to line. */
  readonly order?: (line: string) => { readonly group: string; readonly rank: number } | undefined;
}
