import type { Duration } from '../base/duration.js';
import { MillraceError } from '../base/millrace-error.js';
import type { StreamNode } from '../graph/stream-graph.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import { validateType } from '../serde/type-validation.js';
import { DataStream } from './data-stream.js';
import { checkBufferTimeout, checkCount, checkText, shareSlots } from './operator-settings.js';
import type { SlotSharingGroup } from './slot-sharing-group.js';
import type { StreamFactory } from './stream-factory.js';

/**
 * The stream of an operator's results, with the operator's own settings.
 *
 * @example
 * ```ts
 * lines.map(parse).name('parse').uid('parse').returns(flight).setParallelism(2);
 * ```
 */
export class SingleOutputStreamOperator<T> extends DataStream<T> {
  protected readonly node: StreamNode;

  constructor(factory: StreamFactory, node: StreamNode) {
    super(factory, [{ node, tag: undefined, partitioning: undefined }]);
    this.node = node;
  }

  /** For people: in logs, metrics and messages. It may change between runs. */
  name(name: string): this {
    this.node.name = checkText(name, 'name');
    return this;
  }

  /** Under which its state is stored, unique in the job. Without it, the place in the graph makes one. */
  uid(uid: string): this {
    this.node.uid = checkText(uid, 'uid');
    return this;
  }

  /**
   * The uid under which its state lies, whatever {@link uid} says. For state of a job that had given none: the
   * log of that job names the uid that was derived. Those of other operators do not depend on it.
   */
  setUidHash(uidHash: string): this {
    this.node.uidHash = checkText(uidHash, 'uid hash');
    return this;
  }

  /** More of what it does than its name says, for people: `explain()` shows it. */
  setDescription(description: string): this {
    this.node.description = checkText(description, 'description');
    return this;
  }

  /**
   * How long its results may wait in a segment that is not full, where they leave for another task; without it,
   * that of the environment. 0: each leaves at once. -1: only full segments leave, while the task is busy.
   *
   * @throws MillraceError MR1001 if it is less than -1
   */
  setBufferTimeout(timeout: Duration): this {
    this.node.bufferTimeoutMs = checkBufferTimeout(timeout);
    return this;
  }

  /**
   * Declares the type of the results: they then cross threads by a compiled codec.
   *
   * @throws MillraceError MR2001 if it is no type
   */
  returns(type: TypeDescriptor<T>): this {
    validateType(type);
    this.node.outputType = type as TypeDescriptor<unknown>;
    return this;
  }

  /**
   * Number of subtasks. Without it, that of the environment.
   *
   * @throws MillraceError MR1001 for more than one subtask of an operator over a whole stream (`windowAll`), or
   *   one that was made non-parallel
   */
  setParallelism(parallelism: number): this {
    this.node.parallelism = this.#allowed(checkCount(parallelism, 'parallelism'));
    return this;
  }

  /** Number of key groups: the greatest parallelism to which its state can ever be rescaled. */
  setMaxParallelism(maxParallelism: number): this {
    this.node.maxParallelism = this.#allowed(checkCount(maxParallelism, 'maximum parallelism'));
    return this;
  }

  /** Has one subtask, and no call gives it more. */
  forceNonParallel(): this {
    this.node.parallelism = 1;
    this.node.maxParallelism = 1;
    this.node.isNonParallel = true;
    return this;
  }

  /** Begins a new chain: the operator runs in another task than the one before it. */
  startNewChain(): this {
    this.node.chaining = 'head';
    return this;
  }

  /** The operator has a task of its own. */
  disableChaining(): this {
    this.node.chaining = 'never';
    return this;
  }

  /**
   * Operators of different groups never share a slot. Without it, the group of the inputs. A group, and not its name,
   * says what its slots are to have.
   */
  slotSharingGroup(group: string | SlotSharingGroup): this {
    shareSlots(this.node, group);
    return this;
  }

  #allowed(parallelism: number): number {
    if (parallelism === 1 || !this.node.isNonParallel) return parallelism;
    throw new MillraceError('MR1001', `'${this.node.name}' cannot have parallelism ${parallelism}.`, {
      why: 'It sees all records of its input, or was made non-parallel.',
      hint: 'With keyBy(...).window(...) the work of a windowAll can be spread.',
    });
  }
}
