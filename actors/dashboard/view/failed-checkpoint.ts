import { usePolled } from '../browser/polling.js';
import type { Checkpoint, CheckpointStatistics } from '../model/flink-json.js';

/** Looks at what does not change any more. */
const SELDOM = 30;

/** The latest failed checkpoint with what each operator did of it, which lists of checkpoints leave out. */
export function useFailedCheckpoint(
  jobId: string,
  statistics: CheckpointStatistics | undefined,
): Checkpoint | undefined {
  const failed = statistics?.latest.failed ?? undefined;
  const path = `jobs/${encodeURIComponent(jobId)}/checkpoints/details/${failed?.id ?? ''}`;
  const { value } = usePolled<Checkpoint | undefined>(
    path,
    async (rest, signal) => (failed === undefined ? undefined : rest.get<Checkpoint>(path, signal)),
    SELDOM,
  );
  return value ?? failed;
}
