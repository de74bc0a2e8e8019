/**
 * What a slot is to have of its TaskManager, apart from network memory, of which each slot has an equal share. Plain
 * data.
 */
export interface SlotResource {
  /** Shares of processors; noted and added up, since threads of one process are not held to them. */
  readonly cpuCores: number;
  readonly taskHeapBytes: number;
  readonly taskOffHeapBytes: number;
  readonly managedBytes: number;
}

const FIELDS = ['cpuCores', 'taskHeapBytes', 'taskOffHeapBytes', 'managedBytes'] as const;
/** Parts of a processor add up with rounding. */
const CORES_ROUNDING = 1e-9;

/** The first of its sizes that is more than there is; undefined: it fits. */
export function excessOf(asked: SlotResource, free: SlotResource): keyof SlotResource | undefined {
  return FIELDS.find((field) => asked[field] > free[field] + CORES_ROUNDING);
}

export function withoutResource(from: SlotResource, taken: SlotResource): SlotResource {
  return {
    cpuCores: from.cpuCores - taken.cpuCores,
    taskHeapBytes: from.taskHeapBytes - taken.taskHeapBytes,
    taskOffHeapBytes: from.taskOffHeapBytes - taken.taskOffHeapBytes,
    managedBytes: from.managedBytes - taken.managedBytes,
  };
}

/** One of so many equal parts, in whole bytes. */
export function equalShare(of: SlotResource, parts: number): SlotResource {
  return {
    cpuCores: of.cpuCores / parts,
    taskHeapBytes: Math.floor(of.taskHeapBytes / parts),
    taskOffHeapBytes: Math.floor(of.taskOffHeapBytes / parts),
    managedBytes: Math.floor(of.managedBytes / parts),
  };
}
