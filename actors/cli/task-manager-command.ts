import type { CliCommand, CliCommandGroup } from './cli-command.js';
import { clientOptions, withCluster } from './client-options.js';
import type { OnSignal } from './run-command.js';

const LIST_EXAMPLE = `Example:
  $ millrace taskmanager list -m localhost:8081
`;
const START_EXAMPLE = `Example:
  $ millrace taskmanager start -m localhost:8081
`;
const STOP_EXAMPLE = `Example:
  $ millrace taskmanager stop taskmanager-4711-2
`;

/** `millrace taskmanager list | start | stop`: how many TaskManagers a running cluster has. */
export function taskManagerCommand(onSignal: OnSignal): CliCommandGroup {
  return {
    name: 'taskmanager',
    description: 'the TaskManagers of a running cluster: which there are, one more, one less',
    example: START_EXAMPLE,
    commands: [listCommand(onSignal), startCommand(onSignal), stopCommand(onSignal)],
  };
}

function listCommand(onSignal: OnSignal): CliCommand {
  return {
    name: 'list',
    define(command, context) {
      clientOptions(
        command
          .description('list the TaskManagers with their slots')
          .addHelpText('before', LIST_EXAMPLE)
          .allowExcessArguments(false),
      );
      return (_operands, options) =>
        withCluster(context, onSignal, options, async (session) =>
          (await import('./task-managers.js')).listTaskManagers(session),
        );
    },
  };
}

function startCommand(onSignal: OnSignal): CliCommand {
  return {
    name: 'start',
    define(command, context) {
      clientOptions(
        command
          .description('start one more in the process of the cluster, as that is configured')
          .addHelpText('before', START_EXAMPLE)
          .allowExcessArguments(false),
      );
      return (_operands, options) =>
        withCluster(context, onSignal, options, async (session) =>
          (await import('./task-managers.js')).startTaskManager(session),
        );
    },
  };
}

function stopCommand(onSignal: OnSignal): CliCommand {
  return {
    name: 'stop',
    define(command, context) {
      clientOptions(
        command
          .description(
            'stop one: adaptive jobs rescale to the slots that are left, others go on from their checkpoints',
          )
          .addHelpText('before', STOP_EXAMPLE)
          .argument('[id]', 'its id, as list shows it')
          .allowExcessArguments(false),
      );
      return ([id], options) =>
        withCluster(context, onSignal, options, async (session) =>
          (await import('./task-managers.js')).stopTaskManager(session, id),
        );
    },
  };
}
