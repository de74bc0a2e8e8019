import type { StreamNode } from './stream-graph.js';

/**
 * Names the operators that fire by event time and have an input without watermarks: they would stay silent
 * until their input ends.
 */
export function watermarkWarnings(nodes: readonly StreamNode[]): string[] {
  const withoutWatermarks = new Map<StreamNode, readonly StreamNode[]>();
  const warnings: string[] = [];
  for (const node of nodes) {
    const silent = silentSources(node, withoutWatermarks);
    withoutWatermarks.set(node, silent);
    if (node.spec.needsWatermarks !== true || silent.length === 0) continue;
    const names = silent.map(({ name }) => `'${name}'`).join(', ');
    warnings.push(
      `'${node.name}' fires by event time, but no watermarks come from ${names}: it gives no result until ` +
        'that input ends. Give the source a WatermarkStrategy, or call assignTimestampsAndWatermarks.',
    );
  }
  return warnings;
}

/** The sources from which records come to the node's consumers without watermarks. */
function silentSources(
  node: StreamNode,
  known: ReadonlyMap<StreamNode, readonly StreamNode[]>,
): readonly StreamNode[] {
  if (node.spec.makesWatermarks === true) return [];
  if (node.spec.operator.kind === 'source') return [node];
  const silent = node.spec.inputs.flat().flatMap((origin) => known.get(origin.node) ?? []);
  return [...new Set(silent)];
}
