import { formatDuration, type JobStatusSnapshot } from '../../core/internal.js';
import type { CliStream } from './cli-command.js';

/** One line on a terminal that is written over again and again; nothing where stderr is no terminal. */
export class ProgressLine {
  readonly #stream: CliStream;
  #shown = false;

  constructor(stream: CliStream) {
    this.#stream = stream;
  }

  show(line: string): void {
    if (this.#stream.isTTY !== true) return;
    this.#shown = true;
    this.#stream.write(`\r\u001b[2K${line}`);
  }

  clear(): void {
    if (!this.#shown) return;
    this.#shown = false;
    this.#stream.write('\r\u001b[2K');
  }
}

/** The state of a job in one line. */
export function describeStatus(status: JobStatusSnapshot): string {
  const { completed, failed } = status.checkpoints;
  const parts = [
    `${status.jobName} ${status.status}`,
    `tasks ${status.tasksRunning}/${status.tasks}`,
    `checkpoints ${completed}${failed > 0 ? ` (${failed} failed)` : ''}`,
  ];
  if (status.restarts > 0) parts.push(`restarts ${status.restarts}`);
  const recovery = status.lastFailure?.recoveryMs;
  if (recovery !== undefined) parts.push(`last recovery ${formatDuration(recovery)}`);
  return parts.join(' | ');
}
