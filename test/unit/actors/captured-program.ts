import type { CliCommand, CliCommandGroup } from '../../../actors/cli/cli-command.js';
import { runProgram } from '../../../actors/cli/program.js';

/** Runs the command line in this process, with nothing in its environment, and takes down what it prints. */
export async function runCaptured(
  argv: readonly string[],
  commands: readonly (CliCommand | CliCommandGroup)[],
  workingDirectory = '/nonexistent',
) {
  let stdout = '';
  let stderr = '';
  const context = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    environment: {},
    workingDirectory,
    version: '1.2.3',
  };
  const exitCode = await runProgram(argv, context, commands);
  return { exitCode, stdout, stderr };
}
