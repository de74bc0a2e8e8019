import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RESCALED_TOPOLOGIES } from './jobs/rescaled.js';
import { isWhole, runPressed } from './pressed-run.js';

export const TARGETS: readonly number[] = [1, 3, 4, 7];

const COUNT = 100_000;

/**
 * Ends a job at parallelism 2 by SIGKILL behind an unaligned checkpoint under back-pressure, and resumes it at
 * another one. A line that says what is wrong, or undefined; and how many bytes were in flight.
 */
export function rescaledRun(
  topology: string,
  parallelism: number,
): { wrong: string | undefined; bytes: number } {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-rescaled-'));
  try {
    const plan = {
      folder,
      segmentSize: '4 kb',
      jobId: topology,
      topology,
      unaligned: true,
      alignedTimeout: '0 ms',
      count: COUNT,
    };
    const killed = runPressed({ ...plan, resume: false, parallelism: 2, spin: 200, killAfter: 2 });
    const bytes = killed.checkpoints.at(-1)?.persistedBytes ?? 0;
    const told = (wrong: string): { wrong: string; bytes: number } => ({
      wrong: `${topology} from 2 to ${parallelism}: ${wrong}`,
      bytes,
    });
    if (killed.ended !== 'SIGKILL') return told(`ended with ${killed.ended} too early`);
    const resumed = runPressed({ ...plan, resume: true, parallelism, spin: 0, killAfter: 0 });
    if (!isWhole(join(folder, topology), COUNT)) return told('not each result is there once');
    const { listed, shared } = resumed.accumulators;
    if (listed !== COUNT) return told(`list state counts ${String(listed)} of ${COUNT}`);
    if (shared !== COUNT) return told(`union state counts ${String(shared)} of ${COUNT}`);
    return { wrong: undefined, bytes };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export { RESCALED_TOPOLOGIES };
