import { type Command, Option } from 'commander';
import { isMillraceError, MillraceError } from '../../core/internal.js';
import {
  jobManagerMemory,
  type MemoryConfiguration,
  memoryConfigurationOf,
  networkBufferOptions,
  type ProcessMemorySpec,
  taskManagerMemory,
  tooSmallToRun,
  withJobManagerDefaultSize,
  withTaskManagerDefaultSize,
} from '../../memory/index.js';
import type { CliAction, CliCommand, CliContext } from './cli-command.js';
import { configFileOption, definitionOption, loadConfiguration, warn } from './configuration.js';
import { ExitCode } from './exit-code.js';
import { drawMemory } from './memory-picture.js';
import { styleFor } from './terminal-style.js';

const EXAMPLE = `Example:
  $ millrace memory -D taskmanager.memory.process.size=4g -D taskmanager.numberOfTaskSlots=2
`;

/**
 * `millrace memory`: how a process of the given configuration divides its memory. It judges by Flink's
 * rules only, never by this machine; what could not run a task here is a warning.
 */
export const memoryCommand: CliCommand = {
  name: 'memory',
  define(command: Command, context: CliContext): CliAction {
    command
      .description('show how a process divides its memory')
      .addHelpText('before', EXAMPLE)
      .addOption(
        new Option('--role <role>', 'the process to show')
          .choices(['taskmanager', 'jobmanager'])
          .default('taskmanager'),
      )
      .addOption(definitionOption())
      .addOption(configFileOption())
      .option('--json', "print the fields of Flink's memoryConfiguration, in bytes")
      .allowExcessArguments(false);
    return async (_operands, options) => showMemory(context, options);
  },
};

function showMemory(context: CliContext, options: Readonly<Record<string, unknown>>): ExitCode {
  const config: MemoryConfiguration = loadConfiguration(context, options).configured;
  const spec = options.role === 'jobmanager' ? deriveJobManager(config) : deriveTaskManager(config);
  const buffers = networkBufferOptions(config);
  for (const remark of spec.remarks) {
    if (remark.level === 'warning') warn(context, remark.text);
  }
  if (spec.role === 'taskmanager') for (const reason of tooSmallToRun(spec)) warn(context, reason);
  if (options.json === true) {
    context.stdout.write(`${printFields(spec)}\n`);
  } else {
    const style = styleFor(context.stdout, context.environment);
    context.stdout.write(`${drawMemory(spec, buffers, style).join('\n')}\n`);
  }
  return ExitCode.ok;
}

function deriveTaskManager(config: MemoryConfiguration): ProcessMemorySpec {
  return named('TaskManager', () => taskManagerMemory(withTaskManagerDefaultSize(config)));
}

function deriveJobManager(config: MemoryConfiguration): ProcessMemorySpec {
  return named('JobManager', () => jobManagerMemory(withJobManagerDefaultSize(config)));
}

/** Says whose memory configuration failed, as Flink does at the start of that process. */
function named(role: string, derive: () => ProcessMemorySpec): ProcessMemorySpec {
  try {
    return derive();
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    throw new MillraceError(error.code, `${role} memory configuration failed: ${error.what}`, {
      where: error.where,
      ...(error.why === undefined ? {} : { why: error.why }),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    });
  }
}

/** Sizes can lie beyond 2^53, where JSON.stringify would round: the digits are written as they are. */
function printFields(spec: ProcessMemorySpec): string {
  const fields = Object.entries(memoryConfigurationOf(spec));
  return `{\n${fields.map(([name, bytes]) => `  ${JSON.stringify(name)}: ${bytes}`).join(',\n')}\n}`;
}
