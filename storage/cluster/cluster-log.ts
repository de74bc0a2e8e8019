import {
  type ClusterState,
  type ElectionSurvey,
  EMPTY_CLUSTER,
  type HolderState,
  isMillraceError,
  type JobHolder,
  MillraceError,
} from '../../core/internal.js';
import { slotKey } from '../checkpoint/checkpoint-paths.js';
import { type LogSurvey, readSlot, surveyLog } from '../checkpoint/job-log.js';
import { LeaderLog } from '../checkpoint/leader-log.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { decodeClusterBody, encodeClusterState, encodeStateSlot } from './cluster-state-codec.js';

/** After so many slots what they are based on is written again, and the older ones go. */
const SLOTS_PER_STATE = 32;

/** How a cluster's log stands, and what claiming its next slot is based on. */
export interface ClusterSurvey extends ElectionSurvey {
  readonly log: LogSurvey;
}

/** The leader of a cluster, as anybody sees it. */
export interface ClusterLeader {
  readonly holder: JobHolder;
  /** {@link ClusterState.restUrl} */
  readonly restUrl: string | undefined;
}

export interface ClaimRequest {
  /** For messages. */
  readonly clusterId: string;
  /** The process that asks. */
  readonly holder: JobHolder;
  /** Wall time, ms since the epoch. */
  readonly nowMs: number;
}

export async function surveyCluster(
  store: ObjectStore,
  holderState: (holder: JobHolder) => HolderState,
): Promise<ClusterSurvey> {
  const log = await surveyLog(store);
  const { head, newestSlot } = log;
  const leader = head === undefined || head.kind === 'release' ? undefined : head.holder;
  return { log, newestSlot, leader, leaderState: leader === undefined ? 'dead' : holderState(leader) };
}

/** Undefined: the lead was given back, or the log has just moved on. Rejects with what the store says. */
export async function leaderOfCluster(store: ObjectStore): Promise<ClusterLeader | undefined> {
  const { head, newestSlot } = await surveyLog(store);
  if (head === undefined || head.kind === 'release') return undefined;
  const state = await stateIn(store, newestSlot);
  return state && { holder: head.holder, restUrl: state.restUrl };
}

/**
 * The log of a cluster as its leader writes it: the same numbered slots that a job's log has, of which each is a sign
 * of life, and some say which jobs the cluster has.
 *
 * Invariants:
 * - a change of the jobs counts from the moment its slot exists: it is seen by every later leader, and none of an
 *   earlier one that comes late is seen by anybody;
 * - the newest slot leads, directly or by one that is kept, to what the cluster's jobs are;
 * - what changes the log goes one call after another.
 */
export class ClusterLog {
  readonly epoch: number;
  readonly #store: ObjectStore;
  readonly #log: LeaderLog;
  #state: ClusterState;
  /** Where it was written; undefined: a write failed, and it is not known what the log says. */
  #stateSlot: number | undefined;
  #oldestSlot: number;
  /** Settles when the call before has; never rejects. */
  #previous: Promise<unknown> = Promise.resolve();

  private constructor(store: ObjectStore, log: LeaderLog, state: ClusterState, oldestSlot: number) {
    this.#store = store;
    this.#log = log;
    this.#state = state;
    this.#stateSlot = log.epoch;
    this.#oldestSlot = oldestSlot;
    this.epoch = log.epoch;
  }

  /** Takes the lead with the slot after the surveyed one. Resolves to undefined if somebody else was faster. */
  static async claim(
    store: ObjectStore,
    { log: survey }: ClusterSurvey,
    { clusterId, holder, nowMs }: ClaimRequest,
  ): Promise<ClusterLog | undefined> {
    const found = await stateIn(store, survey.newestSlot);
    if (found === undefined) return movedOn(store, survey.newestSlot);
    // That of the leader before.
    const state = { ...found, restUrl: undefined };
    const log = await LeaderLog.begin(store, survey, {
      subject: `the cluster '${clusterId}'`,
      holder,
      startedMs: nowMs,
      newRun: false,
      body: encodeClusterState(state),
    });
    if (log === undefined) return undefined;
    await store.sweepUnfinished();
    return new ClusterLog(store, log, state, survey.oldestSlot);
  }

  /** As it was when the last change succeeded. */
  get state(): ClusterState {
    return this.#state;
  }

  /** A sign of life. Rejects with MR8003 if somebody else leads; another rejection may be tried again. */
  renew(): Promise<void> {
    return this.#inTurn(async () => {
      const isKnown = this.#stateSlot !== undefined;
      const isDue = this.#log.head.slot - this.#oldestSlot >= SLOTS_PER_STATE;
      if (isKnown && !isDue) await this.#append(encodeStateSlot(this.#stateSlot ?? 0));
      else await this.#write(this.#state);
      if (isDue) await this.#removeOlder();
    });
  }

  /** Rejects as {@link renew} does; then it is open whether a later leader sees the change. */
  change(change: (state: ClusterState) => ClusterState): Promise<void> {
    return this.#inTurn(async () => {
      const state = change(this.#state);
      if (state === this.#state) return;
      await this.#write(state);
      this.#state = state;
    });
  }

  /** Gives the lead back, so that the next leader need not wait. Called last. */
  release(): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await this.#log.append({ kind: 'release', body: encodeClusterState(this.#state) }, true);
      } catch (error) {
        if (!isMillraceError(error) || error.code !== 'MR8003') throw error;
      }
    });
  }

  async #write(state: ClusterState): Promise<void> {
    this.#stateSlot = undefined;
    await this.#append(encodeClusterState(state));
    this.#stateSlot = this.#log.head.slot;
  }

  #append(body: Uint8Array): Promise<void> {
    return this.#log.append({ kind: 'void', body }, true);
  }

  async #removeOlder(): Promise<void> {
    const newest = this.#stateSlot;
    if (newest === undefined) return;
    const older = (await this.#log.slots()).filter((slot) => slot < newest);
    await this.#store.delete(older.map(slotKey));
    this.#oldestSlot = newest;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#previous.then(work);
    this.#previous = turn.catch(() => undefined);
    return turn;
  }
}

/** Slots are removed from the bottom, when a newer one has what they said: where there is none, something else did. */
async function movedOn(store: ObjectStore, slot: number): Promise<undefined> {
  const { newestSlot } = await surveyLog(store);
  if (newestSlot !== slot) return undefined;
  throw new MillraceError('MR3005', 'It cannot be read which jobs the cluster has', {
    where: { at: store.describe(slotKey(slot)) },
    why: 'the entry of its log that tells it is gone',
    hint: 'restore the folder from a copy, or name another high-availability.cluster-id',
  });
}

/** What that slot says; undefined if it has gone, so that the log has moved on. */
async function stateIn(store: ObjectStore, slot: number): Promise<ClusterState | undefined> {
  for (let at = slot; at > 0; ) {
    const reading = await readSlot(store, at);
    if (reading === undefined) return undefined;
    if (reading.body === undefined) throw reading.error;
    const body = decodeClusterBody(reading.body, store.describe(slotKey(at)));
    if (body.type === 'state') return body.state;
    at = body.type === 'in' ? Math.min(body.slot, at - 1) : at - 1;
  }
  return slot === 0 ? EMPTY_CLUSTER : undefined;
}
