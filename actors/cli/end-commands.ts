import { Option } from 'commander';
import { MillraceError } from '../../core/internal.js';
import type { CliCommand } from './cli-command.js';
import { clientOptions, detachedOption, formatOption, JOB, withCluster } from './client-options.js';
import type { OnSignal } from './run-command.js';

const STOP_EXAMPLE = `Example:
  $ millrace stop --savepointPath ./savepoints a1b2c3d4
`;
const CANCEL_EXAMPLE = `Example:
  $ millrace cancel a1b2c3d4
`;
const DIRECTORY =
  'folder of the savepoint, at the cluster; without one execution.checkpointing.savepoint-dir';

/** `millrace stop`: the end of a job with a savepoint, from which another run goes on. */
export function stopCommand(onSignal: OnSignal): CliCommand {
  return {
    name: 'stop',
    define(command, context) {
      clientOptions(
        command
          .description('end a job with a savepoint')
          .addHelpText('before', STOP_EXAMPLE)
          .argument('[job]', JOB)
          .option('-p, --savepointPath [dir]', DIRECTORY)
          .option('-d, --drain', 'the input ends for good: whatever waits for more of it fires')
          .addOption(formatOption())
          .addOption(detachedOption())
          .allowExcessArguments(false),
      );
      return (operands, options) => {
        const { job, folder } = jobAndFolder('stop', operands, options.savepointPath);
        const order = {
          folder,
          drain: options.drain === true,
          type: String(options.type ?? 'CANONICAL'),
          detached: options.detached === true,
        };
        return withCluster(context, onSignal, options, async (session) =>
          (await import('./job-ending.js')).stopJob(session, job, order),
        );
      };
    },
  };
}

/** `millrace cancel`: the end of a job without a savepoint. */
export function cancelCommand(onSignal: OnSignal): CliCommand {
  return {
    name: 'cancel',
    define(command, context) {
      clientOptions(
        command
          .description('end a job without a savepoint')
          .addHelpText('before', CANCEL_EXAMPLE)
          .argument('[job]', JOB)
          .addOption(new Option('-s, --withSavepoint [dir]', 'as stop does, which takes its place'))
          .allowExcessArguments(false),
      );
      return (operands, options) => {
        const { job, folder } = jobAndFolder('cancel', operands, options.withSavepoint);
        return withCluster(context, onSignal, options, async (session) => {
          const { cancelJob, cancelWithSavepoint } = await import('./job-ending.js');
          if (options.withSavepoint === undefined) await cancelJob(session, job);
          else await cancelWithSavepoint(session, job, folder);
        });
      };
    },
  };
}

/**
 * The folder may be left out, so what follows its option and is the only word is the job.
 *
 * @throws MillraceError MR7001 if no job is named
 */
function jobAndFolder(
  command: string,
  [named]: readonly string[],
  option: unknown,
): { readonly job: string; readonly folder: string | undefined } {
  const word = typeof option === 'string' ? option : undefined;
  const job = named ?? word;
  if (job !== undefined) return { job, folder: named === undefined ? undefined : word };
  throw new MillraceError('MR7001', `millrace ${command} needs to know which job.`, {
    hint: 'Name one by its id; millrace list shows those that run.',
  });
}
