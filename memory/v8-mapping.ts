import { excessOf, invariant, MillraceError, type SlotResource, withoutResource } from '../core/internal.js';
import { type MemoryConfiguration, readMemorySize } from './memory-configuration.js';
import { MemorySize } from './memory-size.js';
import { slotMemory, type TaskManagerMemory } from './memory-spec.js';
import {
  bufferDemand,
  DEFAULT_NETWORK_BUFFER_OPTIONS,
  type NetworkBufferOptions,
  requireBuffers,
  segmentCount,
  type TaskChannels,
} from './network-buffers.js';

/**
 * A TaskManager's plan on Node: framework heap is the heap of the control thread; task heap is divided
 * over the threads of a job's tasks; network memory is the pool of segments; managed memory is shared out
 * to the tasks that keep state.
 *
 * Invariants: the heaps of all task threads together do not exceed the task heap; the segments of the
 * pool do not exceed the network memory; the managed shares do not exceed the managed memory.
 */

/** What worker_threads calls resourceLimits; both in MiB. */
export interface V8HeapLimits {
  readonly maxOldGenerationSizeMb: number;
  readonly maxYoungGenerationSizeMb: number;
}

/**
 * The state writer has no rows on its heap: they come and go as bytes. What it needs is for modules, those
 * that a user's `--import` brings into every thread included, which 32 MiB do not hold. It counts as overhead.
 */
export const STATE_WRITER_HEAP: V8HeapLimits = Object.freeze({
  maxOldGenerationSizeMb: 128,
  maxYoungGenerationSizeMb: 16,
});

/** The least heap in which a task runs. */
const FLOOR: V8HeapLimits = Object.freeze({ maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 8 });

/** V8's own default; a larger young generation lengthens its pauses. */
const YOUNG_MAX_MB = 48;
const OLD_MAX_MB = 16_384;

/**
 * The heap sizes that task threads come in, smallest first. They are few (four to a doubling), so that a
 * thread warmed in advance fits the next job as well.
 */
const HEAP_CLASSES: readonly V8HeapLimits[] = heapClasses();

/** MiB that a task thread needs at the least. */
export const TASK_HEAP_FLOOR_MB = FLOOR.maxOldGenerationSizeMb + FLOOR.maxYoungGenerationSizeMb;

const CONTROL_YOUNG_MB = 16;

/** One vertex of a job: its subtasks, and whether they take a share of the managed memory. */
export interface VertexDemand {
  readonly name: string;
  readonly keepsState: boolean;
  readonly subtasks: readonly TaskChannels[];
  /** Its sharing group says what its slots are to have. */
  readonly sized?: boolean;
}

/** What shares one slot. */
export interface SlotDemand {
  readonly tasks: number;
  /** Of these, those that keep state. */
  readonly stateful: number;
  /** Segments that its tasks, as producers, cannot run without. */
  readonly segments: number;
  /** Its sharing group says what it is to have. */
  readonly sized?: boolean;
}

/** A sharing group that says what its slots are to have; the numbers are those of the slot with the most tasks. */
export interface GroupDemand {
  readonly name: string;
  readonly slots: number;
  readonly tasks: number;
  readonly stateful: number;
  readonly resource: SlotResource;
}

/** What the tasks of such a group run with. */
export interface GroupPlan {
  readonly taskHeap: V8HeapLimits;
  readonly managedPerTask: number;
}

/** What a job asks of its TaskManagers. */
export interface JobDemand {
  readonly vertices: readonly VertexDemand[];
  /** Each is to fit into one slot, of which each TaskManager has a number; undefined: the job has one for itself. */
  readonly slots?: readonly SlotDemand[] | undefined;
  readonly groups?: readonly GroupDemand[];
}

/** What a job runs with. Plain data: it is sent to the threads. */
export interface RuntimePlan {
  readonly taskThreads: number;
  readonly taskHeap: V8HeapLimits;
  readonly controlHeap: V8HeapLimits;
  readonly segmentSize: number;
  /** Of a TaskManager, or of a slot where the job has not got one for itself. */
  readonly segmentCount: number;
  /** Of these, what the job cannot run without. */
  readonly segmentsRequired: number;
  /** What the job could make use of. */
  readonly segmentsMax: number;
  /** Bytes for the state of one subtask; 0 if none keeps state. */
  readonly managedPerTask: number;
  /** For the tasks of sharing groups that say what they are to have, in place of the heap and the bytes above. */
  readonly groups: Readonly<Record<string, GroupPlan>>;
}

