import type { MemoryConfiguration } from './flink-json.js';

/** A TaskManager's memory plan as Flink draws it: parts within parts. Sizes in bytes. */
export interface MemoryPart {
  readonly name: string;
  readonly bytes: number;
  /** What this engine uses it for. */
  readonly use: string;
  /** Picks a colour; parts that hold parts have none. */
  readonly kind: MemoryKind | undefined;
  readonly parts: readonly MemoryPart[];
}

export type MemoryKind = 'heap' | 'off-heap' | 'network' | 'managed' | 'overhead';

export function memoryParts(memory: MemoryConfiguration): MemoryPart {
  const leaf = (name: string, bytes: number, kind: MemoryKind, use: string): MemoryPart => ({
    name,
    bytes,
    use,
    kind,
    parts: [],
  });
  const flink: MemoryPart = {
    name: 'Total Flink Memory',
    bytes: memory.totalFlinkMemory,
    use: 'what the engine divides',
    kind: undefined,
    parts: [
      leaf('Framework Heap', memory.frameworkHeap, 'heap', "the control thread's heap"),
      leaf('Task Heap', memory.taskHeap, 'heap', 'divided over the heaps of the task threads'),
      leaf('Framework Off-Heap', memory.frameworkOffHeap, 'off-heap', "Node's buffers of files and ports"),
      leaf('Task Off-Heap', memory.taskOffHeap, 'off-heap', 'buffers of connectors'),
      leaf('Network', memory.networkMemory, 'network', 'segments of the rings between tasks'),
      leaf('Managed', memory.managedMemory, 'managed', 'memtables and snapshots of keyed state'),
    ],
  };
  return {
    name: 'Total Process Memory',
    bytes: memory.totalProcessMemory,
    use: 'all that the process may take',
    kind: undefined,
    parts: [
      flink,
      leaf('JVM Metaspace', memory.jvmMetaspace, 'overhead', 'code; the name is Flink’s'),
      leaf('JVM Overhead', memory.jvmOverhead, 'overhead', 'stacks, V8 itself, the state writer'),
    ],
  };
}

/** Parts that hold no others, from the bottom up. */
export function memoryLeaves(part: MemoryPart): readonly MemoryPart[] {
  return part.parts.length === 0 ? [part] : part.parts.flatMap(memoryLeaves);
}

/** What of a TaskManager's metrics is a number, by name. */
export function numberIn(
  metrics: Readonly<Record<string, unknown>> | undefined,
  name: string,
): number | undefined {
  const value = metrics?.[name];
  return typeof value === 'number' && value >= 0 ? value : undefined;
}
