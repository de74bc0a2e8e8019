import {
  type LoadBalanceMode,
  loadBalanceMode,
  MillraceError,
  type ResolvedOptions,
  type SlotResource,
  TASK_MANAGERS_MAX,
} from '../../core/internal.js';
import { resourceOf, taskManagerMemory, withTaskManagerDefaultSize } from '../../memory/index.js';
import type { TaskManagerStatus } from '../cluster/cluster-gateway.js';
import { ClusterSlots } from '../cluster/cluster-slots.js';
import { withDeadline } from './deadline.js';
import type { HostedJob } from './hosted-job.js';
import { SYSTEM_CLOCK } from './system-clock.js';

/** How long jobs have to leave a TaskManager in order. */
const RETIRING_MS = 20_000;

/** How the slots of a cluster are cut, and dealt out. */
export interface SlotLayout {
  /** Undefined: as many as are needed, and a job has the memory of its TaskManager for itself. */
  readonly perTaskManager: number | undefined;
  readonly mode: LoadBalanceMode;
}

/**
 * The TaskManagers of this process. They share its threads' kind, its disk and its heap; each has slots, network memory
 * and managed memory, and its state writers.
 *
 * Invariants: ids are never used again; the first one is called as the process's was when there was but one.
 */
export class LocalTaskManagers {
  readonly layout: SlotLayout;
  readonly slots: ClusterSlots;
  readonly configured: number;
  /** Of each. */
  readonly #resource: SlotResource;
  #count = 0;

  /** @throws MillraceError MR4002, MR4003 if the memory of a TaskManager is not configured as it can be */
  constructor({ configured, values }: ResolvedOptions) {
    const number = values['minicluster.number-of-taskmanagers'];
    const isCut = configured['taskmanager.numberOfTaskSlots'] !== undefined || number > 1;
    const spec = taskManagerMemory(withTaskManagerDefaultSize(configured));
    const { numberOfTaskSlots } = spec;
    this.#resource = resourceOf(spec);
    this.layout = {
      perTaskManager: isCut ? numberOfTaskSlots : undefined,
      mode: loadBalanceMode(values),
    };
    this.slots = new ClusterSlots(this.layout.mode);
    this.configured = number;
    this.resize(number);
  }

  get present(): number {
    return this.slots.taskManagers().length;
  }

  /** Before any job has slots. @throws MillraceError MR4002 if there may not be as many */
  resize(present: number): void {
    for (const { id } of this.slots.taskManagers().slice(present)) this.slots.unregister(id);
    while (this.present < present) this.add();
  }

  /** Another one, as those that there are. @throws MillraceError MR4002 if there are as many as there may be */
  add(): string {
    if (this.present >= TASK_MANAGERS_MAX) throw tooMany();
    this.#count++;
    const id = `taskmanager-${process.pid}${this.#count === 1 ? '' : `-${this.#count}`}`;
    const { perTaskManager: slots } = this.layout;
    this.slots.register({ id, slots, ...(slots !== undefined && { resource: this.#resource }) });
    return id;
  }

  /**
   * Takes one away. Its slots are given to nobody any more, and the adaptive ones of the jobs that have some go on
   * elsewhere, through a checkpoint; after so long, or where that comes to nothing, what still runs there is lost.
   * Rejects with MR7002 if there is none.
   */
  async terminate(id: string, jobs: ReadonlyMap<string, HostedJob>): Promise<void> {
    if (!this.slots.has(id)) throw notKnown(id);
    await this.#retire(id, jobs);
    if (!this.slots.has(id)) throw notKnown(id);
    this.slots.unregister(id);
    for (const { launcher } of jobs.values()) launcher.lose(id, taskManagerLost(id));
  }

  /** Until the adaptive jobs run elsewhere, or nothing is under way any more for those that do not. */
  async #retire(id: string, jobs: ReadonlyMap<string, HostedJob>): Promise<void> {
    this.slots.retire(id);
    const adaptive = this.slots.holders(id).flatMap((jobId) => {
      const job = jobs.get(jobId);
      return job?.scheduler === undefined ? [] : [job];
    });
    const gone = Promise.all(
      adaptive.map(async ({ rescaler }) => {
        await rescaler.adapt();
        // Somebody else's wish may have taken its place, and takes no slot there either.
        await rescaler.rest();
      }),
    );
    await withDeadline<unknown>(RETIRING_MS, (deadline) => Promise.race([gone, deadline]));
  }

  status(): readonly TaskManagerStatus[] {
    const heartbeatMs = SYSTEM_CLOCK.wallMs();
    return this.slots.taskManagers().map((taskManager) => ({ ...taskManager, heartbeatMs }));
  }
}

function tooMany(): MillraceError {
  return new MillraceError('MR4002', `The cluster has ${TASK_MANAGERS_MAX} TaskManagers.`, {
    why: 'a process has no more of them',
    hint: 'Raise taskmanager.numberOfTaskSlots, and each has more slots.',
  });
}

function notKnown(id: string): MillraceError {
  return new MillraceError('MR7002', `There is no TaskManager ${id}.`);
}

/** What its tasks end of. */
export function taskManagerLost(id: string): MillraceError {
  return new MillraceError('MR5015', `The TaskManager ${id} was lost.`, {
    why: 'it was taken out of the cluster',
  });
}
