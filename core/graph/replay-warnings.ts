import type { StreamNode } from './stream-graph.js';

/** Names the sources that cannot be read again: what they gave is processed at most once. */
export function replayWarnings(nodes: readonly StreamNode[]): string[] {
  return nodes
    .filter(({ spec }) => spec.isReplayable === false)
    .map(
      ({ name }) =>
        `'${name}' cannot be read again: the job is at-most-once, records on their way at a failure are lost.`,
    );
}
