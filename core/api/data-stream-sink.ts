import type { StreamNode } from '../graph/stream-graph.js';
import { checkCount, checkText, shareSlots } from './operator-settings.js';
import type { SlotSharingGroup } from './slot-sharing-group.js';

/**
 * The end of a stream, with the settings of its sink. They mean what they mean on other operators.
 *
 * @example
 * ```ts
 * lines.sinkTo(FileSink.textLines('output'), 'output').uid('output').setParallelism(1);
 * ```
 */
export class DataStreamSink {
  readonly #node: StreamNode;

  constructor(node: StreamNode) {
    this.#node = node;
  }

  /** For people: in logs, metrics and messages. It may change between runs. */
  name(name: string): this {
    this.#node.name = checkText(name, 'name');
    return this;
  }

  /** Under which what is not yet committed is stored, unique in the job. */
  uid(uid: string): this {
    this.#node.uid = checkText(uid, 'uid');
    return this;
  }

  /** The uid under which that lies, whatever {@link uid} says. */
  setUidHash(uidHash: string): this {
    this.#node.uidHash = checkText(uidHash, 'uid hash');
    return this;
  }

  /** More of what it does than its name says, for people: `explain()` shows it. */
  setDescription(description: string): this {
    this.#node.description = checkText(description, 'description');
    return this;
  }

  /** Number of subtasks. Without it, that of the environment. */
  setParallelism(parallelism: number): this {
    this.#node.parallelism = checkCount(parallelism, 'parallelism');
    return this;
  }

  /** The greatest parallelism to which it can ever be rescaled. */
  setMaxParallelism(maxParallelism: number): this {
    this.#node.maxParallelism = checkCount(maxParallelism, 'maximum parallelism');
    return this;
  }

  /** The sink has a task of its own. */
  disableChaining(): this {
    this.#node.chaining = 'never';
    return this;
  }

  /** Subtasks of one group may share a slot; those of different groups never do. */
  slotSharingGroup(group: string | SlotSharingGroup): this {
    shareSlots(this.#node, group);
    return this;
  }
}
