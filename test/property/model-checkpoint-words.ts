import type { CheckpointManifest } from '../../core/checkpoint/snapshot-handle.js';
import type { TaskMessage } from '../../core/protocol/control-message.js';
import { must } from './model-rules.js';

type CheckpointMessage = Extract<TaskMessage, { checkpointId: number }>;

/**
 * What tasks are told of checkpoints, over all processes of a model cluster.
 *
 * What must hold: ids strictly grow; nothing older than a completed checkpoint is triggered; each task is told once how
 * a checkpoint ended, and what the log says.
 */
export class ModelCheckpointWords {
  readonly #log: readonly CheckpointManifest[];
  /** Checkpoints that this process has begun. */
  readonly #begun = new Set<number>();
  /** By task and checkpoint. */
  readonly #ended = new Set<string>();
  #lastTriggeredId = 0;

  constructor(log: readonly CheckpointManifest[]) {
    this.#log = log;
  }

  get lastTriggeredId(): number {
    return this.#lastTriggeredId;
  }

  onNewProcess(): void {
    this.#begun.clear();
    this.#ended.clear();
  }

  /** `task`: with its attempt. */
  check(task: string, { type, checkpointId }: CheckpointMessage): void {
    if (type === 'trigger-checkpoint' || type === 'snapshot-enumerator') {
      const newest = this.#log.at(-1)?.checkpointId ?? 0;
      must(checkpointId > newest, 'what is triggered is newer than every completed checkpoint');
      if (this.#begun.has(checkpointId)) return;
      must(checkpointId > this.#lastTriggeredId, 'ids of checkpoints strictly grow');
      this.#begun.add(checkpointId);
      this.#lastTriggeredId = checkpointId;
      return;
    }
    const key = `${task}/${checkpointId}`;
    must(!this.#ended.has(key), `${key} is told twice how its checkpoint ended`);
    this.#ended.add(key);
    const logged = this.#log.some((manifest) => manifest.checkpointId === checkpointId);
    must(logged === (type === 'checkpoint-completed'), `${key} is told ${type}, and the log says ${logged}`);
  }
}