/**
 * Maps a plan on the threads of a job, before any of them starts.
 *
 * @throws MillraceError MR4005 if a thread would get less heap than it needs, naming the parallelism that
 *   fits; MR4004 if there are too few segments; MR4007 if sharing groups ask for more than there is
 */
export function planRuntime(
  spec: TaskManagerMemory,
  demand: JobDemand,
  options: NetworkBufferOptions = DEFAULT_NETWORK_BUFFER_OPTIONS,
): RuntimePlan {
  const parallelisms = demand.vertices.map((vertex) => vertex.subtasks.length);
  const taskThreads = sum(parallelisms);
  invariant(taskThreads >= 1, 'a job has a task', { vertices: demand.vertices.length });
  const groups = planGroups(spec, demand);
  if (demand.slots !== undefined) return planSlots(spec, { ...demand, slots: demand.slots }, groups);
  const unsized = demand.vertices.filter(({ sized }) => sized !== true);
  const rest = restOf(spec, demand.groups ?? []);
  const sharing = unsized.map(({ subtasks }) => subtasks.length);
  const taskHeap = sharing.length === 0 ? FLOOR : taskHeapLimits(rest, sharing);
  const buffers = bufferDemand(
    demand.vertices.flatMap((vertex) => vertex.subtasks),
    options,
  );
  const segments = segmentCount(spec);
  requireBuffers(buffers.required, segments, spec);
  const plan: RuntimePlan = Object.freeze({
    taskThreads,
    taskHeap,
    controlHeap: controlHeapLimits(spec.frameworkHeap),
    segmentSize: spec.segmentSize,
    segmentCount: segments,
    segmentsRequired: buffers.required,
    segmentsMax: buffers.max,
    managedPerTask: managedShare(rest, unsized, Math.max(...sharing)),
    groups,
  });
  invariant(
    MemorySize.mebibytes(sum(sharing) * totalMb(taskHeap)).bytes <= rest.taskHeap.bytes,
    'the heaps of the task threads lie within the task heap',
    { taskThreads, each: totalMb(taskHeap), taskHeap: rest.taskHeap },
  );
  invariant(
    plan.segmentCount * plan.segmentSize <= spec.network.toNumber(),
    'the segments lie within the network memory',
    { segmentCount: plan.segmentCount, segmentSize: plan.segmentSize, network: spec.network },
  );
  return plan;
}

/**
 * As above, where a slot has an equal share of its TaskManager's memory, and its tasks share that: so whichever slots
 * the job is given, and whoever has the others, it fits.
 */
function planSlots(
  spec: TaskManagerMemory,
  { slots, vertices }: JobDemand & { readonly slots: readonly SlotDemand[] },
  groups: RuntimePlan['groups'],
): RuntimePlan {
  const taskThreads = sum(vertices.map(({ subtasks }) => subtasks.length));
  const most = (what: (slot: SlotDemand) => number): number => Math.max(0, ...slots.map(what));
  const tasks = Math.max(
    1,
    most((slot) => (slot.sized ? 0 : slot.tasks)),
  );
  const stateful = most((slot) => (slot.sized ? 0 : slot.stateful));
  const slot = slotMemory(spec);
  const segments = Math.floor(segmentCount(spec) / spec.numberOfTaskSlots);
  const segmentsRequired = most((each) => each.segments);
  requireBuffers(segmentsRequired, segments, spec);
  const taskHeap = heapClassFor(slot.taskHeap, tasks);
  if (taskHeap === undefined) {
    const needed = MemorySize.mebibytes(TASK_HEAP_FLOOR_MB * tasks * spec.numberOfTaskSlots);
    throw new MillraceError(
      'MR4005',
      `The task heap of a slot (${slot.taskHeap.toHumanReadable()}) is shared by ${tasks} task threads, and a ` +
        `thread needs ${TASK_HEAP_FLOOR_MB} MiB.`,
      {
        hint:
          'Lower taskmanager.numberOfTaskSlots, or raise taskmanager.memory.process.size until the task heap is ' +
          `${needed.toShort()} or more.`,
      },
    );
  }
  const plan: RuntimePlan = Object.freeze({
    taskThreads,
    taskHeap,
    controlHeap: controlHeapLimits(spec.frameworkHeap),
    segmentSize: spec.segmentSize,
    segmentCount: segments,
    segmentsRequired,
    segmentsMax: segments,
    managedPerTask: stateful === 0 ? 0 : slot.managed.dividedBy(stateful).toNumber(),
    groups,
  });
  invariant(
    MemorySize.mebibytes(tasks * totalMb(taskHeap)).bytes <= slot.taskHeap.bytes,
    'the heaps of the tasks of a slot lie within its task heap',
    { tasks, each: totalMb(taskHeap), taskHeap: slot.taskHeap },
  );
  return plan;
}

