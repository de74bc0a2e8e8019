import type { StreamNode } from '../graph/stream-graph.js';
import { checkCount, checkText } from './operator-settings.js';

/** The end of a stream, with the settings of its sink. They mean what they mean on other operators. */
export class DataStreamSink {
  readonly #node: StreamNode;

  constructor(node: StreamNode) {
    this.#node = node;
  }

  name(name: string): this {
    this.#node.name = checkText(name, 'name');
    return this;
  }

  /** Under which what is not yet committed is stored, unique in the job. */
  uid(uid: string): this {
    this.#node.uid = checkText(uid, 'uid');
    return this;
  }

  setParallelism(parallelism: number): this {
    this.#node.parallelism = checkCount(parallelism, 'parallelism');
    return this;
  }

  setMaxParallelism(maxParallelism: number): this {
    this.#node.maxParallelism = checkCount(maxParallelism, 'maximum parallelism');
    return this;
  }

  disableChaining(): this {
    this.#node.chaining = 'never';
    return this;
  }

  slotSharingGroup(group: string): this {
    this.#node.slotSharingGroup = checkText(group, 'slot sharing group');
    return this;
  }
}
