import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { ReplySignal, type ReplySignalMemory } from '../../memory/index.js';
import type { StateWriterMessage, StateWriterPort, StateWriterReply } from '../../storage/index.js';

/** A task's connection with the state writer, as it is handed to both threads. */
export interface StateWriterConnection {
  readonly port: MessagePort;
  readonly signal: ReplySignalMemory;
}

/**
 * The stores of one task share one port to the state writer; replies are told apart by the path of their
 * environment.
 *
 * Invariant: a reply is handed to the store of its path exactly once, in order.
 */
export class StateWriterLink {
  readonly #port: MessagePort;
  readonly #signal: ReplySignal;
  readonly #replies = new Map<string, StateWriterReply[]>();

  constructor({ port, signal }: StateWriterConnection) {
    this.#port = port;
    this.#signal = new ReplySignal(signal);
  }

  connect(path: string): StateWriterPort {
    const replies: StateWriterReply[] = [];
    this.#replies.set(path, replies);
    return {
      post: (message) => this.#post(message),
      receive: () => {
        this.#drain();
        return replies.shift();
      },
      wait: (timeoutMs) => {
        const ticket = this.#signal.ticket();
        this.#drain();
        if (replies.length === 0) this.#signal.wait(ticket, timeoutMs);
      },
    };
  }

  /** The rows go over: what is posted is nobody's here any more. */
  #post(message: StateWriterMessage): void {
    const rows = message.type === 'write' ? message.rows : [];
    this.#port.postMessage(
      message,
      rows.map(({ buffer }) => buffer as ArrayBuffer),
    );
  }

  close(): void {
    this.#port.close();
  }

  #drain(): void {
    for (
      let got = receiveMessageOnPort(this.#port);
      got !== undefined;
      got = receiveMessageOnPort(this.#port)
    ) {
      const reply = (got as { readonly message: StateWriterReply }).message;
      this.#replies.get(reply.path)?.push(reply);
    }
  }
}
