import { writeSync } from 'node:fs';

/**
 * The watchdog's last resort, for a thread that cannot be ended: checkpoints are safe on disk, and the next
 * start goes on from them. A signal, since `process.exit` ends no more than the control thread on the control
 * thread, and on the main thread waits for the stuck one.
 */
export function endProcess(why: string): void {
  writeSync(2, `MR5004 ${why}; the process is killed. Start it again with --resume.\n`);
  process.kill(process.pid, 'SIGKILL');
}
