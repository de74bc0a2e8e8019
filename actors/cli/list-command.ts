import type { CliCommand } from './cli-command.js';
import { clientOptions, withCluster } from './client-options.js';
import type { ClientSession } from './client-session.js';
import type { ListedJob } from './named-job.js';
import type { OnSignal } from './run-command.js';

const EXAMPLE = `Example:
  $ millrace list -a -m localhost:8081
`;

/** `millrace list`: the jobs of a cluster, as Flink lists them. */
export function listCommand(onSignal: OnSignal): CliCommand {
  return {
    name: 'list',
    define(command, context) {
      clientOptions(
        command
          .description('list the jobs of a cluster: those that run, and those that will')
          .addHelpText('before', EXAMPLE)
          .option('-r, --running', 'those that run or restart')
          .option('-s, --scheduled', 'those that have not begun')
          .option('-a, --all', 'those that have ended too')
          .allowExcessArguments(false),
      );
      return (_operands, options) =>
        withCluster(context, onSignal, options, async (session) => {
          const { listedJobs } = await import('./named-job.js');
          session.tell('Waiting for response...');
          list(session, await listedJobs(session.client), options);
        });
    },
  };
}

function list(
  session: ClientSession,
  jobs: readonly ListedJob[],
  { running, scheduled, all }: Readonly<Record<string, unknown>>,
): void {
  const isNarrow = all !== true && (running === true || scheduled === true);
  const isScheduled = ({ state, ended }: ListedJob): boolean => state === 'CREATED' && !ended;
  const parts = [
    {
      isWanted: !isNarrow || running === true,
      title: '------------------ Running/Restarting Jobs -------------------',
      none: 'No running jobs.',
      jobs: jobs.filter((job) => !isScheduled(job) && !job.ended),
    },
    {
      isWanted: !isNarrow || scheduled === true,
      title: '----------------------- Scheduled Jobs -----------------------',
      none: 'No scheduled jobs.',
      jobs: jobs.filter(isScheduled),
    },
    {
      isWanted: all === true,
      title: '---------------------- Terminated Jobs -----------------------',
      none: 'No terminated jobs.',
      jobs: jobs.filter(({ ended }) => ended),
    },
  ].filter(({ isWanted }) => isWanted);
  const lines = parts.flatMap(({ title, none, jobs }) =>
    jobs.length === 0 ? [none] : [title, ...byStart(jobs).map(lineOf), '-'.repeat(title.length)],
  );
  session.print(lines.join('\n'), {
    jobs: parts.flatMap(({ jobs }) => byStart(jobs).map(({ fields }) => fields)),
  });
}

function byStart(jobs: readonly ListedJob[]): readonly ListedJob[] {
  return jobs.toSorted((a, b) => a.startMs - b.startMs);
}

/** `30.11.2020 16:02:29 : <id> : <name> (RUNNING)`, by the clock of this place. */
function lineOf({ id, name, state, startMs }: ListedJob): string {
  const at = new Date(startMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${two(at.getDate())}.${two(at.getMonth() + 1)}.${at.getFullYear()}`;
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
  return `${day} ${time} : ${id} : ${name} (${state})`;
}
