import { type Command, Option } from 'commander';
import type { CliAction, CliCommand, CliContext } from './cli-command.js';
import { configFileOption, definitionOption } from './configuration.js';

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
    return async (_operands, options) => {
      // Other commands need neither the calculator nor the picture.
      const { showMemory } = await import('./memory-report.js');
      return showMemory(context, options);
    };
  },
};
