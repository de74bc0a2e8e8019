import {
  assignState,
  type CheckpointManifest,
  claimedInFlight,
  type JobGraph,
  MillraceError,
  unclaimedInFlight,
  unclaimedUids,
  withTimeAgain,
} from '../../core/internal.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { claimOrigin, newClaimName } from './checkpoint-paths.js';
import {
  ClaimingStore,
  claimedBy,
  claimedByAnother,
  claimFiles,
  claimOn,
  type StoreAt,
} from './claimed-files.js';
import { surveyLog } from './job-log.js';
import { filesOfManifest } from './manifest-codec.js';
import { giveBack, type LedJob, type OpenedJob, type OpenJobRequest, openJob } from './open-job.js';
import { type CheckpointAtPath, readManifestAt } from './read-manifest.js';
import type { RunOrigin } from './run-origin.js';
import { METADATA_KEY } from './savepoint-folder.js';
import { copying, StateFileCopies } from './state-file-copies.js';

export interface BeginJobRequest extends OpenJobRequest {
  /** Which the state must fit. */
  readonly graph: JobGraph;
  /** The store of the folder or address of an origin. */
  readonly storeAt: StoreAt;
  /** Folder or address of the job; undefined: its checkpoints lie in memory, and nothing is claimed. */
  readonly folder: string | undefined;
}

export type BegunJob =
  | Extract<OpenedJob, { start: 'already-finished' }>
  | (LedJob<'from-beginning' | 'restore', CheckpointManifest | undefined> & {
      /** Where the checkpoint came from that is the first one of this run. */
      readonly adopted: AdoptedOrigin | undefined;
    });

export interface AdoptedOrigin extends RunOrigin {
  readonly foundId: number;
  /** Operators whose state is left out: the job does not have them. */
  readonly dropped: readonly string[];
  /** Edges whose in-flight data is left out. */
  readonly droppedInFlight: readonly string[];
}

/**
 * Takes the lead of a job as {@link openJob} does. A run that begins from a savepoint, or whose first process died
 * before it had made that its own, gets a copy of it as its first completed checkpoint: whatever happens afterwards,
 * the job stands on its own, and what it began from may go. With `claim` the files stay where they are and become the
 * job's, which may build on them and removes them when none of its checkpoints needs them.
 *
 * Rejects as `openJob` does, and with MR3008, MR3004 or MR3005 if the origin cannot be read, MR2101 or MR2102 if it
 * does not fit the graph, MR3010 if another job has claimed it: before anything of the job is touched, unless it was
 * the run of another process. With MR8002 if a checkpoint is to be claimed whose job runs.
 */
export async function beginJob(given: BeginJobRequest): Promise<BegunJob> {
  const { origin } = given;
  const request = { ...given, store: new ClaimingStore(given.store, given.storeAt) };
  const found = origin && (await findOrigin(origin, request));
  const opened = await openJob(request);
  if (opened.start === 'already-finished') return opened;
  if (opened.start === 'restore' || opened.origin === undefined) return { ...opened, adopted: undefined };
  try {
    const chosen = opened.origin === origin ? found : undefined;
    return await adopt(chosen ?? (await findOrigin(opened.origin, request)), opened, request);
  } catch (error) {
    await giveBack(opened.storage, request);
    throw error;
  }
}

interface FoundOrigin extends CheckpointAtPath {
  readonly origin: RunOrigin;
  readonly dropped: readonly string[];
  /** Edges whose in-flight data is left out. */
  readonly droppedInFlight: readonly string[];
}

async function findOrigin(origin: RunOrigin, request: BeginJobRequest): Promise<FoundOrigin> {
  const { path, allowNonRestoredState } = origin;
  const found = await readManifestAt(request.storeAt, path, request.onUnreadable);
  const claim = await claimOn(request.storeAt(found.folder));
  if (claim !== undefined && (!origin.claim || claim.owner !== request.folder)) throw claimedByAnother(claim);
  const begun = withTimeAgain(found.manifest);
  assignState(begun, request.graph, allowNonRestoredState);
  const dropped = unclaimedUids(begun, request.graph);
  const manifest = without(begun, dropped, request.graph);
  const droppedInFlight = unclaimedInFlight(begun, request.graph);
  return { ...found, manifest, origin, dropped, droppedInFlight };
}

