import { Argument } from 'commander';
import type { CliCommand } from './cli-command.js';
import { ExitCode } from './exit-code.js';

const EXAMPLE = `Example:
  $ source <(millrace completion bash)
`;

const AFTER = `
Where it is loaded from at each start:
  bash  source <(millrace completion bash)                                in ~/.bashrc
  zsh   source <(millrace completion zsh)                                 in ~/.zshrc, below compinit
  fish  millrace completion fish > ~/.config/fish/completions/millrace.fish
`;

/** `millrace completion bash|zsh|fish`: a script that completes commands, options and their words. */
export const completionCommand: CliCommand = {
  name: 'completion',
  define(command, context) {
    command
      .description('print a script that completes commands and options in a shell')
      .addHelpText('before', EXAMPLE)
      .addHelpText('after', AFTER)
      .addArgument(new Argument('<shell>', 'the shell that loads it').choices(['bash', 'zsh', 'fish']))
      .allowExcessArguments(false);
    return async ([shell = '']) => {
      const { completionScript, placesOf } = await import('./completion-script.js');
      const { parent } = command;
      context.stdout.write(completionScript(shell, placesOf(parent ?? command)));
      return ExitCode.ok;
    };
  },
};
