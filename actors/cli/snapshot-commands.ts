import { type Command, Option } from 'commander';
import { MillraceError } from '../../core/internal.js';
import type { CliAction, CliCommand, CliContext } from './cli-command.js';
import { clientOptions, detachedOption, formatOption, JOB, withCluster } from './client-options.js';
import { namedText } from './named-place.js';
import type { OnSignal } from './run-command.js';

const SAVEPOINT_EXAMPLE = `Example:
  $ millrace savepoint a1b2c3d4 ./savepoints
`;
const CHECKPOINT_EXAMPLE = `Example:
  $ millrace checkpoint a1b2c3d4 --full
`;

/** `millrace savepoint JOB [DIR]` and `millrace savepoint -d PATH`: what a cluster is asked for. */
export function defineSavepoint(onSignal: OnSignal): (command: Command, context: CliContext) => CliAction {
  return (command, context) => {
    clientOptions(
      command
        .description('take a savepoint of a job that runs; look into savepoints, or remove one')
        .addHelpText('before', SAVEPOINT_EXAMPLE)
        .argument('[job]', JOB)
        .argument('[dir]', 'its folder, at the cluster; without one execution.checkpointing.savepoint-dir')
        .option('-d, --dispose <path>', 'have the cluster remove this savepoint instead')
        .addOption(formatOption())
        .addOption(detachedOption())
        .allowExcessArguments(false),
    );
    return ([job, folder], options) => {
      const { dispose } = options;
      if (typeof dispose === 'string') {
        const path = namedText('savepoint', dispose);
        return withCluster(context, onSignal, options, async (session) =>
          (await import('./snapshot-taking.js')).disposeSavepoint(session, path),
        );
      }
      if (job === undefined) {
        throw new MillraceError('MR7001', 'millrace savepoint needs to know of which job.', {
          hint: 'Name one by its id; millrace list shows those that run, millrace savepoint --help what else there is.',
        });
      }
      return withCluster(context, onSignal, options, async (session) =>
        (await import('./snapshot-taking.js')).takeSavepoint(session, job, {
          folder,
          type: String(options.type ?? 'CANONICAL'),
          detached: options.detached === true,
          commands: command.commands.map((inner) => inner.name()),
        }),
      );
    };
  };
}

/** `millrace checkpoint`: one now, beside those of the interval. */
export function checkpointCommand(onSignal: OnSignal): CliCommand {
  return {
    name: 'checkpoint',
    define(command, context) {
      clientOptions(
        command
          .description('take a checkpoint of a job now')
          .addHelpText('before', CHECKPOINT_EXAMPLE)
          .argument('<job>', JOB)
          .addOption(new Option('--full', 'one that builds on no other').conflicts('incremental'))
          .option('--incremental', 'one that builds on the one before')
          .addOption(detachedOption())
          .allowExcessArguments(false),
      );
      return ([job = ''], options) =>
        withCluster(context, onSignal, options, async (session) =>
          (await import('./snapshot-taking.js')).takeCheckpoint(session, job, {
            type:
              options.full === true ? 'FULL' : options.incremental === true ? 'INCREMENTAL' : 'CONFIGURED',
            detached: options.detached === true,
          }),
        );
    },
  };
}
