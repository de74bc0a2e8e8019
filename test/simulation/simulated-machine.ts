import type { CodecFactory, Prng } from '../../core/internal.js';
import { ChannelChecker } from './checkers/channel-checker.js';
import type { DiskWeather, ScheduledDisk } from './scheduled-disk.js';
import { SimulatedDisk } from './simulated-disk.js';
import type { Participant, SimulatedScheduler } from './simulated-scheduler.js';
import type { SimulatedState } from './simulated-state.js';
import type { SimulatedTime } from './simulated-time.js';
import type { WorldVerdict } from './world-failure.js';
import type { WorldTrace } from './world-trace.js';

export interface MachineParts {
  readonly scheduler: SimulatedScheduler;
  readonly time: SimulatedTime;
  readonly trace: WorldTrace;
  readonly weather: DiskWeather;
  readonly verdict: WorldVerdict;
  readonly state: SimulatedState;
  readonly codecs: CodecFactory;
}

/**
 * The computer of a world: its disk, its clock, and who runs on it.
 *
 * Invariant: a participant that has left gets no turn, except for disk operations that were under way.
 */
export class SimulatedMachine {
  readonly scheduler: SimulatedScheduler;
  readonly time: SimulatedTime;
  readonly trace: WorldTrace;
  readonly weather: DiskWeather;
  readonly verdict: WorldVerdict;
  readonly state: SimulatedState;
  /** Lines that tasks have printed, without the number of the subtask. */
  readonly printed = new Set<string>();
  /** Tasks that are slow get few turns; when faults are over none is. */
  isSlow = true;
  readonly codecs: CodecFactory;
  #disk = new SimulatedDisk();
  readonly #users = new Set<ScheduledDisk>();
  #channels: ChannelChecker[] = [];

  constructor(parts: MachineParts) {
    this.scheduler = parts.scheduler;
    this.time = parts.time;
    this.trace = parts.trace;
    this.weather = parts.weather;
    this.verdict = parts.verdict;
    this.state = parts.state;
    this.codecs = parts.codecs;
  }

  get disk(): SimulatedDisk {
    return this.#disk;
  }

  /** Watches the channels of an attempt that begins. */
  channelChecker(recordsBegun: boolean): ChannelChecker {
    const checker = new ChannelChecker(this.verdict, recordsBegun);
    this.#channels = [...this.#channels.slice(-1), checker];
    return checker;
  }

  /** Looks whether the segments of the newest attempts are all where they belong. */
  auditChannels(): void {
    for (const checker of this.#channels) checker.audit();
  }

  /** Something has ended. `landing`: probability that its operations under way take effect later. */
  leave(participant: Participant, disk: ScheduledDisk, landing: number): void {
    this.scheduler.remove(participant);
    disk.end(landing);
    this.#users.add(disk);
    for (const user of this.#users) {
      if (!user.isOver) continue;
      this.#users.delete(user);
      this.scheduler.remove(user);
    }
  }

  /** The machine goes dark and comes up again; what ran on it must have been ended before. */
  losePower(prng: Prng): void {
    for (const user of this.#users) this.scheduler.remove(user);
    this.#users.clear();
    this.#disk = this.#disk.crash(prng);
  }
}
