import fc from 'fast-check';
import type { BuiltJob } from '../core/graph/job-graph.js';
import { InlineJob, type JobCheckpoint } from './inline-job.js';
import { OperatorWorld } from './operator-world.js';

/** What happens after so many polls. */
export interface Moment {
  readonly polls: number;
  readonly what: 'checkpoint' | 'checkpoint-unnotified' | 'crash' | 'tick';
}

export const moment: fc.Arbitrary<Moment> = fc.record({
  polls: fc.nat({ max: 12 }),
  what: fc.constantFrom('checkpoint', 'checkpoint-unnotified', 'crash', 'tick'),
});

const POLL_BUDGET = 7;

/** Runs a job to its end, through what happens at the moments, and commits what it has written. */
export async function runThroughCrashes(job: () => BuiltJob, moments: readonly Moment[]): Promise<void> {
  const world = new OperatorWorld();
  let checkpoint: JobCheckpoint | undefined;
  let checkpointId = 0;
  let attempt = 1;
  let running = await InlineJob.start(job(), { world, attempt });
  const take = async (): Promise<void> => {
    checkpoint = await running.checkpoint(++checkpointId);
  };
  for (const { polls, what } of moments) {
    for (let i = 0; i < polls && (await running.poll(POLL_BUDGET)); i++);
    if (what === 'tick') await running.tick(200);
    else if (what === 'crash') {
      attempt++;
      running = await InlineJob.start(job(), {
        world: new OperatorWorld(world.files),
        attempt,
        ...(checkpoint === undefined ? {} : { restore: checkpoint }),
      });
    } else {
      await take();
      if (what === 'checkpoint') await running.complete(checkpointId);
    }
  }
  await running.run(POLL_BUDGET);
  await take();
  await running.complete(checkpointId);
}
