import {
  type GrantedSlot,
  type LoadBalanceMode,
  type RegisteredTaskManager,
  ResourceManager,
  type SlotGrant,
  type SlotRequirement,
  type TaskManagerSlots,
} from '../../core/internal.js';
import type { JobSlots } from './job-master-ports.js';

type OnGranted = (slots: readonly GrantedSlot[]) => void;

/**
 * The ResourceManager of a cluster, and the masters of its jobs, which it tells what they have.
 *
 * Invariants: a job is told of each change of what it has, in order; who has been released is told nothing.
 */
export class ClusterSlots {
  readonly #manager: ResourceManager;
  readonly #masters = new Map<string, OnGranted>();
  readonly #watchers = new Set<() => void>();

  constructor(mode: LoadBalanceMode) {
    this.#manager = new ResourceManager(mode);
  }

  register(taskManager: RegisteredTaskManager): void {
    this.#tell(this.#manager.register(taskManager));
  }

  /** It is about to go. */
  retire(taskManagerId: string): void {
    this.#tell(this.#manager.retire(taskManagerId));
  }

  /** It has gone. */
  unregister(taskManagerId: string): void {
    this.#tell(this.#manager.unregister(taskManagerId));
  }

  has(taskManagerId: string): boolean {
    return this.#manager.taskManagers().some(({ id }) => id === taskManagerId);
  }

  /** The jobs that have slots there. */
  holders(taskManagerId: string): readonly string[] {
    const allocated = this.#manager.taskManagers().find(({ id }) => id === taskManagerId)?.allocated ?? [];
    return [...new Set(allocated.map(({ jobId }) => jobId))];
  }

  /** As one job asks for them. */
  of(jobId: string): JobSlots {
    return {
      declare: (
        requirements: readonly SlotRequirement[],
        returned: readonly GrantedSlot[],
        onGranted: OnGranted,
      ) => {
        this.#masters.set(jobId, onGranted);
        this.#tell(this.#manager.declare(jobId, requirements, returned));
      },
    };
  }

  /** The job has ended. */
  release(jobId: string): void {
    this.#masters.delete(jobId);
    this.#tell(this.#manager.release(jobId));
  }

  /** How many slots the job could have. Infinity: as many as it needs. */
  within(jobId: string): number {
    return this.#manager.within(jobId);
  }

  taskManagers(): readonly TaskManagerSlots[] {
    return this.#manager.taskManagers();
  }

  /** Calls back after whatever has changed; the answer ends that. */
  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  #tell(grants: readonly SlotGrant[]): void {
    for (const { jobId, slots } of grants) this.#masters.get(jobId)?.(slots);
    for (const watcher of [...this.#watchers]) watcher();
  }
}
