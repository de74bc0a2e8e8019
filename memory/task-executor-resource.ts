import { MillraceError, type OptionKey } from '../core/internal.js';
import {
  isConfigured,
  type MemoryConfiguration,
  readDouble,
  readMemorySize,
} from './memory-configuration.js';
import { MemorySize } from './memory-size.js';
import type { MemoryRemark, TaskManagerMemory } from './memory-spec.js';

/**
 * What a TaskManager is started with: sizes that are resolved and no longer a range. A derived plan is
 * written down as configuration (`dynamicConfiguration`), and the TaskManager reads that back.
 */

const NETWORK_MIN = 'taskmanager.memory.network.min';
const NETWORK_MAX = 'taskmanager.memory.network.max';

/** The keys that the start of a TaskManager insists on and that have no default. */
const REQUIRED: readonly OptionKey[] = [
  'taskmanager.cpu.cores',
  'taskmanager.memory.task.heap.size',
  'taskmanager.memory.managed.size',
];

const WITHOUT_EFFECT: readonly OptionKey[] = [
  'taskmanager.memory.process.size',
  'taskmanager.memory.flink.size',
  'taskmanager.memory.framework.heap.size',
  'taskmanager.memory.framework.off-heap.size',
  'taskmanager.memory.jvm-metaspace.size',
  'taskmanager.memory.jvm-overhead.min',
  'taskmanager.memory.jvm-overhead.max',
  'taskmanager.memory.jvm-overhead.fraction',
];

export interface TaskExecutorResource {
  readonly cpuCores: number;
  readonly taskHeap: MemorySize;
  readonly taskOffHeap: MemorySize;
  readonly network: MemorySize;
  readonly managed: MemorySize;
}

/** The plan as configuration in which every size is fixed. Deriving from it gives the same plan. */
export function dynamicConfiguration(spec: TaskManagerMemory): Readonly<Record<string, string>> {
  const bytes = (size: MemorySize): string => `${size.bytes}b`;
  return {
    'taskmanager.cpu.cores': String(spec.cpuCores),
    'taskmanager.memory.framework.heap.size': bytes(spec.frameworkHeap),
    'taskmanager.memory.framework.off-heap.size': bytes(spec.frameworkOffHeap),
    'taskmanager.memory.task.heap.size': bytes(spec.taskHeap),
    'taskmanager.memory.task.off-heap.size': bytes(spec.taskOffHeap),
    [NETWORK_MIN]: bytes(spec.network),
    [NETWORK_MAX]: bytes(spec.network),
    'taskmanager.memory.managed.size': bytes(spec.managed),
    'taskmanager.memory.jvm-metaspace.size': bytes(spec.jvmMetaspace),
    'taskmanager.memory.jvm-overhead.min': bytes(spec.jvmOverhead),
    'taskmanager.memory.jvm-overhead.max': bytes(spec.jvmOverhead),
    'taskmanager.numberOfTaskSlots': String(spec.numberOfTaskSlots),
  };
}

/** @throws MillraceError MR4003 if a size is missing or the network memory is still a range */
export function taskExecutorResource(config: MemoryConfiguration): TaskExecutorResource {
  for (const key of REQUIRED) {
    if (isConfigured(config, key)) continue;
    throw new MillraceError('MR4003', 'Failed to create TaskExecutorResourceSpec', {
      why: `The required configuration option ${key} is not set`,
    });
  }
  const network = readMemorySize(config, NETWORK_MIN);
  const max = readMemorySize(config, NETWORK_MAX);
  if (!network.equals(max)) {
    throw new MillraceError(
      'MR4003',
      `The network memory min (${network}) and max (${max}) mismatch, the network memory has to be resolved and ` +
        'set to a fixed value before task executor starts',
    );
  }
  return {
    cpuCores: readDouble(config, 'taskmanager.cpu.cores') ?? 0,
    taskHeap: readMemorySize(config, 'taskmanager.memory.task.heap.size'),
    taskOffHeap: readMemorySize(config, 'taskmanager.memory.task.off-heap.size'),
    network,
    managed: readMemorySize(config, 'taskmanager.memory.managed.size'),
  };
}

/**
 * The configuration of a TaskManager inside somebody else's process, whose size is not ours to divide:
 * heap without limit, network 64 MiB unless a bound is set, managed memory 128 MiB. Keys about the
 * process have no effect there, which is warned of.
 */
export function forLocalExecution(config: MemoryConfiguration, remarks: MemoryRemark[]): MemoryConfiguration {
  for (const key of WITHOUT_EFFECT.filter((candidate) => isConfigured(config, candidate))) {
    remarks.push({
      level: 'warning',
      text: `The resource configuration option ${key} is set but it will have no effect for local execution.`,
    });
  }
  const unlimited = MemorySize.mebibytes(1024 * 1024).toString();
  const network = isConfigured(config, NETWORK_MIN)
    ? readMemorySize(config, NETWORK_MIN)
    : isConfigured(config, NETWORK_MAX)
      ? readMemorySize(config, NETWORK_MAX)
      : MemorySize.mebibytes(64);
  const adjusted: Record<string, string | number | boolean | undefined> = { ...config };
  const settings = {
    'taskmanager.cpu.cores': '1000000.0',
    'taskmanager.memory.task.heap.size': unlimited,
    'taskmanager.memory.task.off-heap.size': unlimited,
    [NETWORK_MIN]: network.toString(),
    [NETWORK_MAX]: network.toString(),
    'taskmanager.memory.managed.size': MemorySize.mebibytes(128).toString(),
  } as const;
  for (const [key, value] of Object.entries(settings) as [OptionKey, string][]) {
    if (!isConfigured(config, key)) adjusted[key] = value;
  }
  return adjusted;
}
