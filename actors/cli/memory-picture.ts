import {
  bufferDemand,
  controlHeapLimits,
  heapClassFor,
  jvmFlags,
  MemorySize,
  type NetworkBufferOptions,
  type ProcessMemorySpec,
  segmentCount,
  slotMemory,
  TASK_HEAP_FLOOR_MB,
  type TaskManagerMemory,
  threadsThatFit,
  type V8HeapLimits,
} from '../../memory/index.js';
import type { TerminalStyle } from './terminal-style.js';

/** A memory plan as a picture: the parts as a tree, each with its place in the whole, and what follows. */

/** Cells of the bar that stands for total process memory. */
const BAR_WIDTH = 32;
const LABEL_WIDTH = 29;

interface Part {
  readonly name: string;
  readonly size: MemorySize;
  readonly parts?: readonly Part[];
}

/** Lines of the picture, without the line ends. */
export function drawMemory(
  spec: ProcessMemorySpec,
  options: NetworkBufferOptions,
  style: TerminalStyle,
): readonly string[] {
  const title = spec.role === 'jobmanager' ? 'JobManager memory' : 'TaskManager memory';
  return [
    style.bold(title),
    '',
    ...drawTree(partsOf(spec), spec.totalProcess, style),
    '',
    ...(spec.role === 'jobmanager' ? [] : drawMapping(spec, options, style)),
    style.bold('As flags of a JVM'),
    `  ${jvmFlags(spec).join(' ')}`,
    ...drawRemarks(spec, style),
  ];
}

function partsOf(spec: ProcessMemorySpec): Part {
  const flink: readonly Part[] =
    spec.role === 'jobmanager'
      ? [
          { name: 'JVM Heap', size: spec.jvmHeap },
          { name: 'Off-Heap', size: spec.offHeap },
        ]
      : [
          { name: 'Framework Heap', size: spec.frameworkHeap },
          { name: 'Task Heap', size: spec.taskHeap },
          { name: 'Framework Off-Heap', size: spec.frameworkOffHeap },
          { name: 'Task Off-Heap', size: spec.taskOffHeap },
          { name: 'Network', size: spec.network },
          { name: 'Managed', size: spec.managed },
        ];
  return {
    name: 'Total Process Memory',
    size: spec.totalProcess,
    parts: [
      { name: 'Total Flink Memory', size: spec.totalFlink, parts: flink },
      { name: 'JVM Metaspace', size: spec.jvmMetaspace },
      { name: 'JVM Overhead', size: spec.jvmOverhead },
    ],
  };
}

/** One line for each part: label, bytes, human size, share, and where in the whole it lies. */
function drawTree(root: Part, whole: MemorySize, style: TerminalStyle): readonly string[] {
  const lines: string[] = [];
  let colour = 0;
  const draw = (part: Part, label: string, branch: string, from: bigint): void => {
    const bar = barOf(from, part.size, whole);
    const inner = part.parts ?? [];
    const painted = inner.length > 0 ? style.faint(bar.replaceAll('█', '░')) : style.colour(bar, colour++);
    lines.push(`${label.padEnd(LABEL_WIDTH)} ${figures(part.size, whole)}  ┃${painted}┃`);
    let offset = from;
    for (const [index, child] of inner.entries()) {
      const last = index === inner.length - 1;
      draw(
        child,
        `${branch}${last ? '└─ ' : '├─ '}${child.name}`,
        `${branch}${last ? '   ' : '│  '}`,
        offset,
      );
      offset += child.size.bytes;
    }
  };
  draw(root, root.name, '', 0n);
  return lines;
}

function figures(size: MemorySize, whole: MemorySize): string {
  const share = whole.bytes === 0n ? 0 : (Number(size.bytes) / Number(whole.bytes)) * 100;
  const bytes = String(size.bytes).padStart(14);
  return `${bytes} bytes ${size.toShort().padStart(12)} ${share.toFixed(1).padStart(6)} %`;
}

/** A part that is there has at least one cell. */
function barOf(from: bigint, size: MemorySize, whole: MemorySize): string {
  if (whole.bytes === 0n || size.bytes === 0n) return ' '.repeat(BAR_WIDTH);
  const cell = (bytes: bigint): number => Math.round((Number(bytes) / Number(whole.bytes)) * BAR_WIDTH);
  const start = Math.min(cell(from), BAR_WIDTH - 1);
  const end = Math.max(cell(from + size.bytes), start + 1);
  return `${' '.repeat(start)}${'█'.repeat(end - start)}${' '.repeat(BAR_WIDTH - end)}`;
}

function drawMapping(
  spec: TaskManagerMemory,
  options: NetworkBufferOptions,
  style: TerminalStyle,
): readonly string[] {
  const slot = slotMemory(spec);
  const threads = threadsThatFit(spec.taskHeap);
  const counts = [1, 2, 4, 8, 16].filter((count) => count <= threads);
  const classes = counts
    .map((count) => heapClassFor(spec.taskHeap, count))
    .map((limits, index) => (limits === undefined ? '' : `${counts[index]}: ${printLimits(limits)}`));
  const segments = segmentCount(spec);
  return [
    style.bold(`Slots: ${spec.numberOfTaskSlots}, each with`),
    `  task heap ${slot.taskHeap.toShort()}, task off-heap ${slot.taskOffHeap.toShort()}, ` +
      `network ${slot.network.toShort()}, managed ${slot.managed.toShort()}, cpu ${slot.cpuCores}`,
    '',
    style.bold('V8 (old + young generation of a thread, in MiB)'),
    `  control thread   ${printLimits(controlHeapLimits(spec.frameworkHeap))}, from the framework heap`,
    `  task threads     ${threads} at most, of ${TASK_HEAP_FLOOR_MB} or more` +
      (classes.length === 0 ? '' : `; by number of threads ${classes.join(', ')}`),
    '',
    style.bold('Rings'),
    `  ${segments} segments of ${new MemorySize(BigInt(spec.segmentSize)).toShort()}; ` +
      `${options.buffersPerChannel} for each channel, ${options.floatingBuffersPerGate} floating for each gate`,
    `  enough for one exchange of all with all at parallelism ${widestExchange(segments, options)}`,
    '',
    style.bold('State'),
    `  ${spec.managed.toShort()} for memtables and snapshot buffers`,
    '',
  ];
}

function drawRemarks(spec: ProcessMemorySpec, style: TerminalStyle): readonly string[] {
  const notes = spec.remarks.filter((remark) => remark.level === 'info');
  if (notes.length === 0) return [];
  return ['', style.bold('Notes'), ...notes.map((remark) => `  ${remark.text}`)];
}

function printLimits(limits: V8HeapLimits): string {
  return `${limits.maxOldGenerationSizeMb} + ${limits.maxYoungGenerationSizeMb}`;
}

/** The highest parallelism at which `segments` are enough for one keyBy between two vertices; 0 if none. */
function widestExchange(segments: number, options: NetworkBufferOptions): number {
  const needed = (parallelism: number): number =>
    bufferDemand([{ gates: [parallelism], partitions: [parallelism] }], options).required * parallelism;
  let low = 0;
  let high = 1;
  while (high <= 32_768 && needed(high) <= segments) high *= 2;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (needed(middle) <= segments) low = middle;
    else high = middle;
  }
  return Math.min(low, 32_768);
}
