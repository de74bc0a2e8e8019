import {
  type BuiltJob,
  FileCache,
  type StateSurvey,
  type StoredStates,
  surveyState,
  toWireError,
} from '../../core/internal.js';
import './job-imports.js';
import { HeapStateBackend, readCachedFiles } from '../../storage/index.js';
import type { GraphBuilderAnswer, GraphRequest } from './graph-builder.js';
import { buildJobModule, moduleHash } from './job-module.js';
import { offlinePorts } from './offline-ports.js';
import { ownPort } from './threads/own-port.js';

/** Entry of the graph builder's thread: one job module in, one graph out. */
const { port } = ownPort();
port.once('message', (request: GraphRequest) => {
  answer(request).then(
    (built) => port.postMessage(built),
    (error: unknown) => port.postMessage({ type: 'failed', error: toWireError(error) }),
  );
});

async function answer({ module, stored }: GraphRequest): Promise<GraphBuilderAnswer> {
  const hash = moduleHash(module.url);
  const { job, unusedParams } = await buildJobModule(module);
  const survey = stored === undefined ? undefined : await surveyed(job, stored);
  return { type: 'built', graph: job.graph, moduleHash: hash, unusedParams, survey };
}

async function surveyed(job: BuiltJob, stored: Readonly<Record<string, StoredStates>>): Promise<StateSurvey> {
  const backend = new HeapStateBackend();
  const request = { operatorUid: 'survey', subtaskIndex: 0, attempt: 1, managedBytes: 0, restore: undefined };
  const cache = new FileCache(await readCachedFiles(job.graph.cachedFiles));
  return surveyState(job, stored, {
    ...offlinePorts(cache),
    openStore: (keyGroups) => backend.open({ ...request, keyGroups, reader: { read: nothing } }),
  });
}

async function* nothing(): AsyncIterable<Uint8Array> {}
