import {
  type CheckpointManifest,
  decideRecovery,
  type HolderState,
  isMillraceError,
  type JobFacts,
  type JobHolder,
  MillraceError,
  type RecoveryDecision,
  type StartMode,
  type StoredJobResult,
} from '../../core/internal.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { DATA_PREFIX, dataKeyOrigin, slotKey } from './checkpoint-paths.js';
import { Claims, claimedByAnother, claimOn, isOlderThan, type StoreAt } from './claimed-files.js';
import { type LogSurvey, type OnUnreadable, readSlot, surveyLog } from './job-log.js';
import { LeaderLog } from './leader-log.js';
import { ObjectCheckpointStorage, type SavepointFolders } from './object-checkpoint-storage.js';
import { decodeRunOrigin, encodeRunOrigin, type RunOrigin } from './run-origin.js';

/** How often the log may move on between a look at it and the claim of its next slot. */
const LOOKS_MAX = 50;

export interface OpenJobRequest {
  /** Rooted at the job's folder, see `jobFolder`. */
  readonly store: ObjectStore;
  readonly jobName: string;
  readonly mode: StartMode;
  /** One for each submission: a start with the id of the newest leader's goes on with what that one has begun. */
  readonly jobId?: string | undefined;
  /** The process that asks. */
  readonly holder: JobHolder;
  /** Asked of the process that held the job last, unless it gave it back. */
  readonly holderState: (holder: JobHolder) => HolderState;
  /** Wall time, ms since the epoch. */
  readonly nowMs: number;
  /** Told of each damaged checkpoint that a restore passes over. */
  readonly onUnreadable: OnUnreadable;
  /** Told what could not be cleaned up, now or later. */
  readonly onWarning: (error: unknown) => void;
  /** Undefined: nobody asks for savepoints. */
  readonly savepoints?: SavepointFolders;
  /** What a run that begins now begins from; one that goes on keeps its own. */
  readonly origin?: RunOrigin | undefined;
  /** Where files are that the job has claimed; undefined: it never claims any. */
  readonly storeAt?: StoreAt;
}

export type OpenedJob =
  | { readonly start: 'already-finished'; readonly result: StoredJobResult }
  | (LedJob<'from-beginning', undefined> & {
      /** What the run is to begin from: it has no checkpoint yet. */
      readonly origin: RunOrigin | undefined;
    })
  | LedJob<'restore', CheckpointManifest>;

/** A job that this process leads now. */
export interface LedJob<Start, Manifest> {
  readonly start: Start;
  readonly manifest: Manifest;
  readonly storage: ObjectCheckpointStorage;
  /** Greater than that of every process which led the job before. */
  readonly epoch: number;
  /** Tells the job's runs apart; grows from run to run, not by one. */
  readonly run: number;
  /** Greater than the id of every checkpoint that may ever have been completed, or had a file here until now. */
  readonly nextCheckpointId: number;
  /** Gives the job back on a clean exit; see {@link ObjectCheckpointStorage.release}. */
  release(): Promise<void>;
}

/**
 * Takes the lead of a job, as `decideRecovery` says: fences every earlier leader off by claiming the next slot
 * of the log, and only then looks for the checkpoint to start from, so that none can be completed behind
 * its back. No start waits for anything to expire.
 *
 * Rejects with MR8001 (unfinished, and nothing was said about its past), MR8002 (a living process of this
 * host has it) or MR3005 (there is state and none of it can be read); then no state has been touched.
 * Rejects with MR8003 if another process took the lead in the same moment.
 *
 * @example
 * ```ts
 * async function start(request: OpenJobRequest): Promise<void> {
 *   const opened = await openJob(request);
 *   if (opened.start === 'already-finished') return;
 *   if (opened.start === 'restore') console.log(`from checkpoint ${opened.manifest.checkpointId}`);
 * }
 * ```
 */
export async function openJob(request: OpenJobRequest): Promise<OpenedJob> {
  for (let looks = 1; looks <= LOOKS_MAX; looks++) {
    const survey = await surveyLog(request.store);
    const lost = survey.newestSlot === 0 && (await isLogLost(request.store));
    const facts: JobFacts = lost ? { seen: 'unreadable', slots: 0 } : factsOf(survey, request);
    const decision = decideRecovery(request.mode, facts, request.jobName);
    if (decision.action === 'refuse') throw decision.error;
    if (decision.action === 'already-finished') return { start: 'already-finished', result: decision.result };
    const opened = await takeLead(request, survey, decision);
    if (opened !== undefined) return opened;
  }
  throw new MillraceError('MR8003', `The lead of the job '${request.jobName}' could not be taken`, {
    where: { job: request.jobName },
    why: `others claimed the next slot of its log ${LOOKS_MAX} times in a row`,
    hint: 'see which other processes start this job',
  });
}

