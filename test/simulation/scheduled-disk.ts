import type { Prng } from '../../core/internal.js';
import {
  type DiskFault,
  type DiskFaultPlan,
  type DiskOperation,
  RandomDiskFaults,
} from './disk-fault-plan.js';
import type { Participant } from './simulated-scheduler.js';
import type { SimulatedTime } from './simulated-time.js';
import type { WorldTrace } from './world-trace.js';

/** How a machine's disk behaves; changed while a world runs (to end its faults, say). */
export interface DiskConduct {
  /** Share of the operations that wait for a turn of their own, so that anything may come before them. */
  readonly held: number;
  /** Share of the held ones that take up to `slowMs` of virtual time. */
  readonly slow: number;
  readonly slowMs: number;
  /**
   * Share of the names given in the folders of outputs that take some times as long: a commit may then last longer than
   * the checkpoints after it.
   */
  readonly slowNames: number;
  /** Probabilities that an operation fails without its effect, and with it. */
  readonly fail: number;
  readonly failAfter: number;
  /** Probability that a bit of what is read comes over wrong, where a checksum tells. */
  readonly flip: number;
}

/** The disk of a world, told to all its views at once. */
export interface DiskWeather {
  conduct: DiskConduct;
  /** Probability that a write to an object store is said to have failed while it is on its way. */
  late: number;
  /** How often a bit of each file has come over wrong. */
  readonly flips: Map<string, number>;
}

/** Of one file, ever: who looks at it a third time reads it right, however many read it meanwhile. */
const FLIPS_MAX = 2;

/** What has checksums: checkpoints and savepoints. Nobody could tell it of what else lies on a disk. */
const SUMMED = /^\/(checkpoints|savepoints|suspended|drained)\//;

const OUTPUT = /^\/out\//;
/** How much longer than other things it takes at most to give such a name. */
const SLOW_NAME = 4;

interface HeldOperation {
  readonly dueMs: number;
  readonly operation: DiskOperation;
  readonly text: string;
  readonly goOn: () => void;
  /** Nobody waits for it any more. */
  readonly isLate: boolean;
}

/**
 * The operations of one user of the disk (a task, or a process): some go through at once, others in turns of
 * their own, some fail.
 *
 * Invariants: after `end` no new operation takes effect; one that was under way then takes effect later or
 * never, as drawn. While `paused`, none goes on.
 */
export class ScheduledDisk implements DiskFaultPlan, Participant {
  readonly weight = 2;
  paused = false;
  readonly #prng: Prng;
  readonly #time: SimulatedTime;
  readonly #weather: DiskWeather;
  readonly #trace: WorldTrace;
  readonly #user: string;
  readonly #faults: RandomDiskFaults;
  #held: HeldOperation[] = [];
  #ended = false;

  constructor(prng: Prng, time: SimulatedTime, weather: DiskWeather, trace: WorldTrace, user: string) {
    this.#prng = prng;
    this.#time = time;
    this.#weather = weather;
    this.#trace = trace;
    this.#user = user;
    this.#faults = new RandomDiskFaults(prng.fork(), { fail: 0, failAfter: 0, full: 0, slow: 0 });
  }

  /** Nothing of it is left, and nothing will come. */
  get isOver(): boolean {
    return this.#ended && this.#held.length === 0;
  }

  /** Operations that somebody waits for. */
  get underWay(): readonly DiskOperation[] {
    return this.#held.filter(({ isLate }) => !isLate).map(({ operation }) => operation);
  }

  faultOf(operation: DiskOperation): DiskFault | undefined {
    // A promise of its own: one that all worlds shared would keep whoever waits for it, and so every world.
    if (this.#ended) return { kind: 'hold', until: new Promise<never>(() => undefined) };
    const { held, slow, slowMs, slowNames, fail, failAfter } = this.#weather.conduct;
    this.#faults.rates = { fail, failAfter, full: Math.min(0.5, failAfter * 5), slow: 0 };
    const fault = this.#faults.faultOf(operation) ?? this.#flipOf(operation);
    if (fault !== undefined) this.#trace.note(`disk.${fault.kind}`, this.#textOf(operation, ''));
    const isSlowName =
      operation.kind === 'link' && OUTPUT.test(operation.path) && this.#prng.chance(slowNames);
    const isHeld = this.#prng.chance(held) || isSlowName;
    const isSlow = this.#prng.chance(slow) || isSlowName;
    const delayMs = isSlow ? this.#prng.float() * slowMs * (isSlowName ? SLOW_NAME : 1) : 0;
    if (!isHeld && !this.paused) return fault;
    if (delayMs > 0) this.#trace.note('disk.slow', this.#textOf(operation, ''));
    const until = new Promise<void>((resolve) => {
      const text = this.#textOf(operation, 'goes on');
      this.#held.push({ dueMs: this.#time.nowMs + delayMs, operation, text, goOn: resolve, isLate: false });
    });
    return fault === undefined ? { kind: 'hold', until } : { kind: 'hold', until, afterwards: fault };
  }

  /** Resolves when a request arrives that is on its way since its sender has given it up, if it ever does. */
  onItsWay(path: string): Promise<void> {
    return new Promise<void>((resolve) => {
      const dueMs = this.#time.nowMs + this.#prng.float() * this.#weather.conduct.slowMs;
      const operation: DiskOperation = { number: 0, kind: 'create', path, bytes: 0 };
      const text = this.#textOf(operation, 'arrives');
      if (!this.#ended) this.#held.push({ dueMs, operation, text, goOn: resolve, isLate: true });
    });
  }

  /** A bit of what is read comes over wrong, and is right where it lies. */
  #flipOf({ kind, path }: DiskOperation): DiskFault | undefined {
    if (kind !== 'read' || !SUMMED.test(path)) return undefined;
    const { conduct, flips } = this.#weather;
    const before = flips.get(path) ?? 0;
    if (!this.#prng.chance(conduct.flip) || before >= FLIPS_MAX) return undefined;
    flips.set(path, before + 1);
    return { kind: 'flip', at: this.#prng.float() };
  }

  /** Its user is no more. `landing`: probability that an operation under way still takes effect, late. */
  end(landing: number): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#held = this.#held.filter(() => this.#prng.chance(landing));
  }

  isReady(): boolean {
    return !this.paused && this.#held.some(({ dueMs }) => dueMs <= this.#time.nowMs);
  }

  dueMs(): number {
    if (this.paused) return Number.POSITIVE_INFINITY;
    return this.#held.reduce((least, { dueMs }) => Math.min(least, dueMs), Number.POSITIVE_INFINITY);
  }

  takeTurn(): void {
    const due = this.#held.filter(({ dueMs }) => dueMs <= this.#time.nowMs);
    const chosen = due[this.#prng.below(due.length)];
    if (chosen === undefined) return;
    this.#held = this.#held.filter((held) => held !== chosen);
    this.#trace.note(this.#ended || chosen.isLate ? 'disk.late' : 'disk', chosen.text);
    const { kind, path } = chosen.operation;
    if (kind === 'link') this.#trace.emit({ name: 'disk.link', values: { path } });
    chosen.goOn();
  }

  #textOf(operation: DiskOperation, what: string): string {
    return `${this.#user} ${operation.number} ${operation.kind} ${operation.path} ${what}`;
  }
}
