import {
  type AccumulatorValue,
  type AccumulatorValues,
  decodePlain,
  encodePlain,
  invariant,
  isMillraceError,
  types,
} from '../../core/internal.js';
import { ThreadCodecFactory } from '../../memory/index.js';
import { readEach, readRecord, writeEach, writeRecord } from './field-collections.js';
import type { FieldReader } from './field-reader.js';
import type { FieldWriter } from './field-writer.js';

/**
 * What accumulators held, as fields of a manifest. A value of a list is MessagePack with its length before it, as an
 * item of operator state is.
 *
 * ```text
 * accumulators = (name, accumulator)*
 * accumulator  = kind (1 byte), of a sum, the least or the greatest: float64
 *                             | of a mean: sum, count (float64 each)
 *                             | of a list: bytes*
 *                             | of a histogram: (value, count (float64 each))*
 * ```
 */
const KINDS = ['sum', 'least', 'greatest', 'mean', 'list', 'histogram'] as const;

/** @throws MillraceError MR3007 for a name that cannot be stored */
export function writeAccumulators(out: FieldWriter, accumulators: AccumulatorValues): void {
  writeRecord(out, accumulators, writeAccumulator);
}

/** @throws MillraceError MR3004 for anything that {@link writeAccumulators} did not write */
export function readAccumulators(input: FieldReader): AccumulatorValues {
  return readRecord(input, readAccumulator);
}

function writeAccumulator(out: FieldWriter, accumulator: AccumulatorValue): void {
  const kind = KINDS.indexOf(accumulator.kind);
  invariant(kind >= 0, 'an accumulator is of a known kind', { kind: accumulator.kind });
  out.byte(kind);
  switch (accumulator.kind) {
    case 'mean':
      out.float64(accumulator.sum);
      out.float64(accumulator.count);
      break;
    case 'list': {
      const codec = new ThreadCodecFactory().codecFor<unknown>(types.dynamic());
      writeEach(out, accumulator.values, (to, value) => to.bytes(encodePlain(codec, value)));
      break;
    }
    case 'histogram':
      writeEach(out, accumulator.counts, (to, [value, count]) => {
        to.float64(value);
        to.float64(count);
      });
      break;
    default:
      out.float64(accumulator.value);
  }
}

function readAccumulator(input: FieldReader): AccumulatorValue {
  const kind = input.oneOf(KINDS, 'the kind of an accumulator');
  switch (kind) {
    case 'mean':
      return { kind, sum: input.float64(), count: input.float64() };
    case 'list':
      return { kind, values: readValues(input) };
    case 'histogram':
      return { kind, counts: readEach(input, (each) => [each.float64(), each.float64()] as const) };
    default:
      return { kind, value: input.float64() };
  }
}

function readValues(input: FieldReader): readonly unknown[] {
  const codec = new ThreadCodecFactory().codecFor<unknown>(types.dynamic());
  return readEach(input, (each) => {
    const bytes = each.bytes();
    try {
      return decodePlain(codec, bytes);
    } catch (error) {
      if (isMillraceError(error)) throw input.corrupt('a value of a list cannot be read');
      throw error;
    }
  });
}
