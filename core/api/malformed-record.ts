import { MillraceError } from '../base/millrace-error.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import { types } from '../serde/types.js';
import type { OutputTag } from './output-tag.js';

/** Input that could not be read as a record, as `onError: 'sideOutput'` hands it on. */
export interface MalformedRecord {
  readonly file: string;
  /** Bytes from the start of the file; for Parquet the index of the row. */
  readonly offset: number;
  /** From 1. */
  readonly line: number;
  /** The input itself, cut at 64 KiB. */
  readonly text: string;
  /** Why it could not be read. */
  readonly error: string;
}

/**
 * The type of {@link MalformedRecord}, for a side output that is written or sent on.
 *
 * @example
 * ```ts
 * const malformed = new OutputTag('malformed', malformedRecordType);
 * const clicks = env.fromSource(
 *   FileSource.jsonLines('clicks', click, { onError: 'sideOutput', malformed }),
 *   WatermarkStrategy.noWatermarks(),
 *   'clicks',
 * );
 * clicks.getSideOutput(malformed).sinkTo(FileSink.jsonLines('malformed'), 'malformed');
 * ```
 */
export const malformedRecordType: TypeDescriptor<MalformedRecord> = types.object({
  file: types.string,
  offset: types.float64,
  line: types.float64,
  text: types.string,
  error: types.string,
});

/**
 * What a source does with input that it cannot read, or that does not have the declared type:
 * `fail` (the default) fails the job with MR6001, `skip` passes over it, `sideOutput` emits it to the tag
 * given as `malformed`. The last two count each in the metric `<uid>.numRecordsSkipped` of the job's result.
 */
export type OnMalformedInput = 'fail' | 'skip' | 'sideOutput';

/** What sources that parse take, for input that cannot be parsed. */
export interface MalformedInputOptions {
  readonly onError?: OnMalformedInput;
  /** Where `onError: 'sideOutput'` sends what it could not read. */
  readonly malformed?: OutputTag<MalformedRecord>;
}

/** @throws MillraceError MR1001 if the policy is unknown, or the tag and the policy do not belong together */
export function validateMalformedInputOptions(options: MalformedInputOptions, what: string): void {
  const policy: string = options.onError ?? 'fail';
  if (policy !== 'fail' && policy !== 'skip' && policy !== 'sideOutput') {
    throw new MillraceError('MR1001', `The option onError of ${what} is '${policy}'.`, {
      hint: "Use 'fail', 'skip' or 'sideOutput'.",
    });
  }
  if (policy === 'sideOutput' && options.malformed === undefined) {
    throw new MillraceError('MR1001', `${what} has onError 'sideOutput' and no side output.`, {
      hint: "Give `malformed: new OutputTag<MalformedRecord>('malformed')` and read it with getSideOutput.",
    });
  }
  if (policy !== 'sideOutput' && options.malformed !== undefined) {
    throw new MillraceError(
      'MR1001',
      `${what} has a side output for malformed input and onError '${policy}'.`,
      {
        hint: "Set onError to 'sideOutput', or leave `malformed` out.",
      },
    );
  }
}
