import { MessageChannel, type MessagePort } from 'node:worker_threads';
import {
  answerStoreRequest,
  DistantObjectStore,
  type ObjectStore,
  type StoreReply,
  type StoreRequest,
} from '../../storage/index.js';

/** A task's connection with a store on the control thread. */
export interface StoreConnection {
  readonly port: MessagePort;
  /** The longest object that the store may take. */
  readonly limitBytes: number;
}

/** A store of this thread for the tasks of a job. */
export interface HostedStore {
  readonly store: ObjectStore;
  readonly limitBytes: number;
}

/** A task's end of a new connection; it ends with the task's thread. */
export function connectStore({ store, limitBytes }: HostedStore): StoreConnection {
  const { port1, port2 } = new MessageChannel();
  port2.on('message', (request: StoreRequest) => {
    answerStoreRequest(store, request).then((reply) => port2.postMessage(reply));
  });
  port2.unref();
  return { port: port1, limitBytes };
}

/** The store at the other end, on a task's thread. */
export function storeOver({ port, limitBytes }: StoreConnection): ObjectStore {
  const store = new DistantObjectStore(limitBytes, (request) => port.postMessage(request));
  port.on('message', (reply: StoreReply) => store.receive(reply));
  // The task's mailbox keeps the thread alive.
  port.unref();
  return store;
}
