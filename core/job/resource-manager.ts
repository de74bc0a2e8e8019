import { invariant } from '../base/invariant.js';
import type { SlotResource } from './slot-resource.js';
import type { GrantedSlot, LoadBalanceMode, SlotRequirement } from './slot-sharing.js';
import { slotKey } from './slot-sharing.js';
import { TakenSlots } from './taken-slots.js';

/** A TaskManager as it registers. `slots` undefined: it has as many as its jobs need. */
export interface RegisteredTaskManager {
  readonly id: string;
  readonly slots: number | undefined;
  /** What its slots have together; undefined: nobody asks, as with slots without number. */
  readonly resource?: SlotResource;
}

/** A TaskManager and who has which of its slots. Plain data. */
export interface TaskManagerSlots {
  readonly id: string;
  /** All there are: of one that has as many as are needed, those that are taken, but one at the least. */
  readonly slots: number;
  readonly allocated: readonly {
    readonly index: number;
    readonly jobId: string;
    readonly group: string;
    /** Undefined: an equal share. */
    readonly resource?: SlotResource;
  }[];
}

/** What the job has from now on, all of it. */
export interface SlotGrant {
  readonly jobId: string;
  readonly slots: readonly GrantedSlot[];
}

interface DeclaredJob {
  requirements: readonly SlotRequirement[];
  granted: readonly GrantedSlot[];
}

/**
 * The slots of a cluster, and the jobs that they are given to. Jobs declare what they need and are told what they
 * have whenever that changes.
 *
 * Invariants:
 * - a slot is given to one job at a time, for one sharing group;
 * - a job is given of each group no more slots than it has declared, and keeps what it has until it gives it back;
 * - slots that are missing are given all at once, so no two jobs wait for each other's; who declared first is asked
 *   first, and who needs fewer may come before who needs more than there are;
 * - the slots of a TaskManager have no more together than it says that it has;
 * - slots of a TaskManager that has gone are gone, and all others stay with their jobs;
 * - nobody is given a slot of one that retires.
 */
export class ResourceManager {
  readonly #mode: LoadBalanceMode;
  /** In the order in which they registered. */
  readonly #taskManagers = new Map<string, RegisteredTaskManager>();
  readonly #retiring = new Set<string>();
  /** In the order in which they first declared. */
  readonly #jobs = new Map<string, DeclaredJob>();

  constructor(mode: LoadBalanceMode) {
    this.#mode = mode;
  }