/** What slots can have of a TaskManager together. */
export function resourceOf(spec: TaskManagerMemory): SlotResource {
  return {
    cpuCores: spec.cpuCores,
    taskHeapBytes: spec.taskHeap.toNumber(),
    taskOffHeapBytes: spec.taskOffHeap.toNumber(),
    managedBytes: spec.managed.toNumber(),
  };
}

/** Each slot of such a group must fit into a TaskManager, and its tasks into the slot. */
function planGroups(spec: TaskManagerMemory, { groups = [], slots }: JobDemand): RuntimePlan['groups'] {
  const plans = groups.map(({ name, tasks, stateful, resource }): [string, GroupPlan] => {
    // Without slots nobody adds processors up.
    const asked = slots === undefined ? { ...resource, cpuCores: 0 } : resource;
    const excess = excessOf(asked, resourceOf(spec));
    if (excess !== undefined) throw asksTooMuch(name, resource, excess, resourceOf(spec));
    const taskHeap = heapClassFor(new MemorySize(BigInt(resource.taskHeapBytes)), tasks);
    if (taskHeap === undefined) {
      throw new MillraceError(
        'MR4005',
        `A slot of the sharing group '${name}' has ${tasks} task threads, and a thread needs ${TASK_HEAP_FLOOR_MB} MiB.`,
        { hint: `Set its task heap to ${tasks * TASK_HEAP_FLOOR_MB} MB or more.` },
      );
    }
    const managedPerTask = stateful === 0 ? 0 : Math.floor(resource.managedBytes / stateful);
    return [name, Object.freeze({ taskHeap, managedPerTask })];
  });
  return Object.freeze(Object.fromEntries(plans));
}

/** What is left for groups that say nothing, where the job has the TaskManager for itself. */
function restOf(spec: TaskManagerMemory, groups: readonly GroupDemand[]): TaskManagerMemory {
  let left = resourceOf(spec);
  for (const { name, slots, resource } of groups)
    for (let slot = 0; slot < slots; slot++) {
      const excess = excessOf({ ...resource, cpuCores: left.cpuCores }, left);
      if (excess !== undefined) throw asksTooMuch(name, resource, excess, left);
      left = withoutResource(left, resource);
    }
  if (groups.length === 0) return spec;
  return {
    ...spec,
    taskHeap: new MemorySize(BigInt(left.taskHeapBytes)),
    managed: new MemorySize(BigInt(left.managedBytes)),
  };
}

function asksTooMuch(
  name: string,
  asked: SlotResource,
  excess: keyof SlotResource,
  left: SlotResource,
): MillraceError {
  return new MillraceError('MR4007', `A slot of the sharing group '${name}' cannot be had.`, {
    why: `It asks for ${excess} ${asked[excess]}, and its TaskManager has ${left[excess]} for it.`,
    hint: 'Ask for less, lower the parallelism, or raise taskmanager.memory.process.size (taskmanager.cpu.cores).',
  });
}

/** The largest heap class of which `threads` fit into the task heap; undefined if the least does not. */
export function heapClassFor(taskHeap: MemorySize, threads: number): V8HeapLimits | undefined {
  const shareMb = Number(taskHeap.dividedBy(threads).bytes >> 20n);
  return HEAP_CLASSES.findLast((heapClass) => totalMb(heapClass) <= shareMb);
}

/** How many task threads of the least heap class fit into the task heap. */
export function threadsThatFit(taskHeap: MemorySize): number {
  return Number(taskHeap.bytes / MemorySize.mebibytes(TASK_HEAP_FLOOR_MB).bytes);
}

/**
 * The control thread gets the framework heap to the MiB, and the least heap if that is less. A graph builder,
 * which is there before any task is, gets as much.
 */
export function controlHeapLimits(frameworkHeap: MemorySize): V8HeapLimits {
  const mb = Number(frameworkHeap.bytes >> 20n);
  if (mb < FLOOR.maxOldGenerationSizeMb + CONTROL_YOUNG_MB) return FLOOR;
  return { maxOldGenerationSizeMb: mb - CONTROL_YOUNG_MB, maxYoungGenerationSizeMb: CONTROL_YOUNG_MB };
}

