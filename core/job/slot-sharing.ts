import { invariant } from '../base/invariant.js';
import type { JobGraph } from '../graph/job-graph.js';
import type { SlotResource } from './slot-resource.js';

/** So many slots for the subtasks of one sharing group. Plain data. */
export interface SlotRequirement {
  readonly group: string;
  readonly count: number;
  /** What each of them is to have; undefined: an equal share of its TaskManager. */
  readonly resource?: SlotResource;
}

/** A slot that a job was given: number `index` of its TaskManager. Plain data. */
export interface GrantedSlot {
  readonly taskManagerId: string;
  readonly index: number;
  readonly group: string;
  /** What it has of its TaskManager; undefined: an equal share. */
  readonly resource?: SlotResource;
  /** Its TaskManager is about to go: what is placed anew is placed elsewhere. */
  readonly retiring?: true;
}

/** `NONE`: TaskManagers are filled one after the other. `SLOTS`, `TASKS`: so many on each of them are alike. */
export type LoadBalanceMode = 'NONE' | 'SLOTS' | 'TASKS';

/** What shares one slot: at most one subtask of each vertex of a group. */
export interface SharedSlot {
  readonly group: string;
  readonly tasks: readonly { readonly vertexId: number; readonly subtask: number }[];
}

const NONE_IN_USE: ReadonlySet<string> = new Set();

/** By vertex id, then subtask: the slot in which it runs. Plain data. */
export type TaskPlacement = readonly (readonly GrantedSlot[])[];

/** As many as the highest parallelism of each group; groups in the order of their first vertex. */
export function slotRequirements({
  vertices,
  slotResources = {},
}: Pick<JobGraph, 'vertices' | 'slotResources'>): readonly SlotRequirement[] {
  const counts = new Map<string, number>();
  for (const { slotSharingGroup: group, parallelism } of vertices)
    counts.set(group, Math.max(counts.get(group) ?? 0, parallelism));
  return [...counts].map(([group, count]) => {
    const resource = slotResources[group];
    return { group, count, ...(resource && { resource }) };
  });
}

export function slotCount(requirements: readonly SlotRequirement[]): number {
  return requirements.reduce((sum, { count }) => sum + count, 0);
}

/** What satisfies both: of each group the larger number. */
export function unitedRequirements(
  a: readonly SlotRequirement[],
  b: readonly SlotRequirement[],
): readonly SlotRequirement[] {
  const united = new Map(a.map((requirement) => [requirement.group, requirement]));
  for (const requirement of b) {
    const { group, count } = requirement;
    united.set(group, { ...requirement, count: Math.max(united.get(group)?.count ?? 0, count) });
  }
  return [...united.values()];
}

/** Tells slots of a cluster apart. */
export function slotKey({ taskManagerId, index }: Pick<GrantedSlot, 'taskManagerId' | 'index'>): string {
  return `${taskManagerId}/${index}`;
}

/**
 * Which of its slots a job keeps that needs so many of a group, in their order: all that are in use, and of the others
 * those of TaskManagers that stay, as many as are needed; where load is balanced, the same number on each.
 * `inUse`: by {@link slotKey}.
 */
export function keptSlots(
  granted: readonly GrantedSlot[],
  { group, count }: Pick<SlotRequirement, 'group' | 'count'>,
  mode: LoadBalanceMode,
  inUse: ReadonlySet<string>,
): readonly GrantedSlot[] {
  const used = granted.filter((slot) => slot.group === group && inUse.has(slotKey(slot)));
  const spare = granted.filter(
    (slot) => slot.group === group && !inUse.has(slotKey(slot)) && slot.retiring !== true,
  );
  const missing = Math.max(0, count - used.length);
  const kept = new Set([...used, ...(mode === 'NONE' ? spare : levelled(spare, used)).slice(0, missing)]);
  return granted.filter((slot) => kept.has(slot));
}

/** Those first with which as many are taken of each TaskManager. */
function levelled(spare: readonly GrantedSlot[], used: readonly GrantedSlot[]): readonly GrantedSlot[] {
  const counts = new Map<string, number>();
  const rankOf = ({ taskManagerId }: GrantedSlot): number => {
    const rank = counts.get(taskManagerId) ?? 0;
    counts.set(taskManagerId, rank + 1);
    return rank;
  };
  for (const slot of used) rankOf(slot);
  return spare
    .map((slot) => ({ slot, rank: rankOf(slot) }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ slot }) => slot);
}

