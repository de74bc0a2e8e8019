import { durationMs } from '../base/duration.js';
import { unreachable } from '../base/invariant.js';
import { parseMemoryBytes } from '../base/memory-bytes.js';
import { isMillraceError, MillraceError } from '../base/millrace-error.js';
import { nearest } from '../base/nearest.js';
import type { OptionDefinition, OptionRange, OptionType } from './option-definition.js';
import { describeRange, describeType } from './options.js';

/**
 * The value of one option, checked against its row of the table. What the memory calculator judges
 * passes through as text.
 *
 * @param warnings a line is added for a value that is accepted under another name
 * @throws MillraceError MR4002
 */
export function parseOptionValue(
  key: string,
  definition: OptionDefinition,
  written: string | number | boolean,
  warnings: string[],
): string | number | boolean {
  const text = String(written);
  if (definition.judgedBy === 'memory') return text;
  let value: string | number | boolean;
  try {
    value = parse(key, definition.type, text, warnings);
  } catch (error) {
    throw unparsable(key, text, error, definition.type);
  }
  if (typeof value === 'number') checkRange(key, value, text, definition.range);
  return value;
}

function parse(key: string, type: OptionType, text: string, warnings: string[]): string | number | boolean {
  switch (type.kind) {
    case 'memory':
      return parseMemory(text);
    case 'duration':
      return durationMs(text.trim());
    case 'int':
      return parseInteger(text);
    case 'double':
    case 'fraction':
      return parseNumber(text);
    case 'boolean':
      return parseBoolean(text);
    case 'string':
      return text;
    case 'enum':
      return parseEnum(key, type, text, warnings);
    default:
      return unreachable(type);
  }
}

function parseMemory(text: string): number {
  const bytes = Number(parseMemoryBytes(text));
  if (!Number.isSafeInteger(bytes)) throw malformed(`${text} is beyond any memory.`);
  return bytes;
}

/** A signed 32-bit integer in decimal digits, as Flink reads one. */
export function parseInteger(text: string): number {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= -0x8000_0000 && value <= 0x7fff_ffff) return value;
  throw malformed(`For input string: "${text}"`);
}

function parseNumber(text: string): number {
  const trimmed = text.trim();
  const value = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) ? Number(trimmed) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw malformed(`For input string: "${text}"`);
}

/** `true` or `false` in any case. */
export function parseBoolean(text: string): boolean {
  const lower = text.toLowerCase();
  if (lower === 'true') return true;
  if (lower === 'false') return false;
  throw malformed(
    `Unrecognized option for boolean: ${text}. Expected either true or false(case insensitive)`,
  );
}

function parseEnum(
  key: string,
  type: Extract<OptionType, { kind: 'enum' }>,
  text: string,
  warnings: string[],
): string {
  const wanted = text.trim().toLowerCase();
  const value = type.values.find((candidate) => candidate.toLowerCase() === wanted);
  if (value !== undefined) return value;
  const gone = type.gone ?? {};
  if (Object.hasOwn(gone, wanted)) throw malformed(String(gone[wanted]));
  const aliases = type.aliases ?? {};
  const target = Object.hasOwn(aliases, wanted) ? aliases[wanted] : undefined;
  if (target === undefined) {
    const meant = nearest(wanted, [...type.values, ...Object.keys(aliases)]);
    throw malformed(
      `Expected one of: [${type.values.join(', ')}].${meant === undefined ? '' : ` Did you mean '${meant}'?`}`,
    );
  }
  if (target.startsWith('~')) return target.slice(1);
  warnings.push(`'${text}' of '${key}' is taken for '${target}', which is what stands for it here.`);
  return target;
}

function checkRange(key: string, value: number, text: string, range: OptionRange | undefined): void {
  if (range === undefined) return;
  const { min, max, above, except } = range;
  if (
    (min === undefined || value >= min) &&
    (max === undefined || value <= max) &&
    (above === undefined || value > above) &&
    value !== except
  ) {
    return;
  }
  throw new MillraceError(
    'MR4002',
    `Invalid configuration value for ${key} : ${text} - It must be ${describeRange(range)}.`,
    { where: { at: key } },
  );
}

function malformed(what: string): MillraceError {
  return new MillraceError('MR4002', what);
}

function unparsable(key: string, text: string, error: unknown, type: OptionType): MillraceError {
  return new MillraceError('MR4002', `Could not parse value '${text}' for key '${key}'.`, {
    why: isMillraceError(error) ? error.what : String(error),
    hint:
      isMillraceError(error) && error.hint !== undefined ? error.hint : `It takes: ${describeType(type)}.`,
    cause: error,
  });
}
