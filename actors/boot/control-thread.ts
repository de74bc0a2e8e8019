import { serve } from './comlink/comlink-port.js';
import { ControlPlane } from './control-plane.js';
import { ownPort } from './threads/own-port.js';

/** Entry of the control plane's thread: a blocked main thread stops neither heartbeats nor checkpoints. */
const { port } = ownPort();
serve(new ControlPlane(), port);
