import { toWireError } from '../../core/internal.js';
import './job-imports.js';
import type { GraphBuilderAnswer } from './graph-builder.js';
import { buildJobModule, type JobModule, moduleHash } from './job-module.js';
import { ownPort } from './threads/own-port.js';

/** Entry of the graph builder's thread: one job module in, one graph out. */
const { port } = ownPort();
port.once('message', (module: JobModule) => {
  answer(module).then(
    (built) => port.postMessage(built),
    (error: unknown) => port.postMessage({ type: 'failed', error: toWireError(error) }),
  );
});

async function answer(module: JobModule): Promise<GraphBuilderAnswer> {
  const hash = moduleHash(module.url);
  const { job, unusedParams } = await buildJobModule(module);
  return { type: 'built', graph: job.graph, moduleHash: hash, unusedParams };
}
