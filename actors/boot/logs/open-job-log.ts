import { join } from 'node:path';
import { isSecretName, Redaction } from '../../../core/internal.js';
import { jobFolder } from '../../../storage/index.js';
import type { JobHome } from '../job-home.js';
import type { JobPlan } from '../job-plan.js';
import { keptOnS3 } from '../object-stores.js';
import { JobLog } from './job-log.js';

/** The folder of a job's log files below that of its checkpoints. */
const LOGS = 'logs';

/** The log of a job as its options want it. */
export function openJobLog(jobId: string, plan: JobPlan, home: JobHome): JobLog {
  const { values } = plan.options;
  return new JobLog({
    jobId,
    graph: plan.graph,
    level: values['env.log.level'],
    folder: folderOf(plan, home),
    maxBytes: values['env.log.max-size'],
    backups: values['env.log.max'],
    console: values['env.log.console'],
    redaction: new Redaction(secretsOf(plan)),
  });
}

function folderOf({ options, graph }: JobPlan, home: JobHome): string | undefined {
  const folder = options.values['env.log.dir'];
  if (folder !== undefined) return jobFolder(folder, graph.name);
  if (home.storage === undefined || home.hostedStore !== undefined || keptOnS3(options)) return undefined;
  return join(home.folder, LOGS);
}

/** What is known to be secret: options and parameters by their names, and what the environment says for S3. */
function secretsOf({ options, module }: JobPlan): string[] {
  const named = [...Object.entries(options.values), ...Object.entries(module.params)];
  const secrets = named.flatMap(([name, value]) =>
    typeof value === 'string' && isSecretName(name) ? [value] : [],
  );
  for (const name of ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']) secrets.push(process.env[name] ?? '');
  return secrets;
}
