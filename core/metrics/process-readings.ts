import { counterReading, gaugeReading, type MetricReading } from './metric-reading.js';

/** Threads of a process as Flink's users know them: the JobManager's, or those of a TaskManager together. */
export interface ProcessNumbers {
  /** Share of all processors that the process took lately, in [0, 1]. */
  readonly cpuLoad: number;
  /** Time of processors that it took so far, ns. */
  readonly cpuNanos: number;
  /** Bytes. */
  readonly heapUsed: number;
  readonly heapCommitted: number;
  readonly heapMax: number;
  /** Of the process outside of all heaps, bytes. */
  readonly nonHeapUsed: number;
  readonly gcCount: number;
  readonly gcMs: number;
  readonly threads: number;
}

/** Flink's metrics of a process. */
export function processReadings(numbers: ProcessNumbers): MetricReading[] {
  return [
    gaugeReading('Status.JVM.CPU.Load', numbers.cpuLoad),
    counterReading('Status.JVM.CPU.Time', numbers.cpuNanos),
    gaugeReading('Status.JVM.Memory.Heap.Used', numbers.heapUsed),
    gaugeReading('Status.JVM.Memory.Heap.Committed', numbers.heapCommitted),
    gaugeReading('Status.JVM.Memory.Heap.Max', numbers.heapMax),
    gaugeReading('Status.JVM.Memory.NonHeap.Used', numbers.nonHeapUsed),
    gaugeReading('Status.JVM.Threads.Count', numbers.threads),
    counterReading('Status.JVM.GarbageCollector.V8.Count', numbers.gcCount),
    counterReading('Status.JVM.GarbageCollector.V8.Time', numbers.gcMs),
  ];
}
