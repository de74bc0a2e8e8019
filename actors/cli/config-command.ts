import type { Command } from 'commander';
import {
  definitionOf,
  describeOptions,
  isSecretName,
  OPTION_KEYS,
  type OptionKey,
  type ResolvedOptions,
} from '../../core/internal.js';
import type { CliAction, CliCommand, CliContext } from './cli-command.js';
import { configFileOption, definitionOption, loadConfiguration } from './configuration.js';
import { ExitCode } from './exit-code.js';
import { styleFor, type TerminalStyle } from './terminal-style.js';

const EXAMPLE = `Example:
  $ MILLRACE_PARALLELISM_DEFAULT=4 millrace config -D execution.checkpointing.interval=5s
`;

/** `millrace config`: every key with its value and where that comes from. */
export const configCommand: CliCommand = {
  name: 'config',
  define(command: Command, context: CliContext): CliAction {
    command
      .description('show every configuration key, its value and its origin')
      .addHelpText('before', EXAMPLE)
      .addHelpText('after', () => `\n${describeTable()}`)
      .addOption(definitionOption())
      .addOption(configFileOption())
      .option(
        '--json',
        'print {key: {value, origin}}; times in milliseconds, sizes as configured or in bytes',
      )
      .allowExcessArguments(false);
    return async (_operands, options) => {
      const resolved = loadConfiguration(context, options);
      const style = styleFor(context.stdout, context.environment);
      const text = options.json === true ? printJson(resolved) : printTable(resolved, style);
      context.stdout.write(`${text}\n`);
      return ExitCode.ok;
    };
  },
};

function printJson(resolved: ResolvedOptions): string {
  const entries = OPTION_KEYS.map((key) => {
    const value = isSecretName(key) ? hidden(key, resolved) : (resolved.values[key] ?? null);
    return [key, { value, origin: resolved.origins[key] }];
  });
  return JSON.stringify(Object.fromEntries(entries), undefined, 2);
}

function printTable(resolved: ResolvedOptions, style: TerminalStyle): string {
  const rows = OPTION_KEYS.map((key) => [key, printValue(key, resolved), resolved.origins[key]] as const);
  const keyWidth = Math.max(...rows.map(([key]) => key.length));
  const valueWidth = Math.max(...rows.map(([, value]) => value.length));
  return rows
    .map(([key, value, origin]) => {
      const line = `${key.padEnd(keyWidth)}  ${value.padEnd(valueWidth)}  ${origin}`;
      return origin === 'default' ? style.faint(line) : style.bold(line);
    })
    .join('\n');
}

/** As a person wrote it, or as the table has it. */
function printValue(key: OptionKey, resolved: ResolvedOptions): string {
  if (isSecretName(key)) return hidden(key, resolved) ?? '-';
  return String(resolved.configured[key] ?? definitionOf(key).default ?? '-');
}

function hidden(key: OptionKey, resolved: ResolvedOptions): string | null {
  return resolved.values[key] === undefined ? null : '******';
}

function describeTable(): string {
  const lines = describeOptions().map((option) => {
    const facts = [option.type, option.range, option.default === '' ? '' : `default ${option.default}`];
    return `  ${option.key}\n      ${option.description} (${facts.filter((fact) => fact !== '').join('; ')})`;
  });
  return ['Keys:', ...lines, ''].join('\n');
}
