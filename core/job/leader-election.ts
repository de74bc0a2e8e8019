import { formatDuration } from '../base/duration.js';
import { invariant, unreachable } from '../base/invariant.js';
import { MillraceError } from '../base/millrace-error.js';
import type { HolderState, JobHolder } from '../checkpoint/recovery-decision.js';

/** Times of a lease, ms. */
export interface LeaderElectionConfig {
  /** Who stands by takes the lead when it has seen no sign of the leader for so long. */
  readonly leaseDurationMs: number;
  /** A leader that has not managed to renew its lease for so long stops. At most the duration of the lease. */
  readonly renewDeadlineMs: number;
  /** Between two renewals, and between two looks at whether the leader renews. */
  readonly retryPeriodMs: number;
}

/** How the log of a cluster stands: numbered slots, each claimed by create-if-absent by whoever leads. */
export interface ElectionSurvey {
  /** 0: nobody has led yet. */
  readonly newestSlot: number;
  /** Who claimed it; undefined: nobody, or the lead was given back. */
  readonly leader: JobHolder | undefined;
  /** As this process sees the leader. */
  readonly leaderState: HolderState;
}

export type ElectionTimer = 'look' | 'watch' | 'renew' | 'deadline';

export type ElectionEvent =
  | { readonly type: 'begin' }
  | { readonly type: 'surveyed'; readonly survey: ElectionSurvey }
  | { readonly type: 'leader-seen'; readonly state: HolderState }
  /** `epoch` undefined: somebody else was faster. */
  | { readonly type: 'claimed'; readonly epoch: number | undefined }
  | { readonly type: 'renewed' }
  /** A look, a claim or a renewal did not reach the storage; what became of it is not known. */
  | { readonly type: 'failed'; readonly error: MillraceError }
  /** The log says that somebody else leads. */
  | { readonly type: 'fenced'; readonly error: MillraceError }
  | { readonly type: 'timer'; readonly timer: ElectionTimer };

export type ElectionEffect =
  /** Answered by `surveyed` or `failed`. */
  | { readonly type: 'look' }
  /** The slot after the one that was surveyed last; answered by `claimed` or `failed`. */
  | { readonly type: 'claim' }
  /** Answered by `renewed`, `failed` or `fenced`. */
  | { readonly type: 'renew' }
  /** Answered by `leader-seen`. */
  | { readonly type: 'watch'; readonly leader: JobHolder }
  /** In place of an earlier one of that name. */
  | { readonly type: 'arm'; readonly timer: ElectionTimer; readonly delayMs: number }
  | { readonly type: 'stand-by'; readonly leader: JobHolder }
  | { readonly type: 'lead'; readonly epoch: number }
  /** The end: nothing of the cluster may be touched from here on. */
  | { readonly type: 'stop'; readonly error: MillraceError };

/** How often a process of this host is asked whether it lives: cheap, and what a take-over waits for. */
const WATCH_MS = 100;

type Phase = 'looking' | 'standing-by' | 'claiming' | 'leading' | 'stopped';

/**
 * Decides when one process of a cluster leads. Facts in, decisions out; `nowMs` is this process's monotonic clock,
 * which is never compared with that of another.
 *
 * A leader shows that it lives by claiming one slot of the cluster's log after another. Who stands by takes the lead
 * when the newest slot has been the same for the duration of a lease, at once when the leader gave its lead back, and
 * when it is a process of this host that has died. What is exclusive is the claim: clocks only decide when it is
 * tried, and a wrong one costs a hand-over, never two leaders of one log.
 *
 * Invariants:
 * - a leader that was paused, or cut off, for longer than the deadline stops before it does anything else;
 * - after `stop` there is no effect;
 * - at most one look, claim or renewal is under way.
 */
export class LeaderElection {
  readonly #config: LeaderElectionConfig;
  #phase: Phase = 'looking';
  #survey: ElectionSurvey | undefined;
  /** When the newest slot was first seen to be that. */
  #seenMs = 0;
  /** When the look, claim or renewal under way was begun; undefined: none is. */
  #askedMs: number | undefined;
  /** When the last claim that succeeded was begun. */
  #confirmedMs = 0;
  #toldOf: JobHolder | undefined;

  /** @throws MillraceError MR4002 if the times do not fit each other */
  constructor(config: LeaderElectionConfig) {
    const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = config;
    if (retryPeriodMs >= renewDeadlineMs || renewDeadlineMs > leaseDurationMs) throw timesDoNotFit(config);
    this.#config = config;
  }

  get isLeading(): boolean {
    return this.#phase === 'leading';
  }

