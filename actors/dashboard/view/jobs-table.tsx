import type { JSX } from 'preact';
import { durationText } from '../model/figures.js';
import type { JobOverview } from '../model/flink-json.js';
import { jobLink } from '../model/route.js';
import { Moment, StateBadge, Table } from './parts.js';

const ENDED = new Set(['FINISHED', 'FAILED', 'CANCELED', 'SUSPENDED']);

export function isEnded(job: { readonly state: string }): boolean {
  return ENDED.has(job.state);
}

export function JobsTable(props: {
  readonly jobs: readonly JobOverview[];
  readonly label: string;
  readonly empty: string;
}): JSX.Element {
  if (props.jobs.length === 0) return <p class="empty">{props.empty}</p>;
  return (
    <Table
      label={props.label}
      kind="jobs-table"
      head={[['Job'], ['State'], ['Started'], ['Duration', 'number'], ['Ended'], ['Tasks']]}
    >
      {props.jobs.map((job) => (
        <tr key={job.jid}>
          <th scope="row">
            <a href={jobLink(job.jid)}>{job.name}</a>
          </th>
          <td>
            <StateBadge state={job.state} />
          </td>
          <td>
            <Moment ms={job['start-time']} />
          </td>
          <td class="number">{durationText(job.duration)}</td>
          <td>
            <Moment ms={job['end-time']} />
          </td>
          <td>
            <TaskCounts tasks={job.tasks} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** How many tasks are in which state; states without one are left out. */
export function TaskCounts({ tasks }: { readonly tasks: Readonly<Record<string, number>> }): JSX.Element {
  const counts = Object.entries(tasks).filter(
    ([state, count]) => state.toLowerCase() !== 'total' && count > 0,
  );
  return (
    <span class="task-counts">
      {counts.map(([state, count]) => (
        <span
          key={state}
          class={`count state-${state.toLowerCase()}`}
          title={`${count} ${state.toLowerCase()}`}
        >
          {count} {state.toLowerCase()}
        </span>
      ))}
      {counts.length === 0 && <span class="faint">none</span>}
    </span>
  );
}
