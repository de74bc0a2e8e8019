import { MillraceError } from '../core/internal.js';
import {
  isConfigured,
  type MemoryConfiguration,
  readDouble,
  readInteger,
  readMemorySize,
} from './memory-configuration.js';
import { MemorySize, sumOf } from './memory-size.js';
import type { MemoryRemark, TaskManagerFlinkMemory, TaskManagerMemory } from './memory-spec.js';
import { totalFlinkOf } from './memory-spec.js';
import { networkBeside, networkShare, requireNetworkConsistent } from './network-memory.js';
import { deriveProcessMemory, type ProcessMemoryOptions, withShippedProcessSize } from './process-memory.js';
import { rangeFraction, shareOf } from './range-fraction.js';
import { readSegmentSize } from './segment-size.js';

/**
 * The TaskManager's memory, derived from its configuration as Flink 2.2 does it, to the byte and to the
 * sentence. Pure.
 */

const TASK_HEAP = 'taskmanager.memory.task.heap.size';
const MANAGED = 'taskmanager.memory.managed.size';
const TOTAL_FLINK = 'taskmanager.memory.flink.size';
const SLOTS = 'taskmanager.numberOfTaskSlots';
const FRAMEWORK_HEAP = 'Framework Heap Memory';
const FRAMEWORK_OFF_HEAP = 'Framework Off-Heap Memory';

export const TASK_MANAGER_PROCESS_OPTIONS: ProcessMemoryOptions = {
  fineGrained: [TASK_HEAP, MANAGED],
  totalFlink: TOTAL_FLINK,
  totalProcess: 'taskmanager.memory.process.size',
  metaspace: 'taskmanager.memory.jvm-metaspace.size',
  overheadMin: 'taskmanager.memory.jvm-overhead.min',
  overheadMax: 'taskmanager.memory.jvm-overhead.max',
  overheadFraction: 'taskmanager.memory.jvm-overhead.fraction',
  shippedProcessSize: '1728m',
};

/**
 * Derives the whole plan of a TaskManager.
 *
 * @throws MillraceError MR4002 for a value that cannot be read, MR4003 for values that do not go together;
 *   `what` is Flink's sentence
 * @example
 * ```ts
 * const spec = taskManagerMemory({ 'taskmanager.memory.process.size': '1728m' });
 * spec.network.toString(); // '134217730 bytes'
 * ```
 */
export function taskManagerMemory(config: MemoryConfiguration): TaskManagerMemory {
  const remarks: MemoryRemark[] = [];
  const { flink, whole } = deriveProcessMemory(
    config,
    TASK_MANAGER_PROCESS_OPTIONS,
    { fromFineGrained, fromTotalFlink, totalOf: totalFlinkOf },
    remarks,
  );
  const slots = readSlots(config);
  const cpuCores = readDouble(config, 'taskmanager.cpu.cores') ?? slots;
  if (!(cpuCores > 0)) {
    throw new MillraceError(
      'MR4003',
      'TaskExecutors need to be started with a positive number of CPU cores.' +
        ' Please configure taskmanager.cpu.cores accordingly.',
    );
  }
  const segmentSize = readSegmentSize(config);
  return {
    role: 'taskmanager',
    ...whole,
    ...flink,
    numberOfTaskSlots: slots,
    cpuCores,
    segmentSize,
    remarks,
  };
}

/** The configuration with the shipped 1728m if it has no size of its own. */
export function withTaskManagerDefaultSize(config: MemoryConfiguration): MemoryConfiguration {
  return withShippedProcessSize(config, TASK_MANAGER_PROCESS_OPTIONS);
}

/** @throws MillraceError MR4003 if the parts are not what is configured; a rule of the calculator itself */
export function requireTotalFlink(flink: TaskManagerFlinkMemory, configured: MemorySize): void {
  const total = totalFlinkOf(flink);
  if (total.equals(configured)) return;
  throw new MillraceError(
    'MR4003',
    `Configured and Derived Flink internal memory sizes (total ${total.toHumanReadable()}) do not add up to the ` +
      `configured Total Flink Memory size (${configured.toHumanReadable()}). Configured and Derived Flink internal ` +
      `memory sizes are: ${named(FRAMEWORK_HEAP, flink.frameworkHeap)}, ` +
      `${named(FRAMEWORK_OFF_HEAP, flink.frameworkOffHeap)}, ${named('Task Heap Memory', flink.taskHeap)}, ` +
      `${named('Task Off-Heap Memory', flink.taskOffHeap)}, ${named('Network Memory', flink.network)}, ` +
      `${named('Managed Memory', flink.managed)}.`,
  );
}

