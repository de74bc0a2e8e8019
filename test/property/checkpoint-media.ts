import type { Prng } from '../../core/internal.js';
import { FileObjectStore, type ObjectStore } from '../../storage/index.js';
import {
  type DiskFault,
  type DiskFaultPlan,
  type DiskOperation,
  RandomDiskFaults,
} from '../simulation/disk-fault-plan.js';
import { SimulatedDisk } from '../simulation/simulated-disk.js';
import { SimulatedFileSystem } from '../simulation/simulated-file-system.js';
import { SimulatedBucket, SimulatedObjectStore } from '../simulation/simulated-object-store.js';

/** Where the worlds' processes keep their checkpoints, and how it fails. */
export interface Medium {
  /** A store for a new process. */
  connect(pid: number, isHealthy?: boolean): Connection;
  /** What the machine or network may do besides; false if this medium has no such thing. */
  crash(): boolean;
  landLate(): Promise<void>;
  /** From now on nothing fails. */
  heal(): void;
}

export interface Connection {
  readonly store: ObjectStore;
  kill(): void;
  /** Stands still until called with undefined. */
  pause(gate: Promise<void> | undefined): void;
}

class Gate implements DiskFaultPlan {
  readonly faults: RandomDiskFaults;
  until: Promise<void> | undefined;

  constructor(faults: RandomDiskFaults) {
    this.faults = faults;
  }

  faultOf(operation: DiskOperation): DiskFault | undefined {
    const fault = this.faults.faultOf(operation);
    return this.until === undefined ? fault : { kind: 'hold', until: this.until };
  }
}

const HEALTHY = { fail: 0, failAfter: 0, full: 0, slow: 0 };

export class DiskMedium implements Medium {
  readonly #prng: Prng;
  readonly #plans: Gate[] = [];
  #disk = new SimulatedDisk();
  #healthy = false;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  connect(pid: number, isHealthy = this.#healthy): Connection {
    const fault = this.#prng.pick([0, 0, 0.003, 0.01, 0.04]);
    const rates = isHealthy ? HEALTHY : { fail: fault, failAfter: fault, full: fault, slow: 0.3 };
    const plan = new Gate(new RandomDiskFaults(this.#prng.fork(), rates));
    this.#plans.push(plan);
    const view = new SimulatedFileSystem(this.#disk, { faults: plan });
    return {
      store: new FileObjectStore(view, '/checkpoints/job', String(pid)),
      kill: () => view.kill(),
      pause: (gate) => {
        plan.until = gate;
      },
    };
  }

  crash(): boolean {
    this.#disk = this.#disk.crash(this.#prng);
    return true;
  }

  async landLate(): Promise<void> {
    // A system call that has returned is over.
  }

  heal(): void {
    this.#healthy = true;
    for (const plan of this.#plans) plan.faults.rates = HEALTHY;
  }
}

export class BucketMedium implements Medium {
  readonly #prng: Prng;
  readonly #bucket = new SimulatedBucket();
  readonly #stores: SimulatedObjectStore[] = [];
  #healthy = false;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  connect(_pid: number, isHealthy = this.#healthy): Connection {
    const fault = isHealthy ? 0 : this.#prng.pick([0, 0, 0.005, 0.02, 0.06]);
    const rates = { lost: fault, answerLost: fault, late: fault, slow: 0.3 };
    const store = new SimulatedObjectStore(this.#bucket, this.#prng.fork(), rates);
    this.#stores.push(store);
    return {
      store,
      kill: () => store.kill(),
      pause: (gate) => {
        store.gate = gate;
      },
    };
  }

  crash(): boolean {
    return false;
  }

  landLate(): Promise<void> {
    return this.#bucket.landLate();
  }

  heal(): void {
    this.#healthy = true;
    for (const store of this.#stores) store.rates = { lost: 0, answerLost: 0, late: 0, slow: 0.3 };
  }
}
