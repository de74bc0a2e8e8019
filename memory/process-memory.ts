import { MillraceError, type OptionKey } from '../core/internal.js';
import { printFloat64 } from './decimal.js';
import {
  isConfigured,
  type MemoryConfiguration,
  printOption,
  readMemorySize,
} from './memory-configuration.js';
import { type MemorySize, sumOf } from './memory-size.js';
import type { MemoryRemark, ProcessMemory } from './memory-spec.js';
import { processMemoryOf } from './memory-spec.js';
import {
  isInRange,
  printRange,
  type RangeFraction,
  rangeFraction,
  shareBeside,
  shareOf,
} from './range-fraction.js';

/**
 * The part of the calculator that both roles share: which of the three ways in is taken, and what lies
 * around total Flink memory. Values are read in Flink's order, so of two errors the same one is named.
 */

const OVERHEAD = 'jvm overhead memory';

/** The keys of one role. */
export interface ProcessMemoryOptions {
  /** All of these configured is the first way in. */
  readonly fineGrained: readonly OptionKey[];
  readonly totalFlink: OptionKey;
  readonly totalProcess: OptionKey;
  readonly metaspace: OptionKey;
  readonly overheadMin: OptionKey;
  readonly overheadMax: OptionKey;
  readonly overheadFraction: OptionKey;
  /** The process size that Flink's shipped configuration file has. */
  readonly shippedProcessSize: string;
}

/** How one role divides its total Flink memory. */
export interface FlinkMemoryDerivation<F> {
  fromFineGrained(config: MemoryConfiguration, remarks: MemoryRemark[]): F;
  fromTotalFlink(config: MemoryConfiguration, totalFlink: MemorySize, remarks: MemoryRemark[]): F;
  totalOf(flink: F): MemorySize;
}

/** Takes the first way in that is configured. @throws MillraceError MR4002, MR4003 */
export function deriveProcessMemory<F>(
  config: MemoryConfiguration,
  options: ProcessMemoryOptions,
  derivation: FlinkMemoryDerivation<F>,
  remarks: MemoryRemark[],
): { readonly flink: F; readonly whole: ProcessMemory } {
  if (options.fineGrained.every((key) => isConfigured(config, key))) {
    const flink = derivation.fromFineGrained(config, remarks);
    return { flink, whole: aroundFlinkMemory(config, options, derivation.totalOf(flink), remarks) };
  }
  if (isConfigured(config, options.totalFlink)) {
    const totalFlink = readMemorySize(config, options.totalFlink);
    const flink = derivation.fromTotalFlink(config, totalFlink, remarks);
    return { flink, whole: aroundFlinkMemory(config, options, totalFlink, remarks) };
  }
  if (isConfigured(config, options.totalProcess)) {
    const whole = insideProcessMemory(config, options, remarks);
    return { flink: derivation.fromTotalFlink(config, whole.totalFlink, remarks), whole };
  }
  throw new MillraceError(
    'MR4003',
    `Either required fine-grained memory (${options.fineGrained.join(' and ')}),` +
      ` or Total Flink Memory size (${printOption(options.totalFlink)}),` +
      ` or Total Process Memory size (${printOption(options.totalProcess)}) need to be configured explicitly.`,
    { hint: `Set ${options.totalFlink}, for example to 1g.` },
  );
}

/**
 * The configuration with Flink's shipped process size, if none of the three ways in is configured;
 * one of two fine-grained keys alone is not a way in.
 */
export function withShippedProcessSize(
  config: MemoryConfiguration,
  options: ProcessMemoryOptions,
): MemoryConfiguration {
  const wayIn =
    options.fineGrained.every((key) => isConfigured(config, key)) ||
    isConfigured(config, options.totalFlink) ||
    isConfigured(config, options.totalProcess);
  return wayIn ? config : { ...config, [options.totalProcess]: options.shippedProcessSize };
}

/** @throws MillraceError MR4003 if the parts are not what is configured; a rule of the calculator itself */
export function requireTotalProcess(whole: ProcessMemory, configured: MemorySize): void {
  if (whole.totalProcess.equals(configured)) return;
  throw new MillraceError(
    'MR4003',
    `Configured and Derived memory sizes (total ${whole.totalProcess.toHumanReadable()}) do not add up to the ` +
      `configured Total Process Memory size (${configured.toHumanReadable()}). Configured and Derived memory sizes ` +
      `are: Total Flink Memory (${whole.totalFlink.toHumanReadable()}), JVM Metaspace ` +
      `(${whole.jvmMetaspace.toHumanReadable()}), JVM Overhead (${whole.jvmOverhead.toHumanReadable()}).`,
  );
}

