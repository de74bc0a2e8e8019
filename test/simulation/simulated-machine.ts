import type { CodecFactory, FileSystem, Prng } from '../../core/internal.js';
import { FileObjectStore, type ObjectStore } from '../../storage/index.js';
import { ObservedChannels } from './observed-channels.js';
import type { DiskWeather, ScheduledDisk } from './scheduled-disk.js';
import { SimulatedDisk } from './simulated-disk.js';
import type { SimulatedFileSystem } from './simulated-file-system.js';
import type { Participant, SimulatedScheduler } from './simulated-scheduler.js';
import type { SimulatedState } from './simulated-state.js';
import type { SimulatedTime } from './simulated-time.js';
import { WorldBucket } from './world-bucket.js';
import type { WorldVerdict } from './world-failure.js';
import type { CheckpointPlace } from './world-options.js';
import type { WorldTrace } from './world-trace.js';

export interface MachineParts {
  readonly scheduler: SimulatedScheduler;
  readonly time: SimulatedTime;
  readonly trace: WorldTrace;
  readonly weather: DiskWeather;
  readonly verdict: WorldVerdict;
  readonly state: SimulatedState;
  readonly codecs: CodecFactory;
  readonly checkpointsIn: CheckpointPlace;
}

/** Who uses the stores of a machine. */
export interface StoreUser {
  readonly view: SimulatedFileSystem;
  readonly requests: ScheduledDisk;
  /** The view as the files of the stores see it. */
  readonly fileSystem: FileSystem;
  /** No other has this name. */
  readonly writer: string;
  readonly prng: Prng;
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
  /** Tasks that are slow get few turns; when faults are over none is. */
  isSlow = true;
  readonly codecs: CodecFactory;
  readonly #checkpointsIn: CheckpointPlace;
  #disk: SimulatedDisk;
  readonly #users = new Set<ScheduledDisk>();
  #channels: ObservedChannels[] = [];
  #numbers = 0;

  constructor(parts: MachineParts) {
    this.scheduler = parts.scheduler;
    this.time = parts.time;
    this.trace = parts.trace;
    this.weather = parts.weather;
    this.verdict = parts.verdict;
    this.state = parts.state;
    this.codecs = parts.codecs;
    this.#checkpointsIn = parts.checkpointsIn;
    this.#disk = new SimulatedDisk(parts.trace.listeners);
  }

  get disk(): SimulatedDisk {
    return this.#disk;
  }

  /** The store of checkpoints and savepoints of a folder, for one user. */
  storesOf({ view, requests, fileSystem, writer, prng }: StoreUser): (folder: string) => ObjectStore {
    if (this.#checkpointsIn === 'files') return (folder) => new FileObjectStore(fileSystem, folder, writer);
    const parts = { disk: this.#disk, view, requests, prng, weather: this.weather };
    return (folder) => new WorldBucket(parts, folder);
  }

  /** Of what a world has many of: tasks, channels. */
  readonly nextNumber = (): number => this.#numbers++;

  /** The channels of an attempt that begins. */
  observedChannels(recordsBegun: boolean): ObservedChannels {
    const channels = new ObservedChannels(this.trace.listeners, this.nextNumber, recordsBegun);
    this.#channels = [...this.#channels.slice(-1), channels];
    return channels;
  }

  /** Looks whether the segments of the newest attempts are all where they belong. */
  auditChannels(): void {
    for (const channels of this.#channels) channels.audit();
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
