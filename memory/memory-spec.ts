import { invariant } from '../core/internal.js';
import { type MemorySize, sumOf } from './memory-size.js';

/**
 * What the calculator gives back. Immutable.
 *
 * Invariants: the parts of total Flink memory add up to it; it, metaspace and overhead add up to total
 * process memory; every size is non-negative (MemorySize holds that).
 */

export type MemoryRole = 'taskmanager' | 'jobmanager';

/** Something a person should know about a plan that is nevertheless valid. */
export interface MemoryRemark {
  readonly level: 'info' | 'warning';
  readonly text: string;
}

/** The parts of a process around its Flink memory; the same for both roles. */
export interface ProcessMemory {
  readonly totalFlink: MemorySize;
  readonly jvmMetaspace: MemorySize;
  readonly jvmOverhead: MemorySize;
  readonly totalProcess: MemorySize;
}

/** The parts of a TaskManager's total Flink memory. */
export interface TaskManagerFlinkMemory {
  readonly frameworkHeap: MemorySize;
  readonly taskHeap: MemorySize;
  readonly frameworkOffHeap: MemorySize;
  readonly taskOffHeap: MemorySize;
  readonly network: MemorySize;
  readonly managed: MemorySize;
}

export interface TaskManagerMemory extends ProcessMemory, TaskManagerFlinkMemory {
  readonly role: 'taskmanager';
  readonly numberOfTaskSlots: number;
  readonly cpuCores: number;
  /** Bytes of a network segment. */
  readonly segmentSize: number;
  readonly remarks: readonly MemoryRemark[];
}

/** The parts of a JobManager's total Flink memory. */
export interface JobManagerFlinkMemory {
  readonly jvmHeap: MemorySize;
  readonly offHeap: MemorySize;
}

export interface JobManagerMemory extends ProcessMemory, JobManagerFlinkMemory {
  readonly role: 'jobmanager';
  readonly directMemoryLimit: boolean;
  readonly remarks: readonly MemoryRemark[];
}

export type ProcessMemorySpec = TaskManagerMemory | JobManagerMemory;

/** A slot's even share of the TaskManager, rounded down. */
export interface SlotMemory {
  readonly cpuCores: number;
  readonly taskHeap: MemorySize;
  readonly taskOffHeap: MemorySize;
  readonly network: MemorySize;
  readonly managed: MemorySize;
}

/** The fields of Flink's `memoryConfiguration`, in its order, in bytes. */
export type MemoryConfigurationFields = Readonly<Record<string, bigint>>;

export function totalFlinkOf(flink: TaskManagerFlinkMemory): MemorySize {
  return sumOf(
    flink.frameworkHeap,
    flink.frameworkOffHeap,
    flink.taskHeap,
    flink.taskOffHeap,
    flink.network,
    flink.managed,
  );
}

/** Puts a process around its Flink memory. @throws MillraceError MR4003 beyond 64 bits */
export function processMemoryOf(
  totalFlink: MemorySize,
  jvmMetaspace: MemorySize,
  jvmOverhead: MemorySize,
): ProcessMemory {
  return {
    totalFlink,
    jvmMetaspace,
    jvmOverhead,
    totalProcess: sumOf(totalFlink, jvmMetaspace, jvmOverhead),
  };
}

/** What a slot gets; all slots of a TaskManager are alike. */
export function slotMemory(spec: TaskManagerMemory): SlotMemory {
  const slots = spec.numberOfTaskSlots;
  invariant(slots >= 1, 'a TaskManager has at least one slot', { slots });
  return {
    cpuCores: spec.cpuCores / slots,
    taskHeap: spec.taskHeap.dividedBy(slots),
    taskOffHeap: spec.taskOffHeap.dividedBy(slots),
    network: spec.network.dividedBy(slots),
    managed: spec.managed.dividedBy(slots),
  };
}

/** What `millrace memory --json` prints and Flink's REST API calls `memoryConfiguration`. */
export function memoryConfigurationOf(spec: ProcessMemorySpec): MemoryConfigurationFields {
  const inFlink =
    spec.role === 'jobmanager'
      ? { jvmHeap: spec.jvmHeap.bytes, offHeap: spec.offHeap.bytes }
      : {
          frameworkHeap: spec.frameworkHeap.bytes,
          taskHeap: spec.taskHeap.bytes,
          frameworkOffHeap: spec.frameworkOffHeap.bytes,
          taskOffHeap: spec.taskOffHeap.bytes,
          networkMemory: spec.network.bytes,
          managedMemory: spec.managed.bytes,
        };
  return {
    ...inFlink,
    jvmMetaspace: spec.jvmMetaspace.bytes,
    jvmOverhead: spec.jvmOverhead.bytes,
    totalFlinkMemory: spec.totalFlink.bytes,
    totalProcessMemory: spec.totalProcess.bytes,
  };
}

/** The flags that Flink would start the JVM with. Managed memory and overhead are in none of them. */
export function jvmFlags(spec: ProcessMemorySpec): readonly string[] {
  const heap = spec.role === 'jobmanager' ? spec.jvmHeap : spec.frameworkHeap.plus(spec.taskHeap);
  const direct =
    spec.role === 'jobmanager'
      ? spec.directMemoryLimit
        ? spec.offHeap
        : undefined
      : sumOf(spec.frameworkOffHeap, spec.taskOffHeap, spec.network);
  return [
    `-Xmx${heap.bytes}`,
    `-Xms${heap.bytes}`,
    ...(direct === undefined ? [] : [`-XX:MaxDirectMemorySize=${direct.bytes}`]),
    `-XX:MaxMetaspaceSize=${spec.jvmMetaspace.bytes}`,
  ];
}
