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
import type { CliContext } from './cli-command.js';
import { loadConfiguration, warn } from './configuration.js';
import { ExitCode } from './exit-code.js';
import { drawMemory } from './memory-picture.js';
import { styleFor } from './terminal-style.js';

/**
 * Prints how a process of the given configuration divides its memory, and on stderr why it could not run a
 * task here.
 *
 * @param options what commander parsed
 * @throws MillraceError if the configuration is wrong by Flink's rules
 */
export function showMemory(context: CliContext, options: Readonly<Record<string, unknown>>): ExitCode {
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
