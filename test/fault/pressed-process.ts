import { join } from 'node:path';
import { LocalCluster } from 'millrace';
import pressed from './jobs/pressed.js';
import rescaled from './jobs/rescaled.js';

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
  /** `taskmanager.memory.segment-size`, where it is not the usual one. */
  readonly segmentSize?: string;
  /** Another job than the usual one: this topology of those that are rescaled. */
  readonly topology?: string;
  /** Ends by SIGKILL after so many checkpoints; 0: it goes on to the end of the job. */
  readonly killAfter: number;
}

export interface PressedOutcome {
  readonly checkpoints: readonly PressedAnswer[];
  /** Of a job that was not ended before it was done. */
  readonly accumulators: Readonly<Record<string, unknown>>;
}

/** Of each checkpoint that was seen to be the latest one. */
export interface PressedAnswer {
  readonly durationMs: number;
  readonly persistedBytes: number;
}

async function carryOut(plan: PressedPlan): Promise<PressedOutcome> {
  const cluster = await LocalCluster.start({
    parallelism: plan.parallelism,
    checkpointing: {
      interval: '700 ms',
      dir: join(plan.folder, 'checkpoints'),
      unaligned: plan.unaligned,
      alignedTimeout: plan.alignedTimeout,
    },
    ...(plan.segmentSize && { configuration: { 'taskmanager.memory.segment-size': plan.segmentSize } }),
  });
  const { topology, count, spin } = plan;
  const params = { output: join(plan.folder, plan.jobId), count, spin, ...(topology && { topology }) };
  const job = await cluster.submit(topology === undefined ? pressed : rescaled, params, {
    jobId: plan.jobId,
    start: plan.resume ? 'resume' : 'fresh',
  });
  const seen = new Map<number, PressedAnswer>();
  while (plan.killAfter > 0 && seen.size < plan.killAfter) {
    const status = await job.status();
    if (status?.lastFailure !== undefined) throw new Error(JSON.stringify(status.lastFailure.rootCause));
    const latest = status?.checkpoints.latest;
    if (latest !== undefined) seen.set(latest.checkpointId, latest);
  }
  if (plan.killAfter > 0) {
    const outcome: PressedOutcome = { checkpoints: [...seen.values()], accumulators: {} };
    await new Promise((resolve) => process.stdout.write(JSON.stringify(outcome), resolve));
    process.kill(process.pid, 'SIGKILL');
  }
  const { accumulators } = await job.result();
  await cluster.close();
  return { checkpoints: [...seen.values()], accumulators };
}

console.log(JSON.stringify(await carryOut(JSON.parse(process.argv[2] ?? '') as PressedPlan)));
