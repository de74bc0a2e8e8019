import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CliContext } from './cli-command.js';
import type { ClientSession } from './client-session.js';
import { configFileOption, definitionOption, loadConfiguration } from './configuration.js';
import { ExitCode } from './exit-code.js';
import type { OnSignal } from './run-command.js';

type Options = Readonly<Record<string, unknown>>;

const FORMATS = ['CANONICAL', 'NATIVE'];

export const JOB = "the job's id, its first four digits or more, or its name";

/** Options of every command that asks a running cluster. */
export function clientOptions(command: Command): Command {
  return command
    .option(
      '-m, --jobmanager <host:port>',
      'the cluster (default: rest.address and rest.port, localhost:8081)',
    )
    .addOption(definitionOption())
    .addOption(configFileOption())
    .option('--json', 'print the result as JSON on stdout');
}

/** Ours is one format; the words are Flink's. */
export function formatOption(): Option {
  const option = new Option('--type <format>', 'format of the savepoint; both words mean the same').choices(
    FORMATS,
  );
  return option.argParser((word) => {
    const format = FORMATS.find((known) => known === word.toUpperCase());
    if (format === undefined) throw new InvalidArgumentError(`Allowed choices are ${FORMATS.join(', ')}.`);
    return format;
  });
}

export function detachedOption(): Option {
  return new Option(
    '--detached',
    'do not wait for the outcome; print the id under which it can be asked for',
  );
}

/**
 * Does something with the cluster that the options name. A signal ends the waiting, not what was triggered.
 *
 * Rejects with what `work` does; MR7001, MR4001, MR4002 for the options.
 */
export async function withCluster(
  context: CliContext,
  onSignal: OnSignal,
  options: Options,
  work: (session: ClientSession) => Promise<void>,
): Promise<ExitCode> {
  // Other commands do without.
  const [{ ClusterClient }, { ClientSession }] = await Promise.all([
    import('./cluster-client.js'),
    import('./client-session.js'),
  ]);
  const waiting = new AbortController();
  const target = typeof options.jobmanager === 'string' ? options.jobmanager : undefined;
  const client = new ClusterClient(target, loadConfiguration(context, options), waiting.signal);
  const session = new ClientSession(context, client, options.json === true);
  let stoppedBy: 'SIGINT' | 'SIGTERM' | undefined;
  const unlisten = onSignal((signal) => {
    // The second signal, for which nobody listens, ends the process at once.
    unlisten();
    stoppedBy = signal;
    waiting.abort();
  });
  try {
    await work(session);
    return ExitCode.ok;
  } catch (error) {
    if (stoppedBy === undefined) {
      if (session.underWay !== undefined) session.tell(session.underWay);
      throw error;
    }
    session.tell(session.underWay ?? 'Stopped; the cluster may have begun with it.');
    return stoppedBy === 'SIGINT' ? ExitCode.interrupted : ExitCode.terminated;
  } finally {
    unlisten();
  }
}
