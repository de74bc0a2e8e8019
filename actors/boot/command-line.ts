import { configCommand } from '../cli/config-command.js';
import { memoryCommand } from '../cli/memory-command.js';
import { runProgram } from '../cli/program.js';
import { runCommand } from '../cli/run-command.js';
import { savepointCommand } from '../cli/savepoint-command.js';
import { packageVersion } from './package-version.js';
import { onSignal, runJob } from './run-job.js';
import { savepointTools } from './savepoint-tools.js';

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
    [runCommand(runJob, onSignal), savepointCommand(savepointTools), memoryCommand, configCommand],
  );
}
