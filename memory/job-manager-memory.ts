import { MillraceError } from '../core/internal.js';
import {
  isConfigured,
  type MemoryConfiguration,
  readBoolean,
  readLong,
  readMemorySize,
} from './memory-configuration.js';
import { MemorySize } from './memory-size.js';
import type { JobManagerFlinkMemory, JobManagerMemory, MemoryRemark } from './memory-spec.js';
import { deriveProcessMemory, type ProcessMemoryOptions, withShippedProcessSize } from './process-memory.js';

/** The JobManager's memory, derived from its configuration as Flink 2.2 does it. Pure. */

const HEAP = 'jobmanager.memory.heap.size';
const OFF_HEAP = 'jobmanager.memory.off-heap.size';
const TOTAL_FLINK = 'jobmanager.memory.flink.size';
const CACHE = 'jobstore.cache-size';

/** A smaller heap is warned of. */
const HEAP_MIN = MemorySize.mebibytes(128);

const JOB_MANAGER_PROCESS_OPTIONS: ProcessMemoryOptions = {
  fineGrained: [HEAP],
  totalFlink: TOTAL_FLINK,
  totalProcess: 'jobmanager.memory.process.size',
  metaspace: 'jobmanager.memory.jvm-metaspace.size',
  overheadMin: 'jobmanager.memory.jvm-overhead.min',
  overheadMax: 'jobmanager.memory.jvm-overhead.max',
  overheadFraction: 'jobmanager.memory.jvm-overhead.fraction',
  shippedProcessSize: '1600m',
};

/**
 * Derives the whole plan of a JobManager.
 *
 * @throws MillraceError MR4002, MR4003 with Flink's sentence as `what`
 * @example
 * ```ts
 * jobManagerMemory({ 'jobmanager.memory.process.size': '1600m' }).jvmHeap.toString(); // '1 gb'
 * ```
 */
export function jobManagerMemory(config: MemoryConfiguration): JobManagerMemory {
  const remarks: MemoryRemark[] = [];
  const { flink, whole } = deriveProcessMemory(
    config,
    JOB_MANAGER_PROCESS_OPTIONS,
    { fromFineGrained, fromTotalFlink, totalOf: (parts) => parts.jvmHeap.plus(parts.offHeap) },
    remarks,
  );
  const directMemoryLimit = readBoolean(config, 'jobmanager.memory.enable-jvm-direct-memory-limit');
  return { role: 'jobmanager', ...whole, ...flink, directMemoryLimit, remarks };
}

/** The configuration with the shipped 1600m if it has no size of its own. */
export function withJobManagerDefaultSize(config: MemoryConfiguration): MemoryConfiguration {
  return withShippedProcessSize(config, JOB_MANAGER_PROCESS_OPTIONS);
}

function fromFineGrained(config: MemoryConfiguration, remarks: MemoryRemark[]): JobManagerFlinkMemory {
  const jvmHeap = readMemorySize(config, HEAP);
  const offHeap = readMemorySize(config, OFF_HEAP);
  const sum = jvmHeap.plus(offHeap);
  if (isConfigured(config, TOTAL_FLINK)) {
    const totalFlink = readMemorySize(config, TOTAL_FLINK);
    if (!sum.equals(totalFlink)) {
      throw new MillraceError(
        'MR4003',
        `Sum of the configured JVM Heap Memory (${jvmHeap.toHumanReadable()}) and the configured or default ` +
          `Off-heap Memory (${offHeap.toHumanReadable()}) exceeds the configured Total Flink Memory ` +
          `(${totalFlink.toHumanReadable()}). Please, make the configuration consistent or configure only one ` +
          'option: either JVM Heap or Total Flink Memory.',
      );
    }
  }
  return checked(config, { jvmHeap, offHeap }, remarks);
}

function fromTotalFlink(
  config: MemoryConfiguration,
  totalFlink: MemorySize,
  remarks: MemoryRemark[],
): JobManagerFlinkMemory {
  const offHeap = readMemorySize(config, OFF_HEAP);
  if (!totalFlink.exceeds(offHeap)) {
    throw new MillraceError(
      'MR4003',
      `The configured Total Flink Memory (${totalFlink.toHumanReadable()}) is less than the configured Off-heap ` +
        `Memory (${offHeap.toHumanReadable()}).`,
      { hint: 'Raise the total: nothing is left for the heap.' },
    );
  }
  return checked(config, { jvmHeap: totalFlink.minus(offHeap), offHeap }, remarks);
}

/** A small heap is allowed and warned of. */
function checked(
  config: MemoryConfiguration,
  flink: JobManagerFlinkMemory,
  remarks: MemoryRemark[],
): JobManagerFlinkMemory {
  const { jvmHeap } = flink;
  if (HEAP_MIN.exceeds(jvmHeap)) {
    remarks.push({
      level: 'warning',
      text:
        `The configured or derived JVM heap memory size (${jvmHeap.toHumanReadable()}) is less than its recommended ` +
        `minimum value (${HEAP_MIN.toHumanReadable()})`,
    });
  }
  const cache = MemorySize.parse(`${readLong(config, CACHE)}b`);
  if (cache.exceeds(jvmHeap)) {
    remarks.push({
      level: 'warning',
      text:
        `The configured or derived JVM heap memory size (${HEAP}: ${jvmHeap.toHumanReadable()}) is less than the ` +
        `configured or default size of the job store cache (${CACHE}: ${cache.toHumanReadable()})`,
    });
  }
  return flink;
}
