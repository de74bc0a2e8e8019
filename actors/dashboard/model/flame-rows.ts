import type { FlameNode } from './flink-json.js';

/** A call in the picture, as shares of its width. */
export interface FlameBar {
  /** Where it is in the graph: indices of children, from the root on. */
  readonly path: readonly number[];
  readonly name: string;
  readonly left: number;
  readonly width: number;
}

/** Narrower ones could neither be seen nor hit. */
const NARROWEST = 0.002;
const ROWS_MAX = 60;

/** The calls below the one at `path`, which is the first row alone; each row is called by the one above it. */
export function flameRows(root: FlameNode, path: readonly number[]): FlameBar[][] {
  const focus = nodeAt(root, path);
  const rows: FlameBar[][] = [];
  const add = (node: FlameNode, at: readonly number[], left: number, depth: number): void => {
    const width = focus.value === 0 ? 1 : node.value / focus.value;
    if (width < NARROWEST || depth >= ROWS_MAX) return;
    rows[depth] ??= [];
    rows[depth].push({ path: at, name: node.name, left, width });
    let from = left;
    for (const [index, child] of node.children.entries()) {
      add(child, [...at, index], from, depth + 1);
      from += focus.value === 0 ? 0 : child.value / focus.value;
    }
  };
  add(focus, path, 0, 0);
  return rows;
}

/** The root where there is nothing at the path any more. */
function nodeAt(root: FlameNode, path: readonly number[]): FlameNode {
  let node: FlameNode | undefined = root;
  for (const index of path) node = node?.children[index];
  return node ?? root;
}

/** A function and the share of all samples in which it ran itself. */
export interface HotFunction {
  readonly name: string;
  readonly share: number;
}

/** Those that took most time themselves, the hottest first. */
export function hottest(root: FlameNode, count: number): HotFunction[] {
  const own = new Map<string, number>();
  const visit = ({ name, value, children }: FlameNode, isRoot: boolean): void => {
    const called = children.reduce((sum, child) => sum + child.value, 0);
    if (!isRoot && value > called) own.set(name, (own.get(name) ?? 0) + value - called);
    for (const child of children) visit(child, false);
  };
  visit(root, true);
  return [...own]
    .map(([name, value]) => ({ name, share: root.value === 0 ? 0 : value / root.value }))
    .sort((a, b) => b.share - a.share)
    .slice(0, count);
}
