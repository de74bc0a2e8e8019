import type { CheckpointConfig } from '../../core/checkpoint/checkpoint-config.js';
import type { JobGraph } from '../../core/graph/job-graph.js';
import type { ModelSlotOptions } from './model-slots.js';
import type { ModelSplit } from './model-task.js';

export interface ModelWorldOptions {
  readonly seed: number;
  readonly graph: JobGraph;
  readonly splitsOf: (vertexId: number) => readonly ModelSplit[];
  readonly checkpointing: CheckpointConfig | undefined;
  /** Faults that are still to come; when it is used up, the job must finish. */
  readonly faults: number;
  /** Undefined: tasks need no slots. */
  readonly slots?: ModelSlotOptions | undefined;
}

/** A violation of what must always hold. */
export class ModelFault extends Error {}

export function must(condition: boolean, what: string): asserts condition {
  if (!condition) throw new ModelFault(what);
}