/**
 * Whether data files are there and no slot is. Nobody writes data before claiming a slot, and the newest slot
 * never goes: the log is looked at after the data, so that a process which begins meanwhile is no such case.
 */
async function isLogLost(store: ObjectStore): Promise<boolean> {
  if ((await store.list(DATA_PREFIX)).length === 0) return false;
  return (await surveyLog(store)).newestSlot === 0;
}

function factsOf(survey: LogSurvey, request: OpenJobRequest): JobFacts {
  const { head } = survey;
  if (survey.newestSlot === 0) return { seen: 'never' };
  if (head === undefined) return { seen: 'unreadable', slots: survey.unreadable };
  const givenBack = head.kind === 'release' || head.kind === 'result';
  return {
    seen: 'known',
    result: head.result,
    checkpointsKept: head.result?.checkpointsKept ?? true,
    holder: givenBack ? undefined : head.holder,
    holderState: givenBack ? 'dead' : request.holderState(head.holder),
    isSameStart: head.jobId !== '' && head.jobId === request.jobId,
    heldSinceMs: head.startedMs,
  };
}

/** undefined if somebody else was faster. */
async function takeLead(
  request: OpenJobRequest,
  survey: LogSurvey,
  decision: RecoveryDecision & { action: 'begin' | 'resume' },
): Promise<OpenedJob | undefined> {
  const { store, jobName, holder, nowMs, jobId = '' } = request;
  const newRun = decision.action === 'begin';
  const body = encodeRunOrigin(newRun ? request.origin : undefined);
  const start = { subject: `the job '${jobName}'`, holder, jobId, startedMs: nowMs, newRun, body };
  const log = await LeaderLog.begin(store, survey, start);
  if (log === undefined) return undefined;
  const claims = new Claims(store, request.storeAt ?? noStoreAt);
  const storage = new ObjectCheckpointStorage(store, log, request.onWarning, request.savepoints, claims);
  try {
    await claims.load();
    const claim = newRun ? undefined : await claimOn(store);
    if (claim !== undefined && !isOlderThan(log.run, claim)) throw claimedByAnother(claim);
    await store.sweepUnfinished();
    const nextCheckpointId = (await newestIdOf(store, log, claims)) + 1;
    const manifest = newRun ? undefined : await storage.latest(request.onUnreadable);
    await storage.sweepUncompleted();
    const led = {
      storage,
      epoch: log.epoch,
      run: log.run,
      nextCheckpointId,
      release: () => storage.release(),
    };
    if (manifest !== undefined) return { ...led, start: 'restore', manifest };
    const origin = newRun ? request.origin : await originOf(store, log.run);
    return { ...led, start: 'from-beginning', manifest, origin };
  } catch (error) {
    // Who was faster must not be overtaken in turn, or two processes could go on so for ever.
    const superseded = isMillraceError(error) && error.code === 'MR8003';
    if (!superseded) await giveBack(storage, request);
    throw error;
  }
}

function noStoreAt(folder: string): ObjectStore {
  throw new MillraceError('MR3008', `The job has claimed ${folder}, and nobody says how that is reached.`);
}

/** After a failure, which is the one to tell. */
export async function giveBack(storage: ObjectCheckpointStorage, request: OpenJobRequest): Promise<void> {
  try {
    await storage.release();
  } catch (error) {
    // The failure that led here is the one to tell; the next start finds out whether this process lives.
    request.onWarning(error);
  }
}

/** What the run of that slot began from; without the slot, nothing can be said. */
async function originOf(store: ObjectStore, run: number): Promise<RunOrigin | undefined> {
  const reading = await readSlot(store, run);
  if (reading === undefined) return undefined;
  if (reading.body === undefined) throw reading.error;
  return decodeRunOrigin(reading.body, store.describe(slotKey(run)));
}

async function newestIdOf(store: ObjectStore, log: LeaderLog, claims: Claims): Promise<number> {
  let newest = log.head.newestCheckpointId;
  for (const { checkpointId } of claims.files()) newest = Math.max(newest, checkpointId);
  for (const key of await store.list(DATA_PREFIX)) {
    newest = Math.max(newest, dataKeyOrigin(key)?.checkpointId ?? 0);
  }
  return newest;
}
