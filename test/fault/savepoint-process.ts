import { join } from 'node:path';
import { type JobDefinition, LocalCluster, type LocalJob, type SubmitOptions } from 'millrace';
import doubled from './jobs/doubled.js';
import counts from './jobs/running-counts.js';
import { anotherCheckpoint } from './looks.js';

/** What a cluster does in a process of its own: one plan, as JSON, and its answers, as JSON on stdout. */
export interface SavepointPlan {
  readonly folder: string;
  readonly parallelism: number;
  readonly job: 'counts' | 'doubled';
  readonly params: Readonly<Record<string, string | number>>;
  readonly options: SubmitOptions;
  /** In order, each after so many more checkpoints. */
  readonly steps: readonly ('stop' | 'drain' | 'savepoint' | 'cancel' | 'finish')[];
  readonly savepointDir?: string;
}

export interface SavepointAnswers {
  /** Paths of savepoints, and codes of errors with those of their causes. */
  readonly answers: readonly string[];
  readonly status: string | undefined;
  readonly warnings: readonly string[];
}

const JOBS: Readonly<Record<SavepointPlan['job'], JobDefinition<unknown>>> = { counts, doubled };

async function take(
  job: LocalJob,
  step: SavepointPlan['steps'][number],
  savepointDir?: string,
): Promise<string> {
  const where = savepointDir === undefined ? {} : { savepointDir };
  switch (step) {
    case 'savepoint':
      return job.savepoint(savepointDir);
    case 'cancel':
      await job.cancel();
      return 'cancelled';
    case 'finish':
      await job.result();
      return 'finished';
    default:
      return job.stop({ ...where, drain: step === 'drain' });
  }
}

async function carryOut(plan: SavepointPlan): Promise<SavepointAnswers> {
  const { folder, parallelism } = plan;
  const cluster = await LocalCluster.start({
    parallelism,
    checkpointing: { interval: '150 ms', dir: join(folder, 'checkpoints') },
    configuration: { 'execution.checkpointing.savepoint-dir': join(folder, 'savepoints') },
  });
  const answers: string[] = [];
  try {
    const job = await cluster.submit(JOBS[plan.job], plan.params, plan.options);
    for (const step of plan.steps) {
      if (step !== 'finish') await anotherCheckpoint(job);
      answers.push(await take(job, step, plan.savepointDir).catch(codesOf));
    }
    // What was cancelled rejects; who has stopped it knows.
    await job.result().catch((error: unknown) => answers.push(codesOf(error)));
    return { answers, status: (await job.status())?.status, warnings: job.warnings };
  } catch (error) {
    return { answers: [codesOf(error)], status: undefined, warnings: [] };
  } finally {
    await cluster.close();
  }
}

function codesOf(error: unknown): string {
  const { code, cause } = error as { readonly code?: string; readonly cause?: { readonly code?: string } };
  return [code ?? String(error), ...(cause?.code === undefined ? [] : [cause.code])].join(' ');
}

console.log(JSON.stringify(await carryOut(JSON.parse(process.argv[2] ?? '') as SavepointPlan)));
