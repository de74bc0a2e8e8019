import type { LogLevel } from '../ports/logger.js';

const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error'];

/** Whether a line of that level is written where `least` is the least important that is; OFF: none is. */
export function isLogged(level: LogLevel, least: string): boolean {
  const from = LOG_LEVELS.indexOf(least.toLowerCase() as LogLevel);
  return from >= 0 && LOG_LEVELS.indexOf(level) >= from;
}
