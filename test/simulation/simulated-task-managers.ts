import { ClusterSlots } from '../../actors/cluster/cluster-slots.js';
import type { JobSlots } from '../../actors/cluster/job-master-ports.js';
import type { LoadBalanceMode, SlotConfig } from '../../core/internal.js';

/** What a process has for its job's tasks. All drawn. */
export interface SlotOptions {
  /** Of each TaskManager; Infinity: as many as are needed. */
  readonly each: number;
  readonly mode: LoadBalanceMode;
}

/**
 * The two TaskManagers of a process, one of which may go and come back under another name.
 *
 * Invariant: whoever is there is registered, at most once.
 */
export class SimulatedTaskManagers {
  readonly #options: SlotOptions;
  readonly #slots: ClusterSlots;
  readonly #ids: (string | undefined)[] = [undefined, undefined];
  #registered = 0;

  constructor(options: SlotOptions) {
    this.#options = options;
    this.#slots = new ClusterSlots(options.mode);
    for (const number of this.#ids.keys()) this.comeBack(number);
  }

  /** A job waits for its slots as long as it takes: whoever has gone comes back. */
  get config(): SlotConfig {
    return { requestTimeoutMs: Number.POSITIVE_INFINITY, mode: this.#options.mode };
  }

  of(jobId: string): JobSlots {
    return this.#slots.of(jobId);
  }

  /** Undefined: it is gone. */
  idOf(number: number): string | undefined {
    return this.#ids[number];
  }

  has(id: string): boolean {
    return this.#ids.includes(id);
  }

  /** It is about to go. */
  retire(number: number): void {
    const id = this.#ids[number];
    if (id !== undefined) this.#slots.retire(id);
  }

  /** It has gone, with all that ran there. */
  leave(number: number): void {
    const id = this.#ids[number];
    if (id === undefined) return;
    this.#ids[number] = undefined;
    this.#slots.unregister(id);
  }

  comeBack(number: number): void {
    if (this.#ids[number] !== undefined) return;
    const id = `taskmanager-${++this.#registered}`;
    this.#ids[number] = id;
    const { each } = this.#options;
    this.#slots.register({ id, slots: Number.isFinite(each) ? each : undefined });
  }
}
