import { invariant, MillraceError, type OptionKey } from '../core/internal.js';
import { printFloat64 } from './decimal.js';
import { type MemoryConfiguration, printOption, readFraction } from './memory-configuration.js';
import type { MemorySize } from './memory-size.js';
import type { MemoryRemark } from './memory-spec.js';

/**
 * A share of something with a floor and a ceiling.
 *
 * Invariants: min <= max; 0 <= fraction < 1.
 */
export interface RangeFraction {
  readonly min: MemorySize;
  readonly max: MemorySize;
  /** A 32-bit float, widened. */
  readonly fraction: number;
}

/** @throws MillraceError MR4003 if min exceeds max or the fraction is outside [0, 1) */
export function rangeFraction(
  min: MemorySize,
  max: MemorySize,
  fractionKey: OptionKey,
  config: MemoryConfiguration,
): RangeFraction {
  const fraction = readFraction(config, fractionKey);
  const why = min.exceeds(max)
    ? 'min value must be less or equal to max value'
    : fraction >= 0 && fraction < 1
      ? undefined
      : 'fraction must be in range [0, 1)';
  if (why === undefined) return { min, max, fraction };
  throw new MillraceError(
    'MR4003',
    `Inconsistently configured ${printOption(fractionKey)} (${printFloat64(fraction)})` +
      ` and its min (${min.toHumanReadable()}), max (${max.toHumanReadable()}) value`,
    { why },
  );
}

/** The share of `whole`, kept in range. `name` is for the remark if the range decides. */
export function shareOf(
  name: string,
  whole: MemorySize,
  range: RangeFraction,
  remarks: MemoryRemark[],
): MemorySize {
  return clamp(name, whole.times(range.fraction), range, remarks);
}

/** The share of the whole of which `rest` is what remains beside the share, kept in range. */
export function shareBeside(
  name: string,
  rest: MemorySize,
  range: RangeFraction,
  remarks: MemoryRemark[],
): MemorySize {
  invariant(range.fraction < 1, 'a share beside something is less than the whole', {
    fraction: range.fraction,
  });
  return clamp(name, rest.times(range.fraction / (1 - range.fraction)), range, remarks);
}

export function isInRange(size: MemorySize, range: RangeFraction): boolean {
  return !size.exceeds(range.max) && !range.min.exceeds(size);
}

/** `[64.000mb (67108864 bytes), 1024.000mb (1073741824 bytes)]` */
export function printRange(range: RangeFraction): string {
  return `[${range.min.toHumanReadable()}, ${range.max.toHumanReadable()}]`;
}

function clamp(name: string, size: MemorySize, range: RangeFraction, remarks: MemoryRemark[]): MemorySize {
  const bound = size.exceeds(range.max) ? 'max' : range.min.exceeds(size) ? 'min' : undefined;
  if (bound === undefined) return size;
  remarks.push({
    level: 'info',
    text:
      `The derived from fraction ${name} (${size.toHumanReadable()}) is ` +
      `${bound === 'max' ? 'greater' : 'less'} than its ${bound} value ${range[bound].toHumanReadable()}, ` +
      `${bound} value will be used instead`,
  });
  return range[bound];
}