/** Task heap and managed memory are configured; network memory is the rest, or a share beside the others. */
function fromFineGrained(config: MemoryConfiguration, remarks: MemoryRemark[]): TaskManagerFlinkMemory {
  const taskHeap = readMemorySize(config, TASK_HEAP);
  const managed = readMemorySize(config, MANAGED);
  const fixed = { ...readFixed(config), taskHeap, managed };
  const others = sumOf(fixed.frameworkHeap, fixed.frameworkOffHeap, taskHeap, fixed.taskOffHeap, managed);
  if (isConfigured(config, TOTAL_FLINK)) {
    return withNetworkAsRest(config, readMemorySize(config, TOTAL_FLINK), fixed, remarks);
  }
  return { ...fixed, network: networkBeside(config, others, remarks) };
}

/** Total Flink memory is known. */
function fromTotalFlink(
  config: MemoryConfiguration,
  totalFlink: MemorySize,
  remarks: MemoryRemark[],
): TaskManagerFlinkMemory {
  const fixed = readFixed(config);
  if (isConfigured(config, TASK_HEAP)) {
    const taskHeap = readMemorySize(config, TASK_HEAP);
    const managed = managedOf(config, totalFlink, remarks);
    return withNetworkAsRest(config, totalFlink, { ...fixed, taskHeap, managed }, remarks);
  }
  const managed = managedOf(config, totalFlink, remarks);
  const network = networkShare(config, totalFlink, remarks);
  const others = sumOf(fixed.frameworkHeap, fixed.frameworkOffHeap, fixed.taskOffHeap, managed, network);
  if (others.exceeds(totalFlink)) {
    throw new MillraceError(
      'MR4003',
      `Sum of configured ${named(FRAMEWORK_HEAP, fixed.frameworkHeap)}, ` +
        `${named(FRAMEWORK_OFF_HEAP, fixed.frameworkOffHeap)}, ${named('Task Off-Heap Memory', fixed.taskOffHeap)}, ` +
        `${named('Managed Memory', managed)} and ${named('Network Memory', network)} exceed configured ` +
        `${named('Total Flink Memory', totalFlink)}.`,
      { hint: 'Raise the total, or lower one of these.' },
    );
  }
  const flink = { ...fixed, taskHeap: totalFlink.minus(others), network, managed };
  requireTotalFlink(flink, totalFlink);
  return flink;
}

type FixedMemory = Pick<TaskManagerFlinkMemory, 'frameworkHeap' | 'frameworkOffHeap' | 'taskOffHeap'>;

/** What is configured or a constant, in Flink's order of reading. */
function readFixed(config: MemoryConfiguration): FixedMemory {
  const frameworkHeap = readMemorySize(config, 'taskmanager.memory.framework.heap.size');
  const frameworkOffHeap = readMemorySize(config, 'taskmanager.memory.framework.off-heap.size');
  const taskOffHeap = readMemorySize(config, 'taskmanager.memory.task.off-heap.size');
  return { frameworkHeap, frameworkOffHeap, taskOffHeap };
}

function withNetworkAsRest(
  config: MemoryConfiguration,
  totalFlink: MemorySize,
  others: Omit<TaskManagerFlinkMemory, 'network'>,
  remarks: MemoryRemark[],
): TaskManagerFlinkMemory {
  const { frameworkHeap, frameworkOffHeap, taskHeap, taskOffHeap, managed } = others;
  const sum = sumOf(frameworkHeap, frameworkOffHeap, taskHeap, taskOffHeap, managed);
  if (sum.exceeds(totalFlink)) {
    throw new MillraceError(
      'MR4003',
      `Sum of configured ${named(FRAMEWORK_HEAP, frameworkHeap)}, ${named(FRAMEWORK_OFF_HEAP, frameworkOffHeap)}, ` +
        `${named('Task Heap Memory', taskHeap)}, ${named('Task Off-Heap Memory', taskOffHeap)} and ` +
        `${named('Managed Memory', managed)} exceed configured ${named('Total Flink Memory', totalFlink)}.`,
      { hint: 'Raise the total, or lower one of these.' },
    );
  }
  const network = totalFlink.minus(sum);
  requireNetworkConsistent(config, network, totalFlink, remarks);
  const flink = { ...others, network };
  requireTotalFlink(flink, totalFlink);
  return flink;
}

function managedOf(config: MemoryConfiguration, totalFlink: MemorySize, remarks: MemoryRemark[]): MemorySize {
  if (isConfigured(config, MANAGED)) return readMemorySize(config, MANAGED);
  const range = rangeFraction(MemorySize.ZERO, MemorySize.MAX, 'taskmanager.memory.managed.fraction', config);
  return shareOf('managed memory', totalFlink, range, remarks);
}

/** -1 means 1: many configurations were written with it. */
function readSlots(config: MemoryConfiguration): number {
  const configured = readInteger(config, SLOTS);
  const slots = configured === -1 ? 1 : configured;
  if (slots >= 1) return slots;
  throw new MillraceError(
    'MR4003',
    `Invalid configuration value for ${SLOTS} : ${slots} - Number of task slots must be at least one.`,
  );
}

/** `Managed Memory (512.000mb (536870912 bytes))` */
function named(name: string, size: MemorySize): string {
  return `${name} (${size.toHumanReadable()})`;
}
