import { MillraceError } from '../base/millrace-error.js';
import { nearest } from '../base/nearest.js';
import { parseOptionValue } from './option-value.js';
import {
  definitionOf,
  environmentName,
  isOptionKey,
  OPTION_KEYS,
  type OptionKey,
  type OptionValues,
  optionNames,
  renamedTo,
} from './options.js';

/** Where a value comes from; the first that has one wins. */
export const OPTION_ORIGINS = ['flag', 'environment', 'file', 'default'] as const;
export type OptionOrigin = (typeof OPTION_ORIGINS)[number];

export type RawValue = string | number | boolean;

/** Values under their keys or older names. Of two layers of one origin the later wins. */
export interface OptionLayer {
  readonly origin: OptionOrigin;
  readonly values: Readonly<Record<string, RawValue>>;
}

/** Plain frozen data: it may be sent to another thread. */
export interface ResolvedOptions {
  readonly values: OptionValues;
  readonly origins: Readonly<Record<OptionKey, OptionOrigin>>;
  /**
   * What some layer sets, as written, under the newest key. The memory calculator takes this: to it a
   * size that is set and a size that is a default are not the same.
   */
  readonly configured: Readonly<Partial<Record<OptionKey, RawValue>>>;
  readonly warnings: readonly string[];
}

interface Setting {
  readonly value: RawValue;
  readonly origin: OptionOrigin;
}

/**
 * Resolves a configuration: every key with its value and origin, or the first error.
 *
 * @throws MillraceError MR4001 for an unknown key, naming the nearest; MR4002 for a value of the wrong form
 * @example
 * ```ts
 * const options = resolveOptions([{ origin: 'flag', values: { 'parallelism.default': '4' } }]);
 * options.values['parallelism.default']; // 4
 * options.origins['parallelism.default']; // 'flag'
 * ```
 */
export function resolveOptions(layers: readonly OptionLayer[]): ResolvedOptions {
  const warnings: string[] = [];
  const settings = new Map<OptionKey, Setting>();
  for (const origin of OPTION_ORIGINS.toReversed()) {
    for (const layer of layers.filter((candidate) => candidate.origin === origin)) {
      for (const [key, value] of newestKeys(layer, warnings)) settings.set(key, { value, origin });
    }
  }
  const values: Partial<Record<OptionKey, unknown>> = {};
  const origins: Partial<Record<OptionKey, OptionOrigin>> = {};
  const configured: Partial<Record<OptionKey, RawValue>> = {};
  for (const key of OPTION_KEYS) {
    const setting = settings.get(key);
    const definition = definitionOf(key);
    origins[key] = setting?.origin ?? 'default';
    if (setting !== undefined) configured[key] = setting.value;
    const written = setting?.value ?? definition.default;
    values[key] = written === undefined ? undefined : parseOptionValue(key, definition, written, warnings);
  }
  return Object.freeze({
    values: Object.freeze(values) as OptionValues,
    origins: Object.freeze(origins) as Record<OptionKey, OptionOrigin>,
    configured: Object.freeze(configured),
    warnings: Object.freeze(warnings),
  });
}

/**
 * The layer of the environment: the variables that name an option. Others are not ours to judge, except
 * that a name one slip away from an option is warned of, since a typing error must not be silent.
 */
export function environmentLayer(environment: Readonly<Record<string, string | undefined>>): {
  readonly layer: OptionLayer;
  readonly warnings: readonly string[];
} {
  // Reversed, so that a key keeps the variable that an older name of it would also have.
  const byVariable = new Map(
    optionNames()
      .toReversed()
      .map((name) => [environmentName(name), name]),
  );
  const values: Record<string, RawValue> = {};
  const warnings: string[] = [];
  for (const [variable, value] of Object.entries(environment)) {
    if (value === undefined || !variable.startsWith('MILLRACE_')) continue;
    const name = byVariable.get(variable);
    if (name !== undefined) {
      values[name] = value;
      continue;
    }
    const meant = nearest(variable, byVariable.keys());
    if (meant !== undefined) {
      warnings.push(`The environment variable ${variable} names no option; did you mean ${meant}?`);
    }
  }
  return { layer: { origin: 'environment', values }, warnings };
}

/** A layer's entries under their newest keys; where it has both names of a key, the newer wins. */
function newestKeys(layer: OptionLayer, warnings: string[]): ReadonlyMap<OptionKey, RawValue> {
  const entries = new Map<OptionKey, RawValue>();
  for (const [name, value] of Object.entries(layer.values)) {
    if (isOptionKey(name)) {
      entries.set(name, value);
      continue;
    }
    const key = renamedTo(name);
    if (key === undefined) throw unknownKey(name, layer.origin);
    warnings.push(`'${name}' is an older name of '${key}'; please use that.`);
    if (!Object.hasOwn(layer.values, key) && !entries.has(key)) entries.set(key, value);
  }
  return entries;
}

/** Flink has keys for them. */
const S3_CREDENTIAL = /^(?:fs\.)?s3[a-z]?\..*(?:access[.-]?key|secret|token|credential|password)/i;

function unknownKey(name: string, origin: OptionOrigin): MillraceError {
  const isCredential = S3_CREDENTIAL.test(name);
  const meant = isCredential ? undefined : nearest(name, optionNames());
  return new MillraceError('MR4001', `Unknown configuration key '${name}'.`, {
    where: { at: origin === 'flag' ? `-D ${name}` : `${origin} ${name}` },
    ...(isCredential
      ? { why: 'credentials do not belong into a configuration, which is logged and shown' }
      : {}),
    hint: isCredential
      ? 'The AWS provider chain finds them: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, a role.'
      : meant === undefined
        ? 'millrace config lists every key.'
        : `Did you mean '${meant}'?`,
  });
}
