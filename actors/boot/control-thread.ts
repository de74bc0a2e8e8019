import { endTreeAtExit } from './threads/native-loads.js';
import { ownHeap } from './threads/own-port.js';
import { graphBuilderThreads } from './threads/spare-threads.js';

/** Entry of the control plane's thread: a blocked main thread stops neither heartbeats nor checkpoints. */
endTreeAtExit();
// The first job's graph is built on a thread that loads while this one does.
graphBuilderThreads.warm(ownHeap());
const { serveControlPlane } = await import('./control-service.js');
serveControlPlane();
