import type { CliCommand, CliCommandGroup } from '../cli/cli-command.js';
import { type ClusterHost, clusterCommand } from '../cli/cluster-command.js';
import { completionCommand } from '../cli/completion-command.js';
import { configCommand } from '../cli/config-command.js';
import { cancelCommand, stopCommand } from '../cli/end-commands.js';
import { infoCommand } from '../cli/info-command.js';
import { listCommand } from '../cli/list-command.js';
import { memoryCommand } from '../cli/memory-command.js';
import { runProgram } from '../cli/program.js';
import type { RunRemotely } from '../cli/remote-run.js';
import { rescaleCommand } from '../cli/rescale-command.js';
import { runCommand, type SuperviseRun } from '../cli/run-command.js';
import { type SavepointTools, savepointCommand } from '../cli/savepoint-command.js';
import { checkpointCommand, defineSavepoint } from '../cli/snapshot-commands.js';
import { taskManagerCommand } from '../cli/task-manager-command.js';
import { packageVersion } from './package-version.js';
import { onSignal, runJob } from './run-job.js';

/** Loaded when they are asked for: with them comes the storage, which the thread of `millrace run` does without. */
const savepointTools: SavepointTools = {
  inspect: async (...order) => (await loadedTools()).inspect(...order),
  async *read(...order) {
    yield* (await loadedTools()).read(...order);
  },
  diff: async (...order) => (await loadedTools()).diff(...order),
  dispose: async (...order) => (await loadedTools()).dispose(...order),
};

async function loadedTools(): Promise<SavepointTools> {
  return (await import('./savepoint-tools.js')).savepointTools;
}

/** With them comes what only they need. */
const clusterHost: ClusterHost = {
  runCluster: async (...order) => (await import('./run-cluster.js')).runCluster(...order),
  stopClusters: async (...order) => (await import('./run-cluster.js')).stopClusters(...order),
  onSignal,
};

/** Its process does not run the job itself. */
const supervise: SuperviseRun = async (...order) => (await import('./supervisor.js')).superviseRun(...order);

const runRemotely: RunRemotely = async (...order) => (await import('./remote-job.js')).runRemotely(...order);

/** All that the program can do. */
export const COMMANDS: readonly (CliCommand | CliCommandGroup)[] = [
  runCommand({ runJob, onSignal, supervise, runRemotely }),
  clusterCommand(clusterHost),
  listCommand(onSignal),
  infoCommand(async (...order) => (await import('./graph-of-job.js')).graphOfJob(...order)),
  cancelCommand(onSignal),
  stopCommand(onSignal),
  savepointCommand(savepointTools, defineSavepoint(onSignal)),
  checkpointCommand(onSignal),
  rescaleCommand(onSignal),
  taskManagerCommand(onSignal),
  memoryCommand,
  configCommand,
  completionCommand,
];

/** Runs the command that the process was started with, and leaves its exit code to the process. */
export async function runCommandLine(): Promise<void> {
  // A reader that has seen enough, such as head, closes the pipe: that is no failure of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  process.exitCode = await runProgram(
    process.argv.slice(2),
    {
      stdout: process.stdout,
      stderr: process.stderr,
      environment: process.env,
      workingDirectory: process.cwd(),
      version: packageVersion(),
    },
    COMMANDS,
  );
}
