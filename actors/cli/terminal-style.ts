import type { CliContext, CliStream } from './cli-command.js';

/** Marks text for a terminal, or leaves it as it is. */
export interface TerminalStyle {
  bold(text: string): string;
  faint(text: string): string;
  colour(text: string, index: number): string;
}

const ESCAPE = '\u001b[';
const COLOURS = [36, 32, 34, 35, 33, 31] as const;

/** Colours only on a terminal; NO_COLOR turns them off, FORCE_COLOR on where there is none. */
export function styleFor(stream: CliStream, environment: CliContext['environment']): TerminalStyle {
  const isSet = (name: string): boolean => (environment[name] ?? '') !== '';
  const coloured = !isSet('NO_COLOR') && (stream.isTTY === true || isSet('FORCE_COLOR'));
  const mark = (code: number, text: string): string =>
    coloured && text !== '' ? `${ESCAPE}${code}m${text}${ESCAPE}0m` : text;
  return {
    bold: (text) => mark(1, text),
    faint: (text) => mark(2, text),
    colour: (text, index) => mark(COLOURS[index % COLOURS.length] ?? 36, text),
  };
}
