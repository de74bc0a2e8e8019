import { join } from 'node:path';
import { LocalCluster, type LocalJob } from 'millrace';
import counts from './jobs/running-counts.js';
import { anotherCheckpoint } from './looks.js';

/** A cluster in a process of its own: one plan, as JSON; what it does, as lines of JSON on stdout. */
export interface RescalePlan {
  readonly folder: string;
  readonly parallelism: number;
  readonly params: Readonly<Record<string, string | number>>;
  readonly start: 'new' | 'resume';
  readonly configuration: Readonly<Record<string, string>>;
  /** One after the other, each after so many more checkpoints. */
  readonly rescales: readonly number[];
}

export type RescaleLine =
  | { readonly said: 'begins' | 'refused'; readonly parallelism: number; readonly why?: string }
  | {
      readonly said: 'rescaled';
      readonly parallelism: number;
      readonly pauseMs: number | undefined;
      readonly downMs: number;
      readonly tasks: number;
      readonly jobId: string;
    }
  | { readonly said: 'ended'; readonly attempts: number; readonly failures: number; readonly jobId: string };

function say(line: RescaleLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function rescale(job: LocalJob, parallelism: number): Promise<void> {
  say({ said: 'begins', parallelism });
  try {
    const done = await job.rescale(parallelism);
    const tasks = (await job.status())?.tasks ?? 0;
    const { pauseMs, downMs } = done ?? { pauseMs: undefined, downMs: 0 };
    say({ said: 'rescaled', parallelism, pauseMs, downMs, tasks, jobId: job.jobId });
  } catch (error) {
    say({ said: 'refused', parallelism, why: String(error) });
  }
}

async function carryOut(plan: RescalePlan): Promise<void> {
  const cluster = await LocalCluster.start({
    parallelism: plan.parallelism,
    checkpointing: { interval: '200 ms', dir: join(plan.folder, 'checkpoints') },
    configuration: plan.configuration,
  });
  try {
    const job = await cluster.submit(counts, plan.params, { start: plan.start });
    for (const parallelism of plan.rescales) {
      await anotherCheckpoint(job);
      await rescale(job, parallelism);
    }
    const { attempts, failures } = await job.result();
    say({ said: 'ended', attempts, failures: failures.length, jobId: job.jobId });
  } finally {
    await cluster.close();
  }
}

await carryOut(JSON.parse(process.argv[2] ?? '') as RescalePlan);
