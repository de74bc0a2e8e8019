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

/** Several commands under one word, which may do something of its own where none of theirs follows it. */
export interface CliCommandGroup {
  readonly name: string;
  /** In the program's help; `define` may say more in the group's own. */
  readonly description: string;
  /** With what the group's help begins, where `define` does not say. */
  readonly example?: string;
  /** As that of {@link CliCommand}; undefined: the word alone is none. */
  readonly define?: CliCommand['define'];
  readonly commands: readonly CliCommand[];
}

/** A command that can be plugged into the program. */
export interface CliCommand {
  readonly name: string;
  /** Called once per start: gives the command its options and help, and returns what runs it. */
  define(command: Command, context: CliContext): CliAction;
}