  register(taskManager: RegisteredTaskManager): readonly SlotGrant[] {
    const { id, slots, resource } = taskManager;
    invariant(!this.#taskManagers.has(id), 'a TaskManager registers once', { id });
    invariant(slots === undefined || slots >= 1, 'a TaskManager has a slot', { id, slots });
    invariant(slots !== undefined || resource === undefined, 'slots without number have no size', { id });
    this.#taskManagers.set(id, taskManager);
    return this.#deal(new Set());
  }

  /**
   * It is about to go: what it has is given to nobody any more, and who has some of it is told. Nothing where it is
   * not known, or retires already.
   */
  retire(id: string): readonly SlotGrant[] {
    if (!this.#taskManagers.has(id) || this.#retiring.has(id)) return [];
    this.#retiring.add(id);
    const changed = new Set<string>();
    for (const [jobId, job] of this.#jobs) {
      if (!job.granted.some(({ taskManagerId }) => taskManagerId === id)) continue;
      changed.add(jobId);
      job.granted = job.granted.map((slot) =>
        slot.taskManagerId === id ? { ...slot, retiring: true } : slot,
      );
    }
    return this.#deal(changed);
  }

  /** It has gone, and what ran there. Nothing where it is not known. */
  unregister(id: string): readonly SlotGrant[] {
    if (!this.#taskManagers.delete(id)) return [];
    this.#retiring.delete(id);
    const changed = new Set<string>();
    for (const [jobId, job] of this.#jobs) {
      const left = job.granted.filter(({ taskManagerId }) => taskManagerId !== id);
      if (left.length < job.granted.length) changed.add(jobId);
      job.granted = left;
    }
    return this.#deal(changed);
  }

  /** What the job needs from now on, and what it gives back. The answer is for it in any case. */
  declare(
    jobId: string,
    requirements: readonly SlotRequirement[],
    returned: readonly GrantedSlot[] = [],
  ): readonly SlotGrant[] {
    const job = this.#jobs.get(jobId) ?? { requirements, granted: [] };
    const back = new Set(returned.map(slotKey));
    job.requirements = requirements;
    job.granted = job.granted.filter((slot) => !back.has(slotKey(slot)));
    this.#jobs.set(jobId, job);
    return this.#deal(new Set([jobId]));
  }

  /** The job has ended. Nothing where it is not known. */
  release(jobId: string): readonly SlotGrant[] {
    return this.#jobs.delete(jobId) ? this.#deal(new Set()) : [];
  }

  /**
   * How many slots the job could have: its own and those that are free, on TaskManagers that stay. Infinity: as many as
   * it needs.
   */
  within(jobId: string): number {
    if (this.#elastic().length > 0) return Number.POSITIVE_INFINITY;
    const own = this.#jobs.get(jobId)?.granted.filter(({ retiring }) => retiring !== true).length ?? 0;
    return this.taskManagers()
      .filter(({ id }) => !this.#retiring.has(id))
      .reduce((sum, { slots, allocated }) => sum + slots - allocated.length, own);
  }

  /** In the order in which they registered. */
  taskManagers(): readonly TaskManagerSlots[] {
    return [...this.#taskManagers.values()].map(({ id, slots }) => {
      const allocated = [...this.#jobs].flatMap(([jobId, { granted }]) =>
        granted
          .filter(({ taskManagerId }) => taskManagerId === id)
          .map(({ index, group, resource }) => ({ index, jobId, group, ...(resource && { resource }) })),
      );
      return { id, slots: slots ?? Math.max(1, allocated.length), allocated };
    });
  }

  /** Gives what is missing where all of it is there; tells also whom something was taken from. */
  #deal(changed: Set<string>): readonly SlotGrant[] {
    for (const [jobId, job] of this.#jobs) {
      const missing = job.requirements.flatMap((requirement) =>
        Array.from(
          { length: requirement.count - countOf(job.granted, requirement.group) },
          () => requirement,
        ),
      );
      const given = missing.length > 0 && this.#choose(job, missing);
      if (!given) continue;
      job.granted = this.#inOrder([...job.granted, ...given]);
      const lacks = job.requirements.find(({ group, count }) => countOf(job.granted, group) < count);
      invariant(lacks === undefined, 'a grant is whole', { jobId, ...lacks });
      changed.add(jobId);
    }
    return [...changed].map((jobId) => ({ jobId, slots: this.#jobs.get(jobId)?.granted ?? [] }));
  }

  /** A free slot for each of these, or undefined. Those that ask for much come first. */
  #choose(job: DeclaredJob, missing: readonly SlotRequirement[]): readonly GrantedSlot[] | undefined {
    const all = [...this.#jobs.values()].flatMap(({ granted }) => granted);
    const taken = new TakenSlots(this.#taskManagers.values(), all);
    const chosen: GrantedSlot[] = [];
    const elastic = this.#elasticFor(job, taken);
    for (const { group, resource } of missing.toSorted((a, b) => heapOf(b) - heapOf(a))) {
      const taskManager = elastic ?? this.#next(taken, resource);
      if (taskManager === undefined) return undefined;
      chosen.push({ ...taken.take(taskManager, resource), group });
    }
    return chosen;
  }

  /** One with such a free slot: the first, or the one of which the least is taken. */
  #next(taken: TakenSlots, resource: SlotResource | undefined): RegisteredTaskManager | undefined {
    const shares = [...this.#taskManagers.values()].flatMap((taskManager) => {
      const { id, slots } = taskManager;
      const may = slots !== undefined && !this.#retiring.has(id) && taken.has(taskManager, resource);
      return may ? [{ taskManager, share: taken.count(taskManager) / slots }] : [];
    });
    const least =
      this.#mode === 'NONE'
        ? 0
        : shares.reduce((at, { share }, i) => (share < (shares[at]?.share ?? 1) ? i : at), 0);
    return shares[least]?.taskManager;
  }

  /** A job that is given as many slots as it needs has them all in one place. */
  #elasticFor({ granted }: DeclaredJob, taken: TakenSlots): RegisteredTaskManager | undefined {
    const all = this.#elastic();
    const own = all.find(({ id }) => granted.some(({ taskManagerId }) => taskManagerId === id));
    return own ?? all.toSorted((a, b) => taken.count(a) - taken.count(b))[0];
  }

  #elastic(): RegisteredTaskManager[] {
    return [...this.#taskManagers.values()].filter(
      ({ id, slots }) => slots === undefined && !this.#retiring.has(id),
    );
  }

  /** By TaskManager in the order of their registration, then by number; so what runs where says little of chance. */
  #inOrder(slots: readonly GrantedSlot[]): readonly GrantedSlot[] {
    const order = [...this.#taskManagers.keys()];
    return slots.toSorted(
      (a, b) => order.indexOf(a.taskManagerId) - order.indexOf(b.taskManagerId) || a.index - b.index,
    );
  }
}

function heapOf({ resource }: SlotRequirement): number {
  return resource?.taskHeapBytes ?? 0;
}

function countOf(granted: readonly GrantedSlot[], group: string): number {
  return granted.filter((slot) => slot.group === group).length;
}
