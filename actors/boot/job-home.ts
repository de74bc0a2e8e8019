import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CheckpointManifest, CheckpointStorage } from '../../core/internal.js';
import {
  currentHolder,
  FileObjectStore,
  holderState,
  jobFolder,
  LocalFileSystem,
  openJob,
} from '../../storage/index.js';
import type { JobStart } from '../cluster/cluster-gateway.js';
import { checkpointsRoot, type JobPlan } from './job-plan.js';
import { SYSTEM_CLOCK } from './system-clock.js';

/** Where a job keeps its checkpoints and its working copies, and what it goes on from. */
export interface JobHome {
  readonly type: 'home';
  /** Undefined: the job takes no checkpoints. */
  readonly storage: CheckpointStorage | undefined;
  readonly manifest: CheckpointManifest | undefined;
  readonly nextCheckpointId: number | undefined;
  /** Folder of its checkpoints. */
  readonly folder: string;
  /** Folder of this process's working copies; gone after `release`. */
  readonly localFolder: string;
  readonly warnings: readonly string[];
  /** Gives the lead back, so that the next start need not ask whether this process lives. Idempotent. */
  release(): Promise<void>;
}

/**
 * Takes the lead of the job, or says that it has finished before.
 *
 * @throws MillraceError MR8001, MR8002, MR3005 and what the disk says
 */
export async function openJobHome(
  plan: JobPlan,
  mode: JobStart,
): Promise<JobHome | { readonly type: 'already-finished' }> {
  const folder = jobFolder(checkpointsRoot(plan.options), plan.graph.name);
  const localFolder = join(tmpdir(), `millrace-${process.pid}-${randomBytes(6).toString('hex')}`);
  const removeLocal = (): Promise<void> => rm(localFolder, { recursive: true, force: true });
  if (plan.options.values['execution.checkpointing.interval'] === undefined) {
    return {
      type: 'home',
      storage: undefined,
      manifest: undefined,
      nextCheckpointId: undefined,
      folder,
      localFolder,
      warnings: [],
      release: removeLocal,
    };
  }
  const warnings: string[] = [];
  const opened = await openJob({
    store: new FileObjectStore(new LocalFileSystem(), folder, `leader-${process.pid}`),
    jobName: plan.graph.name,
    mode,
    holder: currentHolder(),
    holderState,
    nowMs: SYSTEM_CLOCK.wallMs(),
    onUnreadable: (slot, error) => warnings.push(`Entry ${slot} of the log is passed over: ${String(error)}`),
    onWarning: (error) => process.stderr.write(`warning: ${String(error)}\n`),
  });
  if (opened.start === 'already-finished') return { type: 'already-finished' };
  let released: Promise<void> | undefined;
  return {
    type: 'home',
    storage: opened.storage,
    manifest: opened.manifest,
    nextCheckpointId: opened.nextCheckpointId,
    folder,
    localFolder,
    warnings,
    release: () => {
      released ??= opened.release().then(removeLocal);
      return released;
    },
  };
}
