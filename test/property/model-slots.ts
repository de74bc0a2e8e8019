import type { Prng } from '../../core/base/prng.js';
import type { JobGraph } from '../../core/graph/job-graph.js';
import type { JobEffect, JobEvent } from '../../core/job/job-protocol.js';
import { ResourceManager, type SlotGrant } from '../../core/job/resource-manager.js';
import {
  type LoadBalanceMode,
  slotCount,
  slotRequirements,
  type TaskPlacement,
} from '../../core/job/slot-sharing.js';
import type { TaskAddress } from '../../core/protocol/control-message.js';

/** How the slots of a model cluster are cut. */
export interface ModelSlotOptions {
  readonly perTaskManager: number;
  readonly mode: LoadBalanceMode;
  readonly requestTimeoutMs: number;
}

type Declaration = Extract<JobEffect, { type: 'declare-slots' }>;

/** The TaskManagers of a model cluster: the real resource manager, and what its one job hears of it, in order. */
export class ModelSlots {
  readonly #options: ModelSlotOptions;
  readonly #tell: (event: JobEvent) => void;
  readonly #manager: ResourceManager;
  readonly #needed: number;
  #placement: TaskPlacement | undefined;
  #count = 0;
  #declaration = 0;

  constructor(options: ModelSlotOptions, graph: JobGraph, tell: (event: JobEvent) => void) {
    this.#options = options;
    this.#tell = tell;
    this.#manager = new ResourceManager(options.mode);
    this.#needed = slotCount(slotRequirements(graph));
  }

  get ids(): readonly string[] {
    return this.#manager.taskManagers().map(({ id }) => id);
  }

  get suffice(): boolean {
    return this.ids.length * this.#options.perTaskManager >= this.#needed;
  }

  register(): void {
    this.#grant(this.#manager.register({ id: `tm-${++this.#count}`, slots: this.#options.perTaskManager }));
  }

  /** One of them has gone; the answer says which tasks with it. */
  lose(draw: Prng): (task: TaskAddress) => boolean {
    const id = this.ids[draw.below(Math.max(1, this.ids.length))];
    if (id !== undefined) this.#grant(this.#manager.unregister(id));
    return ({ vertexId, subtask }) =>
      id !== undefined && this.#placement?.[vertexId]?.[subtask]?.taskManagerId === id;
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
      const own = new Set(slots.map(({ taskManagerId, index }) => `${taskManagerId}/${index}`));
      if (own.size !== parallelism)
        throw new Error(`${name} has ${own.size} slots for ${parallelism} subtasks`);
    }
    return placement?.flat().every(({ taskManagerId }) => this.ids.includes(taskManagerId)) === true;
  }

  #grant(grants: readonly SlotGrant[]): void {
    const declaration = this.#declaration;
    for (const { slots } of grants) this.#tell({ type: 'slots-granted', declaration, slots });
  }
}
