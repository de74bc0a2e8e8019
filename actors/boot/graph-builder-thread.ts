import { toWireError } from '../../core/internal.js';
import type { GraphBuilderAnswer } from './graph-builder.js';
import { buildJobModule, type JobModule, moduleHash } from './job-module.js';
import { ownPort } from './threads/own-port.js';

/** Entry of the graph builder's thread: one job module in, one graph out. */
const { port, data } = ownPort();
const module = data as JobModule;

async function answer(): Promise<GraphBuilderAnswer> {
  try {
    const hash = await moduleHash(module.url);
    const { job, unusedParams } = await buildJobModule(module);
    return { type: 'built', graph: job.graph, moduleHash: hash, unusedParams };
  } catch (error) {
    return { type: 'failed', error: toWireError(error) };
  }
}

port.postMessage(await answer());
