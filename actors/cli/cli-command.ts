import type { Command } from 'commander';
import type { ExitCode } from './exit-code.js';

/** Where text goes. `isTTY` decides about colours. */
export interface CliStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
}

/** The world of a command. stdout is data, stderr is messages. */
export interface CliContext {
  readonly stdout: CliStream;
  readonly stderr: CliStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly version: string;
}

/**
 * Runs a command with its operands and options, as commander parsed them. Resolves with the exit code;
 * rejects with a MillraceError, whose code decides the exit code.
 */
export type CliAction = (
  operands: readonly string[],
  options: Readonly<Record<string, unknown>>,
) => Promise<ExitCode>;

/** A command that can be plugged into the program, or a group of such. */
export interface CliCommandGroup {
  readonly name: string;
  readonly description: string;
  readonly commands: readonly CliCommand[];
}

export interface CliCommand {
  readonly name: string;
  /** Called once per start: gives the command its options and help, and returns what runs it. */
  define(command: Command, context: CliContext): CliAction;
}