/**
 * The same from what is configured, before there is a job: the framework heap depends on no other size.
 *
 * @throws MillraceError MR4002 if the configured size cannot be read
 */
export function configuredControlHeap(config: MemoryConfiguration): V8HeapLimits {
  return controlHeapLimits(readMemorySize(config, 'taskmanager.memory.framework.heap.size'));
}

/**
 * Why this plan could not run even the smallest job, a source and a sink on two threads: one line for
 * each reason. Flink would start with it, so this is a warning and no error.
 */
export function tooSmallToRun(spec: TaskManagerMemory): readonly string[] {
  const reasons: string[] = [];
  const threads = threadsThatFit(spec.taskHeap);
  if (threads < 1) {
    reasons.push(
      `The task heap (${spec.taskHeap.toHumanReadable()}) is too small to run a task: ` +
        `a task thread needs ${TASK_HEAP_FLOOR_MB} MiB.`,
    );
  }
  const smallest = bufferDemand([
    { gates: [], partitions: [1] },
    { gates: [1], partitions: [] },
  ]);
  if (segmentCount(spec) < smallest.required) {
    reasons.push(
      `The network memory (${spec.network.toHumanReadable()}) holds ${segmentCount(spec)} segments of ` +
        `${spec.segmentSize} bytes; two connected tasks need ${smallest.required}.`,
    );
  }
  return reasons;
}

function taskHeapLimits(spec: TaskManagerMemory, parallelisms: readonly number[]): V8HeapLimits {
  const threads = sum(parallelisms);
  const heapClass = heapClassFor(spec.taskHeap, threads);
  if (heapClass !== undefined) return heapClass;
  const fitting = parallelismThatFits(parallelisms, threadsThatFit(spec.taskHeap));
  const needed = MemorySize.mebibytes(TASK_HEAP_FLOOR_MB * threads);
  throw new MillraceError(
    'MR4005',
    `The task heap (${spec.taskHeap.toHumanReadable()}) divided over ${threads} task threads is ` +
      `${spec.taskHeap.dividedBy(threads).toShort()} each, and a thread needs ${TASK_HEAP_FLOOR_MB} MiB ` +
      `(${FLOOR.maxOldGenerationSizeMb} old and ${FLOOR.maxYoungGenerationSizeMb} young generation).`,
    {
      hint:
        `${fitting >= 1 ? `Lower the parallelism to ${fitting}, or raise` : 'Raise'} ` +
        `taskmanager.memory.process.size until the task heap is ${needed.toShort()} or more.`,
    },
  );
}

/** The highest parallelism at which no more than `threads` run, if it is lowered for all vertices alike. */
function parallelismThatFits(parallelisms: readonly number[], threads: number): number {
  let fitting = Math.max(...parallelisms);
  while (fitting > 0 && sum(parallelisms.map((own) => Math.min(own, fitting))) > threads) fitting--;
  return fitting;
}

/**
 * Managed memory is divided over the slots, and a slot's over the subtasks in it that keep state. There
 * are as many slots as configured, or as the job needs if that is more.
 */
function managedShare(
  spec: TaskManagerMemory,
  vertices: readonly VertexDemand[],
  parallelism: number,
): number {
  const consumers = vertices.filter((vertex) => vertex.keepsState).length;
  if (consumers === 0) return 0;
  const slots = Math.max(spec.numberOfTaskSlots, parallelism);
  return spec.managed.dividedBy(slots).dividedBy(consumers).toNumber();
}

function heapClasses(): readonly V8HeapLimits[] {
  const classes: V8HeapLimits[] = [];
  for (let octave = FLOOR.maxOldGenerationSizeMb; octave < OLD_MAX_MB; octave *= 2) {
    for (let quarter = 4; quarter < 8; quarter++) {
      const old = (octave * quarter) / 4;
      const young = Math.min(
        Math.max(8 * Math.round(old / 64), FLOOR.maxYoungGenerationSizeMb),
        YOUNG_MAX_MB,
      );
      classes.push(Object.freeze({ maxOldGenerationSizeMb: old, maxYoungGenerationSizeMb: young }));
    }
  }
  classes.push(Object.freeze({ maxOldGenerationSizeMb: OLD_MAX_MB, maxYoungGenerationSizeMb: YOUNG_MAX_MB }));
  return classes;
}

function totalMb(limits: V8HeapLimits): number {
  return limits.maxOldGenerationSizeMb + limits.maxYoungGenerationSizeMb;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
