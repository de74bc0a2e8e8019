import type { Command, Option } from 'commander';
import { MillraceError } from '../../core/internal.js';

/** Where a command line can be, `millrace savepoint` for example, and what may follow there. */
export interface CompletionPlace {
  readonly at: string;
  readonly commands: readonly Offer[];
  readonly options: readonly OfferedOption[];
  /** Words that an argument takes; without any, files are offered. */
  readonly words: readonly string[];
}

interface Offer {
  readonly word: string;
  readonly description: string;
}

interface OfferedOption extends Offer {
  /** `-p`; undefined: it has none. */
  readonly short: string | undefined;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

/** All places of a program, from the definitions that parse its command line. */
export function placesOf(command: Command, above = ''): readonly CompletionPlace[] {
  const at = `${above}${command.name()}`;
  const place = {
    at,
    commands: command.commands.map((inner) => ({ word: inner.name(), description: inner.description() })),
    options: [
      ...command.options.filter(({ hidden }) => !hidden).map(offerOf),
      { word: '--help', short: '-h', description: 'display help', takesValue: false, choices: [] },
    ],
    words: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
  };
  return [place, ...command.commands.flatMap((inner) => placesOf(inner, `${at} `))];
}

function offerOf({ long, short, description, required, optional, argChoices }: Option): OfferedOption {
  return {
    word: long ?? short ?? '',
    short,
    description,
    takesValue: required || optional,
    choices: argChoices ?? [],
  };
}

/** @throws MillraceError MR7001 for a shell that is not known */
export function completionScript(shell: string, places: readonly CompletionPlace[]): string {
  if (shell === 'bash') return bashScript(places);
  if (shell === 'zsh') return zshScript(places);
  if (shell === 'fish') return fishScript(places);
  throw new MillraceError('MR7001', `There is no completion for '${shell}'.`);
}

/** Branches that follow the words of a line from place to place, one for each place below another. */
function steps(places: readonly CompletionPlace[], branch: (at: string) => string): string {
  return places.flatMap(({ at, commands }) => commands.map(({ word }) => branch(`${at} ${word}`))).join('\n');
}

function bashScript(places: readonly CompletionPlace[]): string {
  const valued = places.flatMap(({ at, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map(({ word, short, choices }) => {
        const patterns = [word, short]
          .filter((name) => name !== undefined)
          .map((name) => quoted(`${at} ${name}`));
        const reply =
          choices.length === 0 ? '' : `COMPREPLY=($(compgen -W ${quoted(choices.join(' '))} -- "$word")); `;
        return `    ${patterns.join('|')}) ${reply}return ;;`;
      }),
  );
  const offered = places.map(({ at, commands, options, words }) => {
    const plain = [...commands.map(({ word }) => word), ...words].join(' ');
    return `    ${quoted(at)}) words=${quoted(plain)} options=${quoted(options.map(({ word }) => word).join(' '))} ;;`;
  });
  return `# Completes millrace in bash: source <(millrace completion bash)
_millrace() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} at=millrace each words options
  COMPREPLY=()
  for each in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $each" in
${steps(places, (at) => `      ${quoted(at)}) at=${quoted(at)} ;;`)}
    esac
  done
  case "$at $before" in
${valued.join('\n')}
  esac
  case "$at" in
${offered.join('\n')}
  esac
  [[ $word == -* ]] && words=$options
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _millrace millrace
`;
}

function zshScript(places: readonly CompletionPlace[]): string {
  const entry = ({ word, description }: Offer): string =>
    quoted(`${word.replaceAll(':', '\\:')}:${description.replaceAll('\\', '').replaceAll(':', '\\:')}`);
  const valued = places.flatMap(({ at, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map(({ word, short, choices }) => {
        const patterns = [word, short]
          .filter((name) => name !== undefined)
          .map((name) => quoted(`${at} ${name}`));
        const reply = choices.length === 0 ? '_files' : `compadd -- ${choices.map(quoted).join(' ')}`;
        return `    ${patterns.join('|')}) ${reply}; return ;;`;
      }),
  );
  const offered = places.map(({ at, commands, options, words }) => {
    const plain = [...commands, ...words.map((word) => ({ word, description: word }))];
    return `    ${quoted(at)})
      offers=(${plain.map(entry).join(' ')})
      options=(${options.map(entry).join(' ')}) ;;`;
  });
  return `#compdef millrace
# Completes millrace in zsh: source <(millrace completion zsh)
_millrace() {
  local at=millrace each
  local -a offers options
  for each in \${words[2,CURRENT-1]}; do
    case "$at $each" in
${steps(places, (at) => `      ${quoted(at)}) at=${quoted(at)} ;;`)}
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${valued.join('\n')}
  esac
  case "$at" in
${offered.join('\n')}
  esac
  if [[ \${words[CURRENT]} == -* ]]; then
    _describe -o option options
  elif (( $#offers )); then
    _describe command offers || _files
  else
    _files
  fi
}
compdef _millrace millrace
`;
}

function fishScript(places: readonly CompletionPlace[]): string {
  const lines = places.flatMap(({ at, commands, options, words }) => {
    const here = `complete -c millrace -n '__millrace_at "${at}"'`;
    return [
      ...commands.map(({ word, description }) => `${here} -f -a ${quoted(word)} -d ${fishText(description)}`),
      ...words.map((word) => `${here} -f -a ${quoted(word)}`),
      ...options.map(({ word, short, description, takesValue, choices }) => {
        const names = `${short === undefined ? '' : `-s ${short.slice(1)} `}-l ${word.slice(2)}`;
        const value = choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : takesValue ? ' -r' : '';
        return `${here} ${names}${value} -d ${fishText(description)}`;
      }),
    ];
  });
  return `# Completes millrace in fish: millrace completion fish > ~/.config/fish/completions/millrace.fish
function __millrace_at
  set -l at millrace
  for each in (commandline -opc)[2..-1]
    switch "$at $each"
${steps(places, (at) => `      case ${quoted(at)}\n        set at ${quoted(at)}`)}
    end
  end
  test "$at" = "$argv[1]"
end
${lines.join('\n')}
`;
}

/** For bash and zsh. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
