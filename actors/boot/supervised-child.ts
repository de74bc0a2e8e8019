import { writeSync } from 'node:fs';

const FIXED_JOB_ID = '--fixed-job-id';

/** Whether a process with these arguments is to start the one that runs the job. */
export function isSupervisor(argv: readonly string[]): boolean {
  return argv.includes('--supervise') && !argv.includes(FIXED_JOB_ID);
}

/** The arguments of the child: those of this process, and by what its starts are one. */
export function childArguments(argv: readonly string[], jobId: string): readonly string[] {
  const [script = '', command = '', ...rest] = argv.slice(1);
  return [script, command, FIXED_JOB_ID, jobId, ...rest];
}

/**
 * For a process that a supervisor has started. When the parent is gone, whatever ended it, the channel to it closes:
 * this process stops then as if it had been told to. What nobody has caught ends it by a signal, so that its parent
 * does not take that for the end of the job.
 */
export function leaveWithParent(): void {
  const { channel } = process;
  if (channel === undefined || channel === null) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  // Waiting for that is no reason to go on when the job has ended.
  channel.unref();
  process.once('uncaughtException', (error) => {
    writeSync(2, `MR9002 An unexpected error: ${error.stack ?? String(error)}\n`);
    process.kill(process.pid, 'SIGKILL');
  });
}
