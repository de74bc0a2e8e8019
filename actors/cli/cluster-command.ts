import { fromWireError, MillraceError, type RawValue, type ResolvedOptions } from '../../core/internal.js';
import type { RecoveredJob, StoppedJob } from '../cluster/session-gateway.js';
import type { CliAction, CliCommand, CliCommandGroup, CliContext } from './cli-command.js';
import { configFileOption, definitionOption, loadConfiguration } from './configuration.js';
import { ExitCode } from './exit-code.js';
import type { OnSignal } from './run-command.js';
import { type StandByFacts, standByLine } from './stand-by-line.js';

/** What a session cluster has below the flags: that of `run`. */
const SESSION_DEFAULTS: Readonly<Record<string, RawValue>> = {
  'execution.checkpointing.interval': '10 s',
  'execution.checkpointing.dir': './.millrace',
  'execution.checkpointing.num-retained': 2,
};

const START_EXAMPLE = `Example:
  $ millrace cluster start -D web.submit.jobs-dir=./jobs
`;
const STOP_EXAMPLE = `Example:
  $ millrace cluster stop
`;

export interface ClusterListener {
  /** Another process leads; this one waits. */
  onStandBy(facts: StandByFacts): void;
  onStarted(cluster: StartedCluster): void;
  /** A client has told the cluster to end; so do its jobs. */
  onShutDown(stopped: Promise<readonly StoppedJob[]>): void;
}

export interface StartedCluster {
  readonly clusterId: string;
  readonly restUrl: string | undefined;
  /** Of earlier leaders. */
  readonly recovered: readonly RecoveredJob[];
  /** Ends all jobs with savepoints where there is a folder for them, then the cluster. */
  stop(): Promise<readonly StoppedJob[]>;
}

/** Runs a session cluster in this process until it is stopped. Supplied by boot. Rejects when the lead is lost. */
export type RunCluster = (configuration: ResolvedOptions, listener: ClusterListener) => Promise<void>;

/** Stops the clusters of this host that have the configuration's id; resolves to their processes. Supplied by boot. */
export type StopClusters = (configuration: ResolvedOptions) => Promise<readonly number[]>;

/** What `cluster` needs of the host. */
export interface ClusterHost {
  readonly runCluster: RunCluster;
  readonly stopClusters: StopClusters;
  readonly onSignal: OnSignal;
}

/** `millrace cluster start`, `millrace cluster stop` */
export function clusterCommand(host: ClusterHost): CliCommandGroup {
  return {
    name: 'cluster',
    description: 'a cluster that takes jobs from outside',
    example: START_EXAMPLE,
    commands: [startCommand(host), stopCommand(host)],
  };
}

function startCommand(host: ClusterHost): CliCommand {
  return {
    name: 'start',
    define(command, context) {
      command
        .description('run a cluster in this process until it is stopped')
        .addHelpText('before', START_EXAMPLE)
        .addOption(definitionOption())
        .addOption(configFileOption());
      return startAction(context, host);
    },
  };
}

function startAction(context: CliContext, { runCluster, onSignal }: ClusterHost): CliAction {
  return async (operands, options) => {
    noOperands('start', operands);
    const configuration = loadConfiguration(context, options, SESSION_DEFAULTS);
    const tell = (line: string): void => void context.stderr.write(line);
    const ends = (stopped: Promise<readonly StoppedJob[]>): void => {
      stopped.then(
        (jobs) => tell(jobs.map(stoppedLine).join('')),
        (error: unknown) => tell(`${String(error)}\n`),
      );
    };
    let stoppedBy: 'SIGINT' | 'SIGTERM' | undefined;
    let unlisten = (): void => {};
    try {
      await runCluster(configuration, {
        onShutDown: ends,
        onStandBy: (facts) => tell(standByLine(facts)),
        onStarted: (cluster) => {
          // Before anything is said. The second signal, for which nobody listens, ends the process at once.
          unlisten = onSignal((signal) => {
            unlisten();
            stoppedBy = signal;
            ends(cluster.stop());
          });
          tell(`The cluster '${cluster.clusterId}' has started in process ${process.pid}.\n`);
          if (cluster.restUrl !== undefined) tell(`REST interface: ${cluster.restUrl}\n`);
          for (const job of cluster.recovered) tell(recoveredLine(job));
        },
      });
    } catch (error) {
      if (stoppedBy === undefined) throw error;
    } finally {
      unlisten();
    }
    if (stoppedBy === undefined) return ExitCode.ok;
    return stoppedBy === 'SIGINT' ? ExitCode.interrupted : ExitCode.terminated;
  };
}

function stopCommand({ stopClusters }: ClusterHost): CliCommand {
  return {
    name: 'stop',
    define(command, context) {
      command
        .description('stop the cluster that was started on this host')
        .addHelpText('before', STOP_EXAMPLE)
        .addOption(definitionOption())
        .addOption(configFileOption());
      return async (operands, options) => {
        noOperands('stop', operands);
        const stopped = await stopClusters(loadConfiguration(context, options));
        if (stopped.length === 0) context.stderr.write('No cluster runs here.\n');
        for (const pid of stopped) context.stderr.write(`The cluster in process ${pid} has stopped.\n`);
        return ExitCode.ok;
      };
    },
  };
}

function noOperands(command: string, operands: readonly string[]): void {
  if (operands.length === 0) return;
  throw new MillraceError('MR7001', `cluster ${command} takes no '${operands[0]}'.`, {
    hint: 'Jobs are submitted to a running cluster by the names of their files.',
  });
}

function recoveredLine({ jobId, answer }: RecoveredJob): string {
  if (answer.type === 'refused')
    return `warning: Job ${jobId} does not go on. ${fromWireError(answer.error).message}\n`;
  if (answer.type === 'already-finished') {
    const past = answer.state === 'CANCELED' ? 'was cancelled' : 'has finished';
    return `Job ${answer.jobName} ${past} before.\n`;
  }
  const from = answer.restoredCheckpointId;
  const origin = from === undefined ? 'from the beginning' : `from checkpoint ${from}`;
  return `Job ${answer.jobName} (${jobId}) starts ${origin}.\n`;
}

function stoppedLine({ jobName, savepoint }: StoppedJob): string {
  if (savepoint === undefined) return `Job ${jobName} stops where it is; its checkpoints stay.\n`;
  if ('path' in savepoint) return `Job ${jobName}: Savepoint completed. Path: ${savepoint.path}\n`;
  return `warning: Job ${jobName} has no savepoint. ${fromWireError(savepoint.error).message}\n`;
}
