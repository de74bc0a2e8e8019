import { randomBytes } from 'node:crypto';
import {
  type CheckpointManifest,
  type CheckpointStorage,
  fallbackWarnings,
  MillraceError,
  type PassedOverCheckpoint,
} from '../../core/internal.js';
import {
  type BegunJob,
  beginJob,
  currentHolder,
  holderState,
  jobFolder,
  type ObjectStore,
  RequirementsRecord,
  type RunOrigin,
  type S3Settings,
} from '../../storage/index.js';
import type { BegunFrom, EndedWell, JobStart } from '../cluster/cluster-gateway.js';
import type { HostedStore } from './hosted-store.js';
import type { JobPlan } from './job-plan.js';
import { newLocalFolder, removeLeftovers, useLocalFolder } from './local-folders.js';
import {
  backedUp,
  checkpointsAt,
  checkpointsRoot,
  leaderStore,
  localBackup,
  memoryStore,
  s3Settings,
  storeAt,
} from './object-stores.js';
import { SYSTEM_CLOCK } from './system-clock.js';
import type { LocalBackup } from './task-contract.js';

/** How a job begins, and from what if not from its own checkpoints. */
export interface StartOrder {
  /** One for each submission. */
  readonly jobId: string;
  readonly start: JobStart;
  readonly fromSavepoint: string | undefined;
  /** State of operators that the job does not have is left out instead of refused. */
  readonly allowNonRestoredState: boolean;
}

/** Where a job keeps its checkpoints and its working copies, and what it goes on from. */
export interface JobHome {
  readonly type: 'home';
  /** Undefined: the job takes no checkpoints. */
  readonly storage: CheckpointStorage | undefined;
  readonly manifest: CheckpointManifest | undefined;
  /** Where that lies, as `-s` takes it; undefined: in no folder. */
  readonly restoredFrom: string | undefined;
  readonly nextCheckpointId: number | undefined;
  /** Where what rescales ask for outlives this process; undefined: nowhere. */
  readonly requirements: RequirementsRecord | undefined;
  /** Folder or address of its checkpoints. */
  readonly folder: string;
  /** Folder of the savepoints for which no other is named. */
  readonly savepointFolder: string | undefined;
  /** How that is reached if it is at an s3:// address. */
  readonly s3: S3Settings;
  /** Instead of the folder: the checkpoints lie in the memory of this thread. */
  readonly hostedStore: HostedStore | undefined;
  /** Folder of this process's working copies; gone after `release`. */
  readonly localFolder: string;
  readonly backup: LocalBackup | undefined;
  readonly warnings: readonly string[];
  /** What this start made the job's own. */
  readonly begunFrom: BegunFrom | undefined;
  /** Gives the lead back, so that the next start need not ask whether this process lives. Idempotent. */
  release(): Promise<void>;
}

/** There is nothing to lead: the job has ended before, and its checkpoints are gone. */
export interface EndedJobHome {
  readonly type: 'already-finished';
  readonly state: EndedWell;
  readonly savepointPath: string | undefined;
}

/**
 * Takes the lead of the job, or says that it has ended before.
 *
 * @throws MillraceError MR8001, MR8002, MR3005 and what the disk says
 */
