import {
  type BuiltJob,
  FileCache,
  type StateSurvey,
  type StoredStates,
  surveyState,
  TaskMetrics,
  toWireError,
} from '../../core/internal.js';
import './job-imports.js';
import { ThreadCodecFactory } from '../../memory/index.js';
import { HeapStateBackend, LocalFileSystem, readCachedFiles } from '../../storage/index.js';
import { EventCompletions } from './event-completions.js';
import type { GraphBuilderAnswer, GraphRequest } from './graph-builder.js';
import { buildJobModule, moduleHash } from './job-module.js';
import { SYSTEM_CLOCK } from './system-clock.js';
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
  return surveyState(job, stored, {
    codecs: new ThreadCodecFactory(),
    clock: SYSTEM_CLOCK,
    completions: new EventCompletions(
      () => {},
      () => {},
    ),
    fileSystem: new LocalFileSystem(),
    distributedCache: new FileCache(await readCachedFiles(job.graph.cachedFiles)),
    metrics: new TaskMetrics().groupOf('survey'),
    openStore: (keyGroups) => backend.open({ ...request, keyGroups, reader: { read: nothing } }),
  });
}

async function* nothing(): AsyncIterable<Uint8Array> {}
