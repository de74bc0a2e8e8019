import type { Prng } from '../../core/base/prng.js';
import type { JobGraph } from '../../core/graph/job-graph.js';
import type { JobEffect, JobEvent } from '../../core/job/job-protocol.js';
import { ResourceManager, type SlotGrant } from '../../core/job/resource-manager.js';
import {
  type GrantedSlot,
  type LoadBalanceMode,
  slotCount,
  slotKey,
  slotRequirements,
  type TaskPlacement,
} from '../../core/job/slot-sharing.js';
import type { TaskAddress } from '../../core/protocol/control-message.js';
import { must } from './model-rules.js';

/** How the slots of a model cluster are cut. */
export interface ModelSlotOptions {
  readonly perTaskManager: number;
  readonly mode: LoadBalanceMode;
  readonly requestTimeoutMs: number;
}

type Declaration = Extract<JobEffect, { type: 'declare-slots' }>;

const RIVAL = 'rival';

/**
 * The TaskManagers of a model cluster: the real resource manager, what its one job hears of it, in order, and another
 * job that wants slots as well.
 */
export class ModelSlots {
  readonly #options: ModelSlotOptions;
  readonly #tell: (event: JobEvent) => void;
  readonly #graph: JobGraph;
  readonly #manager: ResourceManager;
  readonly #needed: number;
  readonly #retiring = new Set<string>();
  #rivals: readonly GrantedSlot[] = [];
  #placement: TaskPlacement | undefined;
  #count = 0;
  #requests = 0;
  #declaration = 0;

  constructor(options: ModelSlotOptions, graph: JobGraph, tell: (event: JobEvent) => void) {
    this.#options = options;
    this.#tell = tell;
    this.#graph = graph;
    this.#manager = new ResourceManager(options.mode);
    this.#needed = slotCount(slotRequirements(graph));
  }

  get ids(): readonly string[] {
    return this.#manager.taskManagers().map(({ id }) => id);
  }

  /** One comes where there are too few slots; one that retires goes when no task is left on it. */
  get moves(): readonly (() => void)[] {
    const moves: (() => void)[] = [];
    if (this.#manager.within('model') < this.#needed) moves.push(() => this.#register());
    for (const id of this.#retiring)
      if (!this.#holds((slot) => slot.taskManagerId === id)) moves.push(() => this.#remove(id));
    return moves;
  }

  #register(): void {
    this.#grant(this.#manager.register({ id: `tm-${++this.#count}`, slots: this.#options.perTaskManager }));
  }

  #remove(id: string): void {
    this.#retiring.delete(id);
    this.#grant(this.#manager.unregister(id));
  }

  /**
   * A TaskManager goes or is about to, and the job is told to move; or the other job changes its mind. The answer says
   * which tasks have gone.
   */
  disturb(draw: Prng): (task: TaskAddress) => boolean {
    const id = this.ids[draw.below(Math.max(1, this.ids.length))];
    if (id === undefined) return () => false;
    if (draw.chance(0.3)) {
      this.#retiring.add(id);
      this.#grant(this.#manager.retire(id));
      this.#tell({ type: 'rescale-requested', requestId: ++this.#requests, graph: this.#graph });
      return () => false;
    }
    if (draw.chance(0.5)) {
      const count = draw.below(4);
      const returned = this.#rivals.slice(count);
      this.#grant(this.#manager.declare(RIVAL, [{ group: 'default', count }], returned));
      return () => false;
    }
    this.#remove(id);
    return ({ vertexId, subtask }) => this.#placement?.[vertexId]?.[subtask]?.taskManagerId === id;
  }

  declare({ declaration, requirements, returned }: Declaration): void {
    this.#declaration = declaration;
    this.#grant(this.#manager.declare('model', requirements, returned));
  }

  /** Whether tasks can be deployed so: a TaskManager may have gone of whose loss the master has not heard. */
  deploy(graph: JobGraph, placement: TaskPlacement | undefined): boolean {
    this.#placement = placement;
    for (const { id, name, parallelism } of graph.vertices) {
      const slots = placement?.[id] ?? [];
      const own = new Set(slots.map(slotKey));
      if (own.size !== parallelism)
        throw new Error(`${name} has ${own.size} slots for ${parallelism} subtasks`);
    }
    return placement?.flat().every(({ taskManagerId }) => this.ids.includes(taskManagerId)) === true;
  }

  /** Each of these tasks runs in a slot that is its job's, as long as there is its TaskManager. */
  check(tasks: readonly TaskAddress[]): void {
    for (const { vertexId, subtask } of tasks) {
      const slot = this.#placement?.[vertexId]?.[subtask];
      const isOwn = slot !== undefined && this.#holds((own) => slotKey(own) === slotKey(slot));
      must(
        isOwn || !this.ids.includes(slot?.taskManagerId ?? ''),
        `${vertexId}/${subtask} runs where it has no slot`,
      );
    }
  }

  /** Whether the job has such a slot. */
  #holds(isSuch: (slot: Pick<GrantedSlot, 'taskManagerId' | 'index'>) => boolean): boolean {
    return this.#manager
      .taskManagers()
      .some(({ id, allocated }) =>
        allocated.some(({ jobId, index }) => jobId === 'model' && isSuch({ taskManagerId: id, index })),
      );
  }

  #grant(grants: readonly SlotGrant[]): void {
    for (const { jobId, slots } of grants) {
      if (jobId === RIVAL) this.#rivals = slots;
      else this.#tell({ type: 'slots-granted', declaration: this.#declaration, slots });
    }
  }
}
