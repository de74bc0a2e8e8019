import type { MessagePort, Worker } from 'node:worker_threads';
import * as Comlink from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';

/**
 * A Comlink view of what lives on the other thread: every method returns a promise. Spelled out, since Comlink's own
 * type needs those of a browser, and users get this one with the declarations.
 */
export type Remote<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

/** Offers `service` on a port that nothing else reads. */
export function serve(service: object, port: MessagePort): void {
  Comlink.expose(service, nodeEndpoint(port));
}

/** Calls what the other end of the port serves. */
export function connect<T>(port: MessagePort | Worker): Remote<T> {
  return Comlink.wrap(nodeEndpoint(port)) as Remote<T>;
}