export async function openJobHome(plan: JobPlan, order: StartOrder): Promise<JobHome | EndedJobHome> {
  const folder = jobFolder(checkpointsRoot(plan.options), plan.graph.name);
  const s3 = s3Settings(plan.options);
  await removeLeftovers();
  const localFolder = newLocalFolder();
  if (plan.options.values['execution.checkpointing.interval'] === undefined) {
    if (order.fromSavepoint !== undefined) throw needsCheckpoints();
    return withoutCheckpoints({ folder, s3, localFolder, release: useLocalFolder(localFolder) });
  }
  const savepointFolder = plan.options.values['execution.checkpointing.savepoint-dir'];
  if (savepointFolder !== undefined) checkpointsAt(savepointFolder);
  const passedOver: PassedOverCheckpoint[] = [];
  const hostedStore = memoryStore(plan.options);
  const backup = hostedStore === undefined ? localBackup(plan.options, localFolder) : undefined;
  const store = hostedStore?.store ?? backedUp(await leaderStore(folder, s3, 'leader'), backup, 'leader');
  const begun = await beginJob({
    store,
    storeAt: (origin) => storeAt(origin, s3, `claimer-${process.pid}`),
    folder: hostedStore === undefined ? folder : undefined,
    graph: plan.graph,
    jobName: plan.graph.name,
    mode: order.start,
    jobId: order.jobId,
    origin: originOf(order, plan.options.values['execution.state-recovery.claim-mode'] === 'CLAIM'),
    holder: currentHolder(),
    holderState,
    nowMs: SYSTEM_CLOCK.wallMs(),
    onUnreadable: (checkpointId, error) => passedOver.push({ checkpointId, error }),
    onWarning: (error) => process.stderr.write(`warning: ${String(error)}\n`),
    savepoints: {
      own: hostedStore === undefined ? folder : undefined,
      create: (chosen) => newSavepoint(chosen, s3),
    },
  });
  if (begun.start === 'already-finished')
    return {
      type: 'already-finished',
      state: begun.result.state === 'CANCELED' ? 'CANCELED' : 'FINISHED',
      savepointPath: begun.result.savepointPath,
    };
  const removeLocal = useLocalFolder(localFolder);
  let released: Promise<void> | undefined;
  return {
    type: 'home',
    storage: begun.storage,
    manifest: begun.manifest,
    restoredFrom: begun.manifest && (begun.adopted?.path ?? begun.storage.newestPath),
    nextCheckpointId: begun.nextCheckpointId,
    requirements: new RequirementsRecord(store, begun),
    folder,
    hostedStore,
    backup,
    savepointFolder,
    s3,
    localFolder,
    warnings: warningsOf(begun, passedOver),
    begunFrom: begun.adopted && { path: begun.adopted.path, claimed: begun.adopted.claim },
    release: () => {
      released ??= begun.release().then(removeLocal);
      return released;
    },
  };
}

/** @throws MillraceError MR4002 for a path that is none */
function originOf(
  { fromSavepoint, allowNonRestoredState }: StartOrder,
  claim: boolean,
): RunOrigin | undefined {
  return fromSavepoint === undefined
    ? undefined
    : { path: checkpointsAt(fromSavepoint), allowNonRestoredState, claim };
}

function warningsOf(
  { adopted, manifest }: Exclude<BegunJob, { start: 'already-finished' }>,
  passedOver: readonly PassedOverCheckpoint[],
): readonly string[] {
  const chosen = adopted?.foundId ?? manifest?.checkpointId;
  return [
    ...(chosen === undefined ? [] : fallbackWarnings(passedOver, chosen)),
    ...(adopted?.dropped ?? []).map(
      (uid) => `The state of '${uid}' is left out: the job has no such operator.`,
    ),
    ...(adopted?.droppedInFlight ?? []).map(
      (edge) => `What was under way is left out: the job has no edge ${edge}.`,
    ),
  ];
}

function withoutCheckpoints(home: Pick<JobHome, 'folder' | 's3' | 'localFolder' | 'release'>): JobHome {
  return {
    type: 'home',
    storage: undefined,
    manifest: undefined,
    restoredFrom: undefined,
    nextCheckpointId: undefined,
    requirements: undefined,
    savepointFolder: undefined,
    hostedStore: undefined,
    backup: undefined,
    begunFrom: undefined,
    warnings: [],
    ...home,
  };
}

/** `savepoint-<random>`, so that no two meet. */
function newSavepoint(
  folder: string,
  s3: S3Settings,
): { readonly path: string; readonly store: ObjectStore } {
  const path = `${checkpointsAt(folder)}/savepoint-${randomBytes(6).toString('hex')}`;
  return { path, store: storeAt(path, s3, `savepoint-${process.pid}`) };
}

export function noSavepointFolder(): MillraceError {
  return new MillraceError('MR4002', 'There is no folder for the savepoint.', {
    hint: 'Name one, or set execution.checkpointing.savepoint-dir.',
  });
}

/** Does what is left before a job starts. Where it fails, the home is given back, and with it the job's lead. */
export async function orRelease<T>(home: JobHome, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await home.release();
    throw error;
  }
}

/** To whom submits a job meanwhile: whoever leads now may have it. */
export function clusterCloses(): MillraceError {
  return new MillraceError('MR5003', 'The cluster is being closed, and takes no job.');
}

function needsCheckpoints(): MillraceError {
  return new MillraceError('MR4002', 'A job that begins from a checkpoint needs checkpoints of its own.', {
    hint: 'Set execution.checkpointing.interval.',
  });
}