/**
 * Deals the tasks out to slots, in the order of {@link slotRequirements}. Subtask n shares its slot with subtask n of
 * its neighbours; `TASKS` puts what has fewer subtasks than its group has slots where the fewest tasks are.
 */
export function sharedSlots(graph: JobGraph, mode: LoadBalanceMode): readonly SharedSlot[] {
  return slotRequirements(graph).flatMap(({ group, count }) => {
    const slots = Array.from({ length: count }, () => [] as { vertexId: number; subtask: number }[]);
    for (const { id, slotSharingGroup, parallelism } of graph.vertices) {
      if (slotSharingGroup !== group) continue;
      const chosen = mode === 'TASKS' ? emptiest(slots, parallelism) : slots;
      for (let subtask = 0; subtask < parallelism; subtask++)
        chosen[subtask]?.push({ vertexId: id, subtask });
    }
    return slots.map((tasks) => ({ group, tasks }));
  });
}

/**
 * Where each task runs, all of them anew; undefined: of some group there are too few slots on TaskManagers that stay.
 *
 * `TASKS`: the slots with the most tasks go to the TaskManagers that have the fewest.
 */
export function placeTasks(
  graph: JobGraph,
  granted: readonly GrantedSlot[],
  mode: LoadBalanceMode,
): TaskPlacement | undefined {
  const free = new Map<string, GrantedSlot[]>();
  for (const requirement of slotRequirements(graph))
    free.set(requirement.group, [...keptSlots(granted, requirement, mode, NONE_IN_USE)]);
  const shared = sharedSlots(graph, mode);
  const ordered = mode === 'TASKS' ? shared.toSorted((a, b) => b.tasks.length - a.tasks.length) : shared;
  const load = new Map<string, number>();
  const placement: GrantedSlot[][] = graph.vertices.map(() => []);
  for (const { group, tasks } of ordered) {
    const slots = free.get(group) ?? [];
    const at = mode === 'TASKS' ? leastLoaded(slots, load) : 0;
    const [slot] = slots.splice(at, 1);
    if (slot === undefined) return undefined;
    load.set(slot.taskManagerId, (load.get(slot.taskManagerId) ?? 0) + tasks.length);
    for (const { vertexId, subtask } of tasks) {
      const subtasks = placement[vertexId];
      invariant(subtasks !== undefined, 'a slot is shared by tasks of its graph', { vertexId });
      subtasks[subtask] = slot;
    }
  }
  return placement;
}

/**
 * The same, with another slot of its group for each one that is gone, on a TaskManager that stays; undefined: of some
 * group there is none.
 */
export function replaceLost(
  placement: TaskPlacement,
  granted: readonly GrantedSlot[],
): TaskPlacement | undefined {
  const taken = new Set(placement.flat().map(slotKey));
  const present = new Set(granted.map(slotKey));
  const free = granted.filter((slot) => !taken.has(slotKey(slot)) && slot.retiring !== true);
  const others = new Map<string, GrantedSlot>();
  for (const slot of placement.flat()) {
    if (present.has(slotKey(slot)) || others.has(slotKey(slot))) continue;
    const at = free.findIndex(({ group }) => group === slot.group);
    const [other] = at < 0 ? [] : free.splice(at, 1);
    if (other === undefined) return undefined;
    others.set(slotKey(slot), other);
  }
  return placement.map((slots) => slots.map((slot) => others.get(slotKey(slot)) ?? slot));
}

/** So many of them, those with the fewest tasks first. */
function emptiest<T>(slots: readonly T[][], count: number): readonly T[][] {
  return slots.toSorted((a, b) => a.length - b.length).slice(0, count);
}

function leastLoaded(slots: readonly GrantedSlot[], load: ReadonlyMap<string, number>): number {
  const loads = slots.map(({ taskManagerId }) => load.get(taskManagerId) ?? 0);
  return Math.max(0, loads.indexOf(Math.min(...loads)));
}
