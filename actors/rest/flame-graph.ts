import { frameText, isIdleFrame, type ProfiledFrame, type ThreadProfile } from './thread-profile.js';

/** Flink's node of a flame graph: samples in which it or what it called ran. */
export interface FlameNode {
  readonly name: string;
  readonly value: number;
  readonly children: readonly FlameNode[];
}

export const FLAME_GRAPH_TYPES = ['FULL', 'ON_CPU', 'OFF_CPU'] as const;
export type FlameGraphType = (typeof FLAME_GRAPH_TYPES)[number];

interface OpenNode {
  readonly name: string;
  value: number;
  readonly children: Map<string, OpenNode>;
}

/**
 * Several threads as one graph. A thread is off the CPU while it waits in its event loop; what blocks it inside of a
 * function is told with that function. Frames below `depth` are told with the one above them.
 */
export function flameGraph(
  profiles: readonly ThreadProfile[],
  type: FlameGraphType,
  depth: number,
): FlameNode {
  const root: OpenNode = { name: 'root', value: 0, children: new Map() };
  for (const { frames } of profiles) {
    for (const index of frames[0]?.calls ?? []) root.value += add(root, frames, index, type, depth);
  }
  return closed(root);
}

/** The samples that were added below `parent`. */
function add(
  parent: OpenNode,
  frames: readonly ProfiledFrame[],
  index: number,
  type: FlameGraphType,
  depth: number,
): number {
  const frame = frames[index];
  if (frame === undefined || !shows(type, frame)) return 0;
  if (depth <= 0) return samplesOf(frames, frame);
  const name = frameText(frame);
  const node: OpenNode = parent.children.get(name) ?? { name, value: 0, children: new Map() };
  let samples = frame.hits;
  for (const call of frame.calls) samples += add(node, frames, call, type, depth - 1);
  if (samples === 0) return 0;
  node.value += samples;
  parent.children.set(name, node);
  return samples;
}

function shows(type: FlameGraphType, frame: ProfiledFrame): boolean {
  return type === 'FULL' || isIdleFrame(frame) === (type === 'OFF_CPU');
}

function samplesOf(frames: readonly ProfiledFrame[], { hits, calls }: ProfiledFrame): number {
  return calls.reduce((sum, call) => {
    const frame = frames[call];
    return frame === undefined ? sum : sum + samplesOf(frames, frame);
  }, hits);
}

function closed({ name, value, children }: OpenNode): FlameNode {
  return { name, value, children: [...children.values()].map(closed) };
}
