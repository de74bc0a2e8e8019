import {
  definitionOf,
  isMillraceError,
  MillraceError,
  type OptionKey,
  parseBoolean,
  parseInteger,
} from '../core/internal.js';
import { parseFloat32, parseFloat64 } from './decimal.js';
import { MemorySize } from './memory-size.js';

/**
 * What a person configured, by key or older key, as written; a missing key is not the same as a key with
 * its default. Values are read when a path needs them and not before, so that a value no path reads is no
 * error.
 */
export type MemoryConfiguration = Readonly<Record<string, string | number | boolean | undefined>>;

/** Whether the key, or an older name of it, is configured. */
export function isConfigured(config: MemoryConfiguration, key: OptionKey): boolean {
  return written(config, key) !== undefined;
}

/** @throws MillraceError MR4002 `Cannot read memory size from config option '...'.` */
export function readMemorySize(config: MemoryConfiguration, key: OptionKey): MemorySize {
  const text = written(config, key) ?? definitionOf(key).default;
  const what = `Cannot read memory size from config option '${key}'.`;
  if (text === undefined) {
    throw new MillraceError('MR4002', what, {
      why: 'The memory option is not set and has no default value.',
    });
  }
  try {
    return MemorySize.parse(String(text));
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    throw new MillraceError('MR4002', what, {
      why: `${unparsable(key, text)} ${error.what}`,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    });
  }
}

/** A fraction is a 32-bit float widened to a double: 0.1 is read as 0.10000000149011612. */
export function readFraction(config: MemoryConfiguration, key: OptionKey): number {
  const text = written(config, key) ?? definitionOf(key).default;
  const value = typeof text === 'number' ? Math.fround(text) : parseFloat32(String(text));
  if (value === undefined) throw notParsable(key, text, 'Write a number such as 0.25.');
  return value;
}

/** A number, or undefined if the key is not configured and has no default. */
export function readDouble(config: MemoryConfiguration, key: OptionKey): number | undefined {
  const text = written(config, key) ?? definitionOf(key).default;
  if (text === undefined) return undefined;
  const value = parseFloat64(String(text));
  if (value === undefined) throw notParsable(key, text, 'Write a number.');
  return value;
}

/** A signed 32-bit integer. The key has a default or is configured. */
export function readInteger(config: MemoryConfiguration, key: OptionKey): number {
  const text = written(config, key) ?? definitionOf(key).default;
  try {
    return parseInteger(String(text));
  } catch (error) {
    throw notParsable(key, text, 'Write a whole number.', error);
  }
}

/** A signed 64-bit integer. The key has a default or is configured. */
export function readLong(config: MemoryConfiguration, key: OptionKey): bigint {
  const text = String(written(config, key) ?? definitionOf(key).default);
  if (/^[+-]?\d+$/.test(text)) {
    const value = BigInt(text.replace('+', ''));
    if (BigInt.asIntN(64, value) === value) return value;
  }
  throw notParsable(key, text, 'Write a whole number.');
}

export function readBoolean(config: MemoryConfiguration, key: OptionKey): boolean {
  const text = written(config, key) ?? definitionOf(key).default;
  try {
    return parseBoolean(String(text));
  } catch (error) {
    throw notParsable(key, text, "Write 'true' or 'false'.", error);
  }
}

/** The option as Flink prints it inside a sentence. */
export function printOption(key: OptionKey): string {
  const { default: value, deprecatedKeys = [] } = definitionOf(key);
  const fallback = deprecatedKeys.map((older) => `{key=${older}, isDeprecated=true}`).join(', ');
  return `Key: '${key}' , default: ${value ?? 'null'} (fallback keys: [${fallback}])`;
}

function written(config: MemoryConfiguration, key: OptionKey): string | number | boolean | undefined {
  const value = config[key];
  if (value !== undefined) return value;
  for (const older of definitionOf(key).deprecatedKeys ?? []) {
    if (config[older] !== undefined) return config[older];
  }
  return undefined;
}

function unparsable(key: OptionKey, text: string | number | boolean | undefined): string {
  return `Could not parse value '${text}' for key '${key}'.`;
}

function notParsable(
  key: OptionKey,
  text: string | number | boolean | undefined,
  hint: string,
  cause?: unknown,
): MillraceError {
  return new MillraceError('MR4002', unparsable(key, text), {
    hint,
    ...(cause === undefined ? {} : { cause }),
  });
}