/** In-flight data of edges that are no more goes too. */
function without(
  manifest: CheckpointManifest,
  dropped: readonly string[],
  graph: JobGraph,
): CheckpointManifest {
  const gone = new Set(dropped);
  const kept = <T>(byUid: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
    Object.fromEntries(Object.entries(byUid).filter(([uid]) => !gone.has(uid)));
  const vertices = manifest.vertices.map((vertex) => ({
    ...vertex,
    enumerator: gone.has(vertex.vertexUid) ? undefined : vertex.enumerator,
    ...(vertex.ended && { ended: kept(vertex.ended) }),
    subtasks: vertex.subtasks.map((subtask) => {
      if (subtask === 'finished') return subtask;
      const { inFlight, ...rest } = subtask;
      const claimed = inFlight && claimedInFlight(inFlight, vertex.vertexUid, graph);
      return { ...rest, operators: kept(subtask.operators), ...(claimed && { inFlight: claimed }) };
    }),
  }));
  return { ...manifest, vertices };
}

async function adopt(
  found: FoundOrigin,
  opened: LedJob<'from-beginning', undefined>,
  request: BeginJobRequest,
): Promise<BegunJob> {
  const { storage, nextCheckpointId } = opened;
  const { origin, dropped, droppedInFlight } = found;
  const { vertices, claimedId } = origin.claim
    ? await claimed(found, opened, request)
    : { vertices: await copied(found, opened), claimedId: 0 };
  const checkpointId = Math.max(nextCheckpointId, claimedId);
  const manifest: CheckpointManifest = {
    ...found.manifest,
    kind: 'checkpoint',
    checkpointId,
    epoch: storage.epoch,
    attempt: 0,
    jobName: request.graph.name,
    vertices,
  };
  await storage.complete(manifest);
  const adopted = { ...origin, foundId: found.manifest.checkpointId, dropped, droppedInFlight };
  return { ...opened, start: 'restore', manifest, nextCheckpointId: checkpointId + 1, adopted };
}

function copied(
  { manifest, reader }: FoundOrigin,
  { storage, nextCheckpointId }: LedJob<'from-beginning', undefined>,
): Promise<CheckpointManifest['vertices']> {
  const writer = storage.writerFor(nextCheckpointId, 0, 'adopted');
  return new StateFileCopies(copying(reader, writer)).vertices(manifest);
}

/** With the number by which the claim is known, which may be that of a start whose files have gone. */
async function claimed(
  { manifest, folder, isSavepoint }: FoundOrigin,
  { storage, nextCheckpointId }: LedJob<'from-beginning', undefined>,
  request: BeginJobRequest,
): Promise<{ readonly vertices: CheckpointManifest['vertices']; readonly claimedId: number }> {
  const { folder: owner, graph, store } = request;
  if (owner === undefined) throw memoryClaimsNothing();
  // Of an earlier run: they are the job's already.
  if (folder === owner) return { vertices: manifest.vertices, claimedId: 0 };
  const foreign = request.storeAt(folder);
  const wanted = {
    keys: [...filesOfManifest(manifest).keys()],
    name: newClaimName(nextCheckpointId, storage.epoch),
    folder,
    metadataKey: isSavepoint ? METADATA_KEY : undefined,
    owner,
    jobName: graph.name,
  };
  const claim = await claimFiles(store, foreign, wanted, async () => {
    if (!isSavepoint) await assertNobodyRuns(foreign, folder, request);
  });
  await storage.adoptClaim(claim);
  const vertices = await new StateFileCopies(claimedBy(claim)).vertices(manifest);
  return { vertices, claimedId: claimOrigin(claim.name).checkpointId };
}

/** Who starts that job from here on sees the marker; who had started it before is seen here. */
async function assertNobodyRuns(
  foreign: ObjectStore,
  folder: string,
  { holderState }: BeginJobRequest,
): Promise<void> {
  const { head } = await surveyLog(foreign);
  if (head === undefined || head.kind === 'release' || head.kind === 'result') return;
  if (holderState(head.holder) === 'dead') return;
  const { pid } = head.holder;
  throw new MillraceError('MR8002', `The job whose checkpoint is to be claimed runs in process ${pid}`, {
    where: { at: folder },
    why: 'it would build on files that are about to belong to another job',
    hint: 'Stop it first, take a savepoint of it and claim that, or use NO_CLAIM.',
  });
}

function memoryClaimsNothing(): MillraceError {
  return new MillraceError('MR4002', 'A job whose checkpoints lie in memory cannot claim files.', {
    where: { at: 'execution.state-recovery.claim-mode' },
    why: 'what the job owns goes with its memory, and the files would stay',
    hint: 'Use NO_CLAIM, or set execution.checkpointing.storage to filesystem.',
  });
}
