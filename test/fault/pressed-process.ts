import { join } from 'node:path';
import { LocalCluster } from 'millrace';
import pressed from './jobs/pressed.js';

/** What a cluster does in a process of its own: one plan, as JSON, and its answers, as JSON on stdout. */
export interface PressedPlan {
  readonly folder: string;
  readonly jobId: string;
  readonly resume: boolean;
  readonly parallelism: number;
  readonly unaligned: boolean;
  readonly alignedTimeout: string;
  readonly count: number;
  /** Microseconds for each result. */
  readonly spin: number;
  /** Ends by SIGKILL after so many checkpoints; 0: it goes on to the end of the job. */
  readonly killAfter: number;
}

/** Of each checkpoint that was seen to be the latest one. */
export interface PressedAnswer {
  readonly durationMs: number;
  readonly persistedBytes: number;
}

async function carryOut(plan: PressedPlan): Promise<readonly PressedAnswer[]> {
  const cluster = await LocalCluster.start({
    parallelism: plan.parallelism,
    checkpointing: {
      interval: '700 ms',
      dir: join(plan.folder, 'checkpoints'),
      unaligned: plan.unaligned,
      alignedTimeout: plan.alignedTimeout,
    },
  });
  const params = { output: join(plan.folder, plan.jobId), count: plan.count, spin: plan.spin };
  const job = await cluster.submit(pressed, params, {
    jobId: plan.jobId,
    start: plan.resume ? 'resume' : 'fresh',
  });
  const seen = new Map<number, PressedAnswer>();
  while (plan.killAfter > 0 && seen.size < plan.killAfter) {
    const latest = (await job.status())?.checkpoints.latest;
    if (latest !== undefined) seen.set(latest.checkpointId, latest);
  }
  if (plan.killAfter > 0) {
    await new Promise((resolve) => process.stdout.write(JSON.stringify([...seen.values()]), resolve));
    process.kill(process.pid, 'SIGKILL');
  }
  await job.result();
  await cluster.close();
  return [...seen.values()];
}

console.log(JSON.stringify(await carryOut(JSON.parse(process.argv[2] ?? '') as PressedPlan)));
