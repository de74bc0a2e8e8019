import { Graph, layout } from '@dagrejs/dagre';
import type { PlanNode } from './flink-json.js';

/** Where the boxes of a job's graph lie, and the lines between them. Pixels, from the top left. */
export interface GraphPicture {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
}

export interface PlacedNode {
  readonly id: string;
  readonly left: number;
  readonly top: number;
}

export interface PlacedEdge {
  readonly source: string;
  readonly target: string;
  /** FORWARD, HASH, ... */
  readonly shipStrategy: string;
  readonly points: readonly Point[];
  /** Middle of the place that was kept free for its text. */
  readonly label: Point;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export const NODE_WIDTH = 232;
export const NODE_HEIGHT = 132;
const LABEL_WIDTH = 104;
const LABEL_HEIGHT = 64;
const MARGIN = 12;

/** Edges to nodes that are not in the plan are left out. `direction`: the way of the records. */
export function layOut(plan: readonly PlanNode[], direction: 'right' | 'down'): GraphPicture {
  const graph = new Graph({ multigraph: true });
  const right = direction === 'right';
  graph.setGraph({
    rankdir: right ? 'LR' : 'TB',
    nodesep: 28,
    ranksep: right ? 20 : 12,
    edgesep: 16,
    marginx: MARGIN,
    marginy: MARGIN,
  });
  for (const { id } of plan) graph.setNode(id, { width: NODE_WIDTH, height: NODE_HEIGHT });
  const inputs = plan.flatMap((node) =>
    (node.inputs ?? []).map((input, index) => ({ ...input, target: node.id, index })),
  );
  const drawn = inputs.filter(({ id }) => graph.hasNode(id));
  for (const { id, target, index } of drawn) {
    graph.setEdge(id, target, { width: LABEL_WIDTH, height: LABEL_HEIGHT, labelpos: 'c' }, String(index));
  }
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    width: Math.ceil(width),
    height: Math.ceil(height),
    nodes: plan.map(({ id }) => {
      const { x, y } = pointOf(graph.node(id));
      return { id, left: x - NODE_WIDTH / 2, top: y - NODE_HEIGHT / 2 };
    }),
    edges: drawn.map(({ id, target, index, ship_strategy }) => {
      const edge = graph.edge(id, target, String(index)) as Point & { points: Point[] };
      const shipStrategy = ship_strategy ?? '';
      return { source: id, target, shipStrategy, points: edge.points, label: pointOf(edge) };
    }),
  };
}

function pointOf(placed: unknown): Point {
  const { x = 0, y = 0 } = placed as Partial<Point>;
  return { x, y };
}

/** A line through the points, its corners rounded, as the `d` of an SVG path. */
export function pathThrough(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  const parts = [`M${at(first)}`];
  for (let i = 0; i < rest.length - 1; i++) {
    const corner = rest[i] ?? first;
    const next = rest[i + 1] ?? corner;
    const middle = { x: (corner.x + next.x) / 2, y: (corner.y + next.y) / 2 };
    parts.push(`Q${at(corner)} ${at(i === rest.length - 2 ? next : middle)}`);
  }
  if (rest.length === 1) parts.push(`L${at(rest[0] ?? first)}`);
  return parts.join('');
}

function at({ x, y }: Point): string {
  return `${Math.round(x * 10) / 10},${Math.round(y * 10) / 10}`;
}
