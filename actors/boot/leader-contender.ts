import {
  type Clock,
  type ElectionEffect,
  type ElectionEvent,
  type ElectionTimer,
  fromWireError,
  type HolderState,
  isMillraceError,
  type JobHolder,
  LeaderElection,
  type LeaderElectionConfig,
  type MillraceError,
  toWireError,
  unreachable,
} from '../../core/internal.js';
import {
  type ClusterLeader,
  ClusterLog,
  type ClusterSurvey,
  leaderOfCluster,
  type ObjectStore,
  surveyCluster,
} from '../../storage/index.js';
import { SystemTimers } from './system-timers.js';

/** Told once each, in this order; `onStandBy` again for each other leader, `onLost` also without the lead. */
export interface ElectionListener {
  onStandBy(leader: JobHolder, epoch: number): void;
  onLead(log: ClusterLog): void;
  /** Nothing of the cluster may be touched from here on. */
  onLost(error: MillraceError): void;
}

/** Who contends, and in what. */
export interface Candidacy {
  readonly clusterId: string;
  readonly store: ObjectStore;
  readonly config: LeaderElectionConfig;
  readonly holder: JobHolder;
  readonly holderState: (holder: JobHolder) => HolderState;
}

/**
 * Carries out what {@link LeaderElection} decides: looks, claims and renewals in the log of a cluster, and timers.
 *
 * Invariant: what the log answers is told to the machine in the order of the questions.
 */
export class LeaderContender {
  readonly #candidacy: Candidacy;
  readonly #clock: Clock;
  readonly #listener: ElectionListener;
  readonly #election: LeaderElection;
  readonly #timers: SystemTimers<ElectionTimer>;
  readonly #armed = new Map<ElectionTimer, number>();
  #survey: ClusterSurvey | undefined;
  #log: ClusterLog | undefined;
  #ended = false;
  /** What was found out last of who leads, and when. */
  #leader: Promise<ClusterLeader | undefined> | undefined;
  #leaderAskedMs = 0;

  /** @throws MillraceError MR4002 if the times of the lease do not fit each other */
  constructor(candidacy: Candidacy, clock: Clock, listener: ElectionListener) {
    this.#candidacy = candidacy;
    this.#clock = clock;
    this.#listener = listener;
    this.#election = new LeaderElection(candidacy.config);
    this.#timers = new SystemTimers((timer) => this.#tell({ type: 'timer', timer }));
  }

  begin(): void {
    this.#tell({ type: 'begin' });
  }

  /**
   * Who leads, read from the log: by however many it is asked, no more often than a leader renews. Undefined: nobody,
   * or the storage does not answer.
   */
  leader(): Promise<ClusterLeader | undefined> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#leader === undefined || nowMs - this.#leaderAskedMs >= this.#candidacy.config.retryPeriodMs) {
      this.#leaderAskedMs = nowMs;
      // The election meets the same storage, and tells what is wrong with it.
      this.#leader = leaderOfCluster(this.#candidacy.store).catch(() => undefined);
    }
    return this.#leader;
  }

  /** Ends the lead before its time: what it was for is lost. Nothing of it is told. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#timers.close();
    if (this.#election.isLeading) await this.#log?.release();
  }

  #tell(event: ElectionEvent): void {
    if (this.#ended) return;
    for (const effect of this.#election.on(event, this.#clock.monotonicMs())) this.#carryOut(effect);
  }

  #carryOut(effect: ElectionEffect): void {
    switch (effect.type) {
      case 'look':
        this.#ask(async () => {
          const survey = await surveyCluster(this.#candidacy.store, this.#candidacy.holderState);
          this.#survey = survey;
          return { type: 'surveyed', survey };
        });
        return;
      case 'claim':
        this.#ask(() => this.#claim());
        return;
      case 'renew':
        this.#ask(async () => {
          await this.#log?.renew();
          return { type: 'renewed' };
        });
        return;
      case 'watch':
        this.#tell({ type: 'leader-seen', state: this.#candidacy.holderState(effect.leader) });
        return;
      case 'arm':
        this.#timers.cancel(this.#armed.get(effect.timer) ?? 0);
        this.#armed.set(effect.timer, this.#timers.arm(effect.delayMs, effect.timer));
        return;
      case 'stand-by':
        this.#listener.onStandBy(effect.leader, this.#survey?.log.head?.epoch ?? 0);
        return;
      case 'lead':
        if (this.#log !== undefined) this.#listener.onLead(this.#log);
        return;
      case 'stop':
        this.#ended = true;
        this.#timers.close();
        this.#listener.onLost(effect.error);
        return;
      default:
        unreachable(effect);
    }
  }

  async #claim(): Promise<ElectionEvent> {
    const { store, clusterId, holder } = this.#candidacy;
    if (this.#survey === undefined) return { type: 'claimed', epoch: undefined };
    const request = { clusterId, holder, nowMs: this.#clock.wallMs() };
    this.#log = await ClusterLog.claim(store, this.#survey, request);
    return { type: 'claimed', epoch: this.#log?.epoch };
  }

  #ask(question: () => Promise<ElectionEvent>): void {
    question()
      .catch((thrown: unknown): ElectionEvent => {
        const error = isMillraceError(thrown) ? thrown : fromWireError(toWireError(thrown));
        return error.code === 'MR8003' ? { type: 'fenced', error } : { type: 'failed', error };
      })
      .then((answer) => this.#tell(answer))
      // A defect, thrown by whoever was told: it ends the thread, as it would anywhere else.
      .catch((error: unknown) => {
        queueMicrotask(() => {
          throw error;
        });
      });
  }
}
