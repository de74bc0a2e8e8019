import { NO_WRITE_GUARD } from './row-transaction.js';
import { StateWriter } from './state-writer.js';
import type { StateWriterMessage, StateWriterPort, StateWriterReply } from './state-writer-protocol.js';

/** A state writer on the thread of its callers. A write is done when `post` returns. */
export class InThreadStateWriter {
  readonly #writer: StateWriter;

  /** `quotaBytes`: what it may take on the disk; undefined: all there is. */
  constructor(quotaBytes?: number) {
    this.#writer = new StateWriter(NO_WRITE_GUARD, quotaBytes);
  }

  /** A port of a store. */
  connect(): StateWriterPort {
    const replies: StateWriterReply[] = [];
    return {
      post: (message: StateWriterMessage) => this.#writer.handle(message, (reply) => replies.push(reply)),
      receive: () => replies.shift(),
      wait: () => {},
    };
  }
}
