import { serve } from './comlink/comlink-port.js';
import { Dispatcher } from './dispatcher.js';
import { ownPort } from './threads/own-port.js';

/** Answers the client's calls on the port to the thread that started this one. */
export function serveControlPlane(): void {
  const { port } = ownPort();
  serve(new Dispatcher(), port);
}
