import type { JSX } from 'preact';
import { countText, durationText, percentText, rateText, watermarkText } from '../model/figures.js';
import type { JobDetail } from '../model/flink-json.js';
import { vertexLink } from '../model/route.js';
import { backPressureLevel, type Load } from '../model/vertex-load.js';
import { TaskCounts } from './jobs-table.js';
import { LoadBar } from './load-bar.js';
import { StateBadge, Table } from './parts.js';
import type { Watermarks } from './watermarks.js';

export function VertexTable(props: {
  readonly job: JobDetail;
  readonly loads: ReadonlyMap<string, Load>;
  readonly watermarks: Watermarks;
}): JSX.Element {
  const { job, loads, watermarks } = props;
  return (
    <Table
      label="Operators"
      head={[
        ['Operator'],
        ['State'],
        ['Load'],
        ['Busy', 'number'],
        ['Back-pressure', 'number'],
        ['Records in', 'number'],
        ['Records out', 'number'],
        ['Watermark (UTC)'],
        ['Duration', 'number'],
        ['Tasks'],
      ]}
    >
      {job.vertices.map((vertex) => {
        const load = loads.get(vertex.id);
        return (
          <tr key={vertex.id}>
            <th scope="row">
              <a href={vertexLink(job.jid, vertex.id)}>{vertex.name}</a>
            </th>
            <td>
              <StateBadge state={vertex.status} />
            </td>
            <td>{load !== undefined && <LoadBar load={load} />}</td>
            <td class="number">{percentText(load?.busy)}</td>
            <td class={`number pressure-${backPressureLevel(load?.backPressured)}`}>
              {percentText(load?.backPressured)}
            </td>
            <td class="number" title={countText(vertex.metrics['read-records'])}>
              {rateText(load?.recordsIn)}
            </td>
            <td class="number" title={countText(vertex.metrics['write-records'])}>
              {rateText(load?.recordsOut)}
            </td>
            <td>{watermarkText(watermarks.get(vertex.id))}</td>
            <td class="number">{durationText(vertex.duration)}</td>
            <td>
              <TaskCounts tasks={vertex.tasks} />
            </td>
          </tr>
        );
      })}
    </Table>
  );
}
