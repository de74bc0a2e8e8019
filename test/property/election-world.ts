import {
  type ElectionEffect,
  type ElectionEvent,
  type ElectionTimer,
  LeaderElection,
  type LeaderElectionConfig,
  MillraceError,
  Prng,
} from '../../core/internal.js';

const CONFIG: LeaderElectionConfig = { leaseDurationMs: 1500, renewDeadlineMs: 1000, retryPeriodMs: 300 };
const NO_ANSWER = new MillraceError('MR3001', 'no answer');
const FENCED = new MillraceError('MR8003', 'somebody else leads');
/** By how much a clock may run fast or slow; deadline and lease differ by more. */
const SKEW = 0.15;

interface Contender {
  readonly id: number;
  readonly election: LeaderElection;
  /** Its clock: `offsetMs + rate * time`. */
  readonly rate: number;
  readonly offsetMs: number;
  state: 'runs' | 'paused' | 'dead';
  /** What reaches it when it goes on. */
  readonly held: (() => void)[];
  readonly timers: Map<ElectionTimer, number>;
  /** The slot that it claims next, as a leader. */
  next: number;
  surveyed: number;
}

interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/**
 * Processes that contend for one log, on clocks that run at different rates, with requests that take their time and
 * get lost, and that are paused, killed and started. What must hold is asserted at each step.
 */
export class ElectionWorld {
  readonly #prng: Prng;
  readonly #contenders: Contender[] = [];
  /** Who claimed slot i + 1. */
  readonly #log: number[] = [];
  #due: Due[] = [];
  #nowMs = 0;
  #order = 0;
  #faults = true;
  handOvers = 0;

  constructor(seed: number) {
    this.#prng = new Prng(seed);
  }

  /** Runs with faults, then without; resolves to what went wrong, if anything. */
  run(faultyMs: number): string | undefined {
    for (let i = 0; i < 3; i++) this.#start();
    for (let at = 0; at < faultyMs; at += this.#prng.between(50, 900)) this.#at(at, () => this.#disturb());
    const broken = this.#runUntil(faultyMs);
    if (broken !== undefined) return broken;
    this.#faults = false;
    for (const contender of this.#contenders) this.#resume(contender);
    this.#start();
    return this.#runUntil(faultyMs + 5 * CONFIG.leaseDurationMs) ?? this.#noLeader();
  }

  #runUntil(endMs: number): string | undefined {
    for (;;) {
      this.#due.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
      const next = this.#due[0];
      if (next === undefined || next.atMs > endMs) return undefined;
      this.#due.shift();
      this.#nowMs = next.atMs;
      next.run();
      const leaders = this.#leaders();
      if (leaders.length > 1) return `two lead at ${this.#nowMs}: ${leaders.map(({ id }) => id).join(', ')}`;
    }
  }

  /** Those that would act as leaders if something happened now. */
  #leaders(): readonly Contender[] {
    return this.#contenders.filter(({ state, election }) => state === 'runs' && election.isLeading);
  }

  #noLeader(): string | undefined {
    const { length } = this.#leaders();
    return length === 1 ? undefined : `${length} lead after the faults`;
  }

  #start(): void {
    const contender: Contender = {
      id: this.#contenders.length,
      election: new LeaderElection(CONFIG),
      rate: 1 + (this.#prng.below(2001) / 1000 - 1) * SKEW,
      offsetMs: this.#prng.below(1_000_000),
      state: 'runs',
      held: [],
      timers: new Map(),
      next: 0,
      surveyed: 0,
    };
    this.#contenders.push(contender);
    this.#tell(contender, { type: 'begin' });
  }

  #disturb(): void {
    const contender = this.#contenders[this.#prng.below(this.#contenders.length)];
    if (contender === undefined) return;
    const dice = this.#prng.below(10);
    if (contender.state === 'dead') {
      if (this.#contenders.filter(({ state }) => state !== 'dead').length < 3) this.#start();
    } else if (dice < 3) {
      contender.state = 'dead';
    } else if (dice < 7 && contender.state === 'runs') {
      contender.state = 'paused';
      this.#at(this.#nowMs + this.#prng.between(1, 4000), () => this.#resume(contender));
    }
  }

  #resume(contender: Contender): void {
    if (contender.state !== 'paused') return;
    contender.state = 'runs';
    for (const run of contender.held.splice(0)) run();
  }

  #tell(contender: Contender, event: ElectionEvent): void {
    if (contender.state === 'dead') return;
    if (contender.state === 'paused') {
      contender.held.push(() => this.#tell(contender, event));
      return;
    }
    const wasLeading = contender.election.isLeading;
    const clockMs = contender.offsetMs + contender.rate * this.#nowMs;
    for (const effect of contender.election.on(event, clockMs)) this.#carryOut(contender, effect);
    if (!wasLeading && contender.election.isLeading) this.handOvers++;
  }

  #carryOut(contender: Contender, effect: ElectionEffect): void {
    switch (effect.type) {
      case 'arm': {
        const number = ++this.#order;
        contender.timers.set(effect.timer, number);
        this.#at(this.#nowMs + Math.max(0, effect.delayMs) / contender.rate, () => {
          if (contender.timers.get(effect.timer) === number)
            this.#tell(contender, { type: 'timer', timer: effect.timer });
        });
        return;
      }
      case 'look':
        this.#request(contender, () => this.#survey(contender));
        return;
      case 'claim':
        this.#request(contender, () => {
          const slot = contender.surveyed + 1;
          if (slot !== this.#log.length + 1) return { type: 'claimed', epoch: undefined };
          this.#log.push(contender.id);
          contender.next = slot + 1;
          return { type: 'claimed', epoch: slot };
        });
        return;
      case 'renew':
        this.#request(contender, () => {
          if (contender.next !== this.#log.length + 1) return { type: 'fenced', error: FENCED };
          this.#log.push(contender.id);
          contender.next++;
          return { type: 'renewed' };
        });
        return;
      case 'watch':
        this.#tell(contender, { type: 'leader-seen', state: this.#stateOf(effect.leader.pid) });
        return;
      default:
    }
  }

  #survey(contender: Contender): ElectionEvent {
    contender.surveyed = this.#log.length;
    const pid = this.#log.at(-1);
    const leader = pid === undefined ? undefined : { host: 'h', bootId: 'b', pid, processStartTime: '' };
    const leaderState = pid === undefined || pid === contender.id ? 'dead' : this.#stateOf(pid);
    return { type: 'surveyed', survey: { newestSlot: this.#log.length, leader, leaderState } };
  }

  /** Half of all processes are on another host, for who asks. */
  #stateOf(id: number): 'alive' | 'dead' | 'unknown' {
    if (id % 2 === 0) return 'unknown';
    return this.#contenders[id]?.state === 'dead' ? 'dead' : 'alive';
  }

  /** It takes effect at some time between question and answer, whoever waits; either of the two may get lost. */
  #request(contender: Contender, take: () => ElectionEvent): void {
    const lost = this.#faults ? this.#prng.below(24) : 24;
    const effectMs = this.#nowMs + this.#prng.below(this.#faults ? 120 : 20);
    const answerMs = effectMs + this.#prng.below(this.#faults ? 120 : 20);
    this.#at(effectMs, () => {
      const taken = lost === 0 ? undefined : take();
      const answer =
        taken === undefined || lost === 1 ? ({ type: 'failed', error: NO_ANSWER } as const) : taken;
      this.#at(answerMs, () => this.#tell(contender, answer));
    });
  }

  #at(atMs: number, run: () => void): void {
    this.#due.push({ atMs, order: ++this.#order, run });
  }
}
