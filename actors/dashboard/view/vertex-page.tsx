import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { usePoll } from '../browser/polling.js';
import {
  bytesText,
  countText,
  durationText,
  percentText,
  plainText,
  rateText,
  watermarkText,
} from '../model/figures.js';
import type { JobDetail, MetricValue, SubtaskInfo, VertexDetail } from '../model/flink-json.js';
import { jobLink } from '../model/route.js';
import { skewText } from '../model/subtask-skew.js';
import { backPressureLevel, type Load, subtaskLoad } from '../model/vertex-load.js';
import { FlameGraphSection } from './flame-graph.js';
import { LoadBar } from './load-bar.js';
import { Awaited, Fact, Moment, StateBadge, Table } from './parts.js';

export function VertexPage({
  job,
  vertexId,
}: {
  readonly job: JobDetail;
  readonly vertexId: string;
}): JSX.Element {
  const path = `jobs/${encodeURIComponent(job.jid)}/vertices/${encodeURIComponent(vertexId)}`;
  const vertex = usePoll<VertexDetail>(path);
  const watermarks = usePoll<readonly MetricValue[]>(`${path}/watermarks`).value ?? [];
  const description = plainText(job.plan.nodes.find(({ id }) => id === vertexId)?.description ?? '');
  return (
    <section class="card">
      <p>
        <a href={jobLink(job.jid)}>‹ Graph of {job.name}</a>
      </p>
      <Awaited polled={vertex} what="operator of that id">
        {(value) => (
          <>
            <h2>{value.name}</h2>
            <dl class="facts">
              <Fact name="Parallelism">{value.parallelism}</Fact>
              <Fact name="Maximum">{value.maxParallelism}</Fact>
              {description !== '' && description !== value.name && (
                <Fact name="Operators">{description}</Fact>
              )}
            </dl>
            <Subtasks vertex={value} watermarks={watermarks} />
            <FlameGraphSection vertexPath={path} />
          </>
        )}
      </Awaited>
    </section>
  );
}

function Subtasks(props: {
  readonly vertex: VertexDetail;
  readonly watermarks: readonly MetricValue[];
}): JSX.Element {
  const { vertex, watermarks } = props;
  const loads = useLoads(vertex);
  const marks = new Map(watermarks.map(({ id, value }) => [id.split('.')[0], value]));
  const skew = skewText(vertex.subtasks);
  return (
    <>
      {skew !== undefined && <p class="finding warning">{skew}</p>}
      <Table
        label="Subtasks"
        head={[
          ['Subtask'],
          ['State'],
          ['Attempt', 'number'],
          ['Load'],
          ['Busy', 'number'],
          ['Back-pressure', 'number'],
          ['Idle', 'number'],
          ['Records in', 'number'],
          ['Records out', 'number'],
          ['Read', 'number'],
          ['Written', 'number'],
          ['Watermark (UTC)'],
          ['Started'],
          ['Duration', 'number'],
          ['Task manager'],
        ]}
      >
        {vertex.subtasks.map((subtask) => (
          <SubtaskRow
            key={subtask.subtask}
            subtask={subtask}
            load={loads.get(subtask.subtask)}
            watermark={marks.get(String(subtask.subtask))}
          />
        ))}
      </Table>
    </>
  );
}

/** Of the last two looks. */
function useLoads(vertex: VertexDetail): ReadonlyMap<number, Load> {
  const kept = useRef<
    { readonly vertex: VertexDetail; readonly loads: ReadonlyMap<number, Load> } | undefined
  >(undefined);
  if (kept.current?.vertex !== vertex) {
    const before = kept.current?.vertex;
    const earlier = new Map(before?.subtasks.map((subtask) => [subtask.subtask, subtask]));
    const elapsedMs = vertex.now - (before?.now ?? vertex.now);
    const loads = new Map(
      vertex.subtasks.map((one) => [one.subtask, subtaskLoad(earlier.get(one.subtask), one, elapsedMs)]),
    );
    kept.current = { vertex, loads };
  }
  return kept.current.loads;
}

function SubtaskRow(props: {
  readonly subtask: SubtaskInfo;
  readonly load: Load | undefined;
  readonly watermark: string | undefined;
}): JSX.Element {
  const { subtask, load, watermark } = props;
  const { metrics } = subtask;
  return (
    <tr>
      <th scope="row">{subtask.subtask}</th>
      <td>
        <StateBadge state={subtask.status} />
      </td>
      <td class="number">{subtask.attempt}</td>
      <td>{load !== undefined && <LoadBar load={load} />}</td>
      <td class="number">{percentText(load?.busy)}</td>
      <td class={`number pressure-${backPressureLevel(load?.backPressured)}`}>
        {percentText(load?.backPressured)}
      </td>
      <td class="number">{percentText(load?.idle)}</td>
      <td class="number" title={rateText(load?.recordsIn)}>
        {countText(metrics['read-records'])}
      </td>
      <td class="number" title={rateText(load?.recordsOut)}>
        {countText(metrics['write-records'])}
      </td>
      <td class="number">{bytesText(metrics['read-bytes'])}</td>
      <td class="number">{bytesText(metrics['write-bytes'])}</td>
      <td>{watermarkText(watermark)}</td>
      <td>
        <Moment ms={subtask['start-time']} />
      </td>
      <td class="number">{durationText(subtask.duration)}</td>
      <td>{subtask['taskmanager-id'] ?? '–'}</td>
    </tr>
  );
}