  on(event: ElectionEvent, nowMs: number): readonly ElectionEffect[] {
    if (this.#phase === 'stopped') return [];
    if (this.#phase === 'leading' && nowMs - this.#confirmedMs >= this.#config.renewDeadlineMs)
      return this.#stop(leaseLost(this.#config));
    switch (event.type) {
      case 'begin':
        return this.#ask('look', nowMs);
      case 'surveyed':
        this.#askedMs = undefined;
        return this.#surveyed(event.survey, nowMs);
      case 'leader-seen':
        return this.#leaderSeen(event.state, nowMs);
      case 'claimed':
        return this.#claimed(event.epoch, nowMs);
      case 'renewed':
        return this.#renewed();
      case 'failed':
        return this.#failed(event.error);
      case 'fenced':
        return this.#stop(event.error);
      case 'timer':
        return this.#timer(event.timer, nowMs);
      default:
        return unreachable(event);
    }
  }

  #surveyed(survey: ElectionSurvey, nowMs: number): readonly ElectionEffect[] {
    if (this.#survey?.newestSlot !== survey.newestSlot) this.#seenMs = nowMs;
    this.#survey = survey;
    const { leader, leaderState } = survey;
    const leftMs = this.#seenMs + this.#config.leaseDurationMs - nowMs;
    if (leader === undefined || leaderState === 'dead' || leftMs <= 0) return this.#claim(nowMs);
    this.#phase = 'standing-by';
    const effects: ElectionEffect[] = [
      { type: 'arm', timer: 'look', delayMs: Math.min(this.#config.retryPeriodMs, Math.ceil(leftMs)) },
    ];
    if (!isSame(leader, this.#toldOf)) {
      this.#toldOf = leader;
      effects.push({ type: 'stand-by', leader });
      if (leaderState === 'alive') effects.push({ type: 'arm', timer: 'watch', delayMs: WATCH_MS });
    }
    return effects;
  }

  #leaderSeen(state: HolderState, nowMs: number): readonly ElectionEffect[] {
    if (this.#phase !== 'standing-by') return [];
    if (state !== 'dead') return [{ type: 'arm', timer: 'watch', delayMs: WATCH_MS }];
    // What it did last is not seen yet, and another one may have been faster.
    if (this.#askedMs === undefined) return this.#ask('look', nowMs);
    return [{ type: 'arm', timer: 'watch', delayMs: WATCH_MS }];
  }

  #claim(nowMs: number): readonly ElectionEffect[] {
    this.#phase = 'claiming';
    return this.#ask('claim', nowMs);
  }

  #claimed(epoch: number | undefined, nowMs: number): readonly ElectionEffect[] {
    const beganMs = this.#askedMs ?? nowMs;
    this.#askedMs = undefined;
    if (epoch === undefined) {
      this.#phase = 'looking';
      return this.#ask('look', nowMs);
    }
    if (nowMs - beganMs >= this.#config.renewDeadlineMs) return this.#stop(leaseLost(this.#config));
    this.#phase = 'leading';
    this.#confirmedMs = beganMs;
    return [
      { type: 'lead', epoch },
      { type: 'arm', timer: 'renew', delayMs: this.#config.retryPeriodMs },
      {
        type: 'arm',
        timer: 'deadline',
        delayMs: Math.ceil(this.#config.renewDeadlineMs - (nowMs - beganMs)),
      },
    ];
  }

  #renewed(): readonly ElectionEffect[] {
    invariant(this.#phase === 'leading', 'only a leader renews', { phase: this.#phase });
    this.#confirmedMs = this.#askedMs ?? this.#confirmedMs;
    this.#askedMs = undefined;
    return [{ type: 'arm', timer: 'renew', delayMs: this.#config.retryPeriodMs }];
  }

  #failed(error: MillraceError): readonly ElectionEffect[] {
    this.#askedMs = undefined;
    // Who has never seen the log has a wrong folder or no rights, and is told so.
    if (this.#phase === 'leading')
      return [{ type: 'arm', timer: 'renew', delayMs: this.#config.retryPeriodMs }];
    if (this.#survey === undefined || error.fatal) return this.#stop(error);
    this.#phase = 'standing-by';
    return [{ type: 'arm', timer: 'look', delayMs: this.#config.retryPeriodMs }];
  }

  #timer(timer: ElectionTimer, nowMs: number): readonly ElectionEffect[] {
    switch (timer) {
      case 'look':
        return this.#phase === 'standing-by' && this.#askedMs === undefined ? this.#ask('look', nowMs) : [];
      case 'watch': {
        const leader = this.#survey?.leader;
        return this.#phase === 'standing-by' && leader !== undefined ? [{ type: 'watch', leader }] : [];
      }
      case 'renew':
        return this.#phase === 'leading' && this.#askedMs === undefined ? this.#ask('renew', nowMs) : [];
      case 'deadline': {
        const delayMs = Math.ceil(this.#confirmedMs + this.#config.renewDeadlineMs - nowMs);
        return this.#phase === 'leading' ? [{ type: 'arm', timer, delayMs }] : [];
      }
      default:
        return unreachable(timer);
    }
  }

  #ask(type: 'look' | 'claim' | 'renew', nowMs: number): readonly ElectionEffect[] {
    invariant(this.#askedMs === undefined, 'one question at a time', { type, phase: this.#phase });
    this.#askedMs = nowMs;
    return [{ type }];
  }

  #stop(error: MillraceError): readonly ElectionEffect[] {
    this.#phase = 'stopped';
    return [{ type: 'stop', error }];
  }
}

function isSame(one: JobHolder, other: JobHolder | undefined): boolean {
  return (
    one.host === other?.host &&
    one.bootId === other.bootId &&
    one.pid === other.pid &&
    one.processStartTime === other.processStartTime &&
    one.pidNamespace === other.pidNamespace
  );
}

function leaseLost({ renewDeadlineMs }: LeaderElectionConfig): MillraceError {
  return new MillraceError('MR8003', 'This process no longer leads its cluster', {
    why: `its lease was not renewed for ${formatDuration(renewDeadlineMs)}: the process was paused, or the storage did not answer`,
    hint: 'nothing; another process takes its jobs over from their newest checkpoints',
  });
}

function timesDoNotFit({ leaseDurationMs, renewDeadlineMs, retryPeriodMs }: LeaderElectionConfig) {
  const times = [retryPeriodMs, renewDeadlineMs, leaseDurationMs].map(formatDuration).join(', ');
  return new MillraceError('MR4002', `The times of the leader election do not fit each other: ${times}.`, {
    where: { at: 'high-availability.leader-election' },
    why: 'retry-period has to be less than renew-deadline, and that at most lease-duration',
  });
}
