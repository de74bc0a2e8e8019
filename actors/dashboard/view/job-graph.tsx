import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { useWidth } from '../browser/page-state.js';
import { percentText, rateText, watermarkClock, watermarkText } from '../model/figures.js';
import type { JobDetail, JobVertex } from '../model/flink-json.js';
import {
  type GraphPicture,
  layOut,
  NODE_HEIGHT,
  NODE_WIDTH,
  type PlacedEdge,
  pathThrough,
} from '../model/graph-layout.js';
import { vertexLink } from '../model/route.js';
import { backPressureLevel, type Load, type LoadLevel, loadLevel } from '../model/vertex-load.js';
import { LoadBar } from './load-bar.js';
import type { Watermarks } from './watermarks.js';

interface GraphProps {
  readonly job: JobDetail;
  readonly loads: ReadonlyMap<string, Load>;
  readonly watermarks: Watermarks;
}

const LEVEL_WORDS: Readonly<Record<LoadLevel, string>> = {
  unknown: 'measuring',
  calm: 'calm',
  working: 'working',
  busy: 'busy',
  'back-pressured': 'back-pressured',
};

/** The job's graph: boxes that are links, over lines drawn by SVG; from left to right where there is room for it. */
export function JobGraph({ job, loads, watermarks }: GraphProps): JSX.Element {
  const [frame, setFrame] = useState<HTMLElement | null>(null);
  const width = useWidth(frame);
  const shape = JSON.stringify(job.plan.nodes.map(({ id, inputs }) => [id, inputs]));
  // Each answer has another plan that says the same: laid out once a shape.
  const pictures = useMemo(
    () => ({ right: layOut(job.plan.nodes, 'right'), down: layOut(job.plan.nodes, 'down') }),
    [shape],
  );
  const picture = width === 0 || pictures.right.width <= width ? pictures.right : pictures.down;
  return (
    <section ref={setFrame} class="graph-frame" aria-label="Job graph">
      <div class="graph" style={{ width: `${picture.width}px`, height: `${picture.height}px` }}>
        <GraphLines picture={picture} loads={loads} />
        {picture.edges.map((edge) => (
          <EdgeLabel
            key={`${edge.source} ${edge.target} ${edge.label.x} ${edge.label.y}`}
            edge={edge}
            rate={edgeRate(edge, picture, loads)}
            pressure={loads.get(edge.source)?.backPressured}
            watermark={watermarks.get(edge.source)}
          />
        ))}
        {picture.nodes.map(({ id, left, top }) => {
          const vertex = job.vertices.find((one) => one.id === id);
          return (
            vertex !== undefined && (
              <a
                key={id}
                href={vertexLink(job.jid, id)}
                class={`node ${levelOf(vertex, loads)}`}
                style={{
                  left: `${left}px`,
                  top: `${top}px`,
                  width: `${NODE_WIDTH}px`,
                  height: `${NODE_HEIGHT}px`,
                }}
              >
                <NodeText vertex={vertex} load={loads.get(id)} watermark={watermarks.get(id)} />
              </a>
            )
          );
        })}
      </div>
    </section>
  );
}

function levelOf(vertex: JobVertex, loads: ReadonlyMap<string, Load>): string {
  if (vertex.status !== 'RUNNING') return `state-${vertex.status.toLowerCase()}`;
  const load = loads.get(vertex.id);
  return `load-${load === undefined ? 'unknown' : loadLevel(load)}`;
}

function NodeText(props: {
  readonly vertex: JobVertex;
  readonly load: Load | undefined;
  readonly watermark: number | undefined;
}): JSX.Element {
  const { vertex, load, watermark } = props;
  const running = vertex.status === 'RUNNING';
  const word = running ? LEVEL_WORDS[load === undefined ? 'unknown' : loadLevel(load)] : vertex.status;
  return (
    <>
      <span class="node-head">
        <span class="node-name" title={vertex.name}>
          {vertex.name}
        </span>
        <span class="node-parallelism" title={`Parallelism ${vertex.parallelism}`}>
          ×{vertex.parallelism}
        </span>
      </span>
      <span class="node-level">{word}</span>
      {load !== undefined && <LoadBar load={load} />}
      <span class="node-figures">
        <span>busy {percentText(load?.busy)}</span>
        <span>pressed {percentText(load?.backPressured)}</span>
        <span>in {rateText(load?.recordsIn)}</span>
        <span>out {rateText(load?.recordsOut)}</span>
      </span>
      <span class="node-watermark" title="Watermark, UTC">
        wm {watermarkText(watermark)}
      </span>
    </>
  );
}

function GraphLines(props: {
  readonly picture: GraphPicture;
  readonly loads: ReadonlyMap<string, Load>;
}): JSX.Element {
  const { width, height, edges } = props.picture;
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <defs>
        <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
          <path d="M0 0 8 4 0 8z" class="arrow" />
        </marker>
      </defs>
      {edges.map(({ source, target, points, label }) => (
        <path
          key={`${source} ${target} ${label.x} ${label.y}`}
          d={pathThrough(points)}
          class={`edge pressure-${backPressureLevel(props.loads.get(source)?.backPressured)}`}
          marker-end="url(#arrow)"
        />
      ))}
    </svg>
  );
}

/** What goes over an edge is counted at its ends only: it is known where one of them has no other edge. */
function edgeRate(
  { source, target }: PlacedEdge,
  { edges }: GraphPicture,
  loads: ReadonlyMap<string, Load>,
): number | undefined {
  if (edges.filter((edge) => edge.target === target).length === 1) return loads.get(target)?.recordsIn;
  return edges.filter((edge) => edge.source === source).length === 1
    ? loads.get(source)?.recordsOut
    : undefined;
}

function EdgeLabel(props: {
  readonly edge: PlacedEdge;
  readonly rate: number | undefined;
  readonly pressure: number | undefined;
  readonly watermark: number | undefined;
}): JSX.Element {
  const { edge, rate, pressure, watermark } = props;
  const level = backPressureLevel(pressure);
  const { x, y } = edge.label;
  return (
    <span
      class={`edge-label pressure-${level}`}
      style={{ left: `${x}px`, top: `${y}px` }}
      title={`Back-pressure ${percentText(pressure)}; watermark ${watermarkText(watermark)}`}
    >
      <span class="edge-strategy">{edge.shipStrategy.toLowerCase()}</span>
      <span>{rateText(rate)}</span>
      {level !== 'unknown' && <span>pressure {level}</span>}
      {watermark !== undefined && <span>wm {watermarkClock(watermark)}</span>}
    </span>
  );
}
