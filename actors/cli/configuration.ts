import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import {
  environmentLayer,
  MillraceError,
  type OptionLayer,
  type RawValue,
  type ResolvedOptions,
  resolveOptions,
} from '../../core/internal.js';
import type { CliContext } from './cli-command.js';
import { namedText } from './named-place.js';

/** Read from the working directory if it is there. */
const CONFIG_FILE = 'millrace.config.json';

/** `-D key=value`, any number of times; of two with one key the later wins. */
export function definitionOption(): Option {
  return new Option('-D, --define <key=value>', 'set a configuration key; may be repeated')
    .argParser(collectDefinition)
    .default([], 'none');
}

/** `--config FILE`; without it the file of the working directory is read if there is one. */
export function configFileOption(): Option {
  return new Option('--config <file>', `read this file instead of ./${CONFIG_FILE}`);
}

/**
 * The configuration of a command: flag, then environment, then file, then default. Warnings go to stderr.
 *
 * @param options what commander parsed, with the two options above
 * @param defaults values that this command puts in place of the table's defaults
 * @param flags keys that have a flag of their own; they win over `-D`
 * @throws MillraceError MR4001, MR4002
 */
export function loadConfiguration(
  context: CliContext,
  options: Readonly<Record<string, unknown>>,
  defaults: Readonly<Record<string, RawValue>> = {},
  flags: Readonly<Record<string, RawValue>> = {},
): ResolvedOptions {
  const { layer, warnings } = environmentLayer(context.environment);
  const file = fileLayer(context, typeof options.config === 'string' ? options.config : undefined);
  const resolved = resolveOptions([
    { origin: 'flag', values: Object.fromEntries(options.define as readonly Definition[]) },
    { origin: 'flag', values: flags },
    layer,
    ...(file === undefined ? [] : [file]),
    { origin: 'default', values: defaults },
  ]);
  for (const warning of [...warnings, ...resolved.warnings]) warn(context, warning);
  return resolved;
}

/** One line on stderr that does not change the exit code. */
export function warn(context: CliContext, text: string): void {
  context.stderr.write(`warning: ${text}\n`);
}

type Definition = readonly [key: string, value: string];

function collectDefinition(text: string, before: readonly Definition[]): readonly Definition[] {
  const end = text.indexOf('=');
  if (end < 1) throw new InvalidArgumentError('It takes the form key=value.');
  return [...before, [text.slice(0, end).trim(), text.slice(end + 1)]];
}

function fileLayer(context: CliContext, named: string | undefined): OptionLayer | undefined {
  const path = named === undefined ? CONFIG_FILE : namedText('configuration file', named);
  const absolute = isAbsolute(path) ? path : join(context.workingDirectory, path);
  if (named === undefined && !existsSync(absolute)) return undefined;
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(absolute, 'utf8'));
  } catch (cause) {
    throw new MillraceError('MR4002', `The configuration file ${path} cannot be read.`, {
      why: cause instanceof Error ? cause.message : String(cause),
      hint: 'It is one JSON object of configuration keys.',
      cause,
    });
  }
  return { origin: 'file', values: Object.fromEntries(flatten(path, '', content)) };
}

/** More than any key has. */
const KEY_PARTS_MAX = 32;

/** `{"taskmanager": {"numberOfTaskSlots": 2}}` says the same as `{"taskmanager.numberOfTaskSlots": 2}`. */
function flatten(
  path: string,
  prefix: string,
  value: unknown,
  depth = 0,
): readonly (readonly [string, RawValue])[] {
  if (depth > KEY_PARTS_MAX)
    throw new MillraceError('MR4002', `The configuration file ${path} nests too deep.`);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([name, inner]) =>
      flatten(path, prefix === '' ? name : `${prefix}.${name}`, inner, depth + 1),
    );
  }
  if (
    prefix !== '' &&
    (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
  ) {
    return [[prefix, value]];
  }
  throw new MillraceError(
    'MR4002',
    prefix === ''
      ? `The configuration file ${path} is no JSON object.`
      : `The value of '${prefix}' in ${path} is no text, number or boolean.`,
  );
}
