import { Command, CommanderError } from 'commander';
import { isMillraceError } from '../../core/internal.js';
import type { CliCommand, CliCommandGroup, CliContext } from './cli-command.js';
import { causesOf } from './error-text.js';
import { ExitCode, exitCodeOf } from './exit-code.js';

const EXAMPLE = `Example:
  $ millrace run -p 4 -D taskmanager.memory.flink.size=1g delays.js --input flights.jsonl --output out/
`;

/**
 * Parses the arguments, runs the command they name, and reports what went wrong on stderr.
 *
 * @param argv the arguments after the program's name
 * @param commands what the program can do; a command's dependencies are given to it by who makes it
 * @returns the exit code; never rejects
 */
export async function runProgram(
  argv: readonly string[],
  context: CliContext,
  commands: readonly (CliCommand | CliCommandGroup)[],
): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.ok;
  const program = createProgram(context);
  const define = (command: Command, plugged: Pick<CliCommand, 'define'>): void => {
    const action = plugged.define(command, context);
    command.action(async () => {
      exitCode = await action(command.args, command.opts());
    });
  };
  for (const plugged of commands) {
    if (!('commands' in plugged)) {
      define(program.command(plugged.name), plugged);
      continue;
    }
    const group = program.command(plugged.name).description(plugged.description).enablePositionalOptions();
    if (plugged.example !== undefined) group.addHelpText('before', plugged.example);
    if (plugged.define !== undefined) define(group, { define: plugged.define });
    for (const command of plugged.commands) define(group.command(command.name), command);
  }
  try {
    await program.parseAsync(withLongDashes(argv, program), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return usageExitCode(error);
    report(error, context);
    return exitCodeOf(error);
  }
}

/**
 * Flink writes some options as one dash and a word, `-type`, which is taken for two dashes and the word where the
 * command has such an option. What follows a job file is the job's.
 */
function withLongDashes(argv: readonly string[], program: Command): readonly string[] {
  let command = program;
  for (const word of argv) {
    const inner = command.commands.find((each) => each.name() === word);
    if (inner === undefined) break;
    command = inner;
  }
  if (command.registeredArguments.some(({ variadic }) => variadic)) return argv;
  const words = new Set(command.options.map(({ long }) => long));
  return argv.map((word) => (/^-[a-z]{2,}$/i.test(word) && words.has(`-${word}`) ? `-${word}` : word));
}

function createProgram(context: CliContext): Command {
  return new Command('millrace')
    .description("Exactly-once, stateful, event-time stream processing in one process, with Flink's model.")
    .version(context.version, '-v, --version', 'print the version')
    .addHelpText('before', EXAMPLE)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      outputError: (text, write) => write(`MR7001 ${text.replace(/^error: /, '')}`),
    })
    .showHelpAfterError('What to do: add --help to see what there is.');
}

/** Asking for help or the version is no error; all else that commander ends a run for is. */
function usageExitCode(error: CommanderError): ExitCode {
  const asked = ['commander.helpDisplayed', 'commander.version'];
  return asked.includes(error.code) || (error.code === 'commander.help' && error.exitCode === 0)
    ? ExitCode.ok
    : ExitCode.usage;
}

/** One message for a person. What is no error of ours is a defect, so its stack is printed. */
function report(error: unknown, context: CliContext): void {
  if (isMillraceError(error) && exitCodeOf(error) !== ExitCode.internal) {
    context.stderr.write(`${error.message}\n${causesOf(error)}`);
    return;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const text = isMillraceError(error) ? stack : `MR9002 An unexpected error: ${stack}`;
  context.stderr.write(`${text}\n`);
}