/** Total process memory is known: overhead is its share, and Flink gets what remains. */
function insideProcessMemory(
  config: MemoryConfiguration,
  options: ProcessMemoryOptions,
  remarks: MemoryRemark[],
): ProcessMemory {
  const totalProcess = readMemorySize(config, options.totalProcess);
  const metaspace = readMemorySize(config, options.metaspace);
  const overhead = shareOf(OVERHEAD, totalProcess, overheadRange(config, options), remarks);
  const around = sumOf(metaspace, overhead);
  if (around.exceeds(totalProcess)) {
    throw new MillraceError(
      'MR4003',
      `Sum of configured JVM Metaspace (${metaspace.toHumanReadable()}) and JVM Overhead` +
        ` (${overhead.toHumanReadable()}) exceed configured Total Process Memory` +
        ` (${totalProcess.toHumanReadable()}).`,
      { hint: `Raise ${options.totalProcess}.` },
    );
  }
  const whole = processMemoryOf(totalProcess.minus(around), metaspace, overhead);
  requireTotalProcess(whole, totalProcess);
  return whole;
}

/** Total Flink memory is known: overhead is the rest of a configured process size, or the share beside. */
function aroundFlinkMemory(
  config: MemoryConfiguration,
  options: ProcessMemoryOptions,
  totalFlink: MemorySize,
  remarks: MemoryRemark[],
): ProcessMemory {
  const metaspace = readMemorySize(config, options.metaspace);
  const inner = totalFlink.plus(metaspace);
  if (!isConfigured(config, options.totalProcess)) {
    const overhead = shareBeside(OVERHEAD, inner, overheadRange(config, options), remarks);
    return processMemoryOf(totalFlink, metaspace, overhead);
  }
  const totalProcess = readMemorySize(config, options.totalProcess);
  if (inner.exceeds(totalProcess)) {
    throw new MillraceError(
      'MR4003',
      `The configured Total Process Memory size (${totalProcess.toHumanReadable()}) is less than the sum of the ` +
        `derived Total Flink Memory size (${totalFlink.toHumanReadable()}) and the configured or default JVM ` +
        `Metaspace size  (${metaspace.toHumanReadable()}).`,
      { why: 'The overhead would be negative: bytes must be >= 0', hint: `Raise ${options.totalProcess}.` },
    );
  }
  const overhead = totalProcess.minus(inner);
  requireOverheadInRange(config, options, overhead, { totalProcess, remarks });
  const whole = processMemoryOf(totalFlink, metaspace, overhead);
  requireTotalProcess(whole, totalProcess);
  return whole;
}

function requireOverheadInRange(
  config: MemoryConfiguration,
  options: ProcessMemoryOptions,
  overhead: MemorySize,
  { totalProcess, remarks }: { readonly totalProcess: MemorySize; readonly remarks: MemoryRemark[] },
): void {
  const range = overheadRange(config, options);
  if (!isInRange(overhead, range)) {
    throw new MillraceError(
      'MR4003',
      `Derived JVM Overhead size (${overhead.toHumanReadable()}) is not in configured JVM Overhead range` +
        ` ${printRange(range)}.`,
      { hint: `Configure either ${options.totalFlink} or ${options.totalProcess}, not both.` },
    );
  }
  if (
    isConfigured(config, options.overheadFraction) &&
    !overhead.equals(totalProcess.times(range.fraction))
  ) {
    remarks.push({
      level: 'info',
      text:
        `The derived JVM Overhead size (${overhead.toHumanReadable()}) does not match the configured or default ` +
        `JVM Overhead fraction (${printFloat64(range.fraction)}) from the configured Total Process Memory size ` +
        `(${totalProcess.toHumanReadable()}). The derived JVM Overhead size will be used.`,
    });
  }
}

function overheadRange(config: MemoryConfiguration, options: ProcessMemoryOptions): RangeFraction {
  const min = readMemorySize(config, options.overheadMin);
  const max = readMemorySize(config, options.overheadMax);
  return rangeFraction(min, max, options.overheadFraction, config);
}
