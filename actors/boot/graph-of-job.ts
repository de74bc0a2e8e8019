import { pathToFileURL } from 'node:url';
import { JobParameters } from '../../core/internal.js';
import type { GraphOfJob } from '../cli/info-command.js';
import { buildGraph } from './graph-builder.js';
import { STOCK_CONTROL_HEAP } from './threads/spare-threads.js';

/** On a thread of its own, as `run` builds it. */
export const graphOfJob: GraphOfJob = async (path, words, { configured }) => {
  const { graph } = await buildGraph(
    {
      url: pathToFileURL(path).href,
      params: new JobParameters([...words]).all(),
      options: { configuration: configured },
    },
    STOCK_CONTROL_HEAP,
  );
  return graph;
};
