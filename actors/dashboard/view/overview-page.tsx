import type { JSX } from 'preact';
import { usePoll } from '../browser/polling.js';
import type { ClusterOverview, JobsOverview, TaskManagers } from '../model/flink-json.js';
import { isEnded, JobsTable } from './jobs-table.js';
import { MemoryStrip } from './memory-picture.js';
import { Awaited } from './parts.js';
import { SlotsPicture } from './slots-picture.js';

const ENDED_SHOWN = 5;

export function OverviewPage(): JSX.Element {
  const overview = usePoll<ClusterOverview>('overview');
  const jobs = usePoll<JobsOverview>('jobs/overview');
  const managers = usePoll<TaskManagers>('taskmanagers', 2);
  return (
    <>
      <h1 class="hidden">Overview</h1>
      <Awaited polled={overview} what="overview">
        {(value) => <Tiles overview={value} />}
      </Awaited>
      <div class="columns">
        <section class="card grow">
          <h2>Running jobs</h2>
          <Awaited polled={jobs} what="jobs">
            {({ jobs }) => (
              <JobsTable
                jobs={jobs.filter((job) => !isEnded(job))}
                label="Running jobs"
                empty="No job runs."
              />
            )}
          </Awaited>
          <h2>Ended last</h2>
          <Awaited polled={jobs} what="jobs">
            {({ jobs }) => (
              <JobsTable
                jobs={jobs.filter(isEnded).slice(0, ENDED_SHOWN)}
                label="Ended jobs"
                empty="No job has ended."
              />
            )}
          </Awaited>
        </section>
        <section class="card side">
          <h2>Slots and memory</h2>
          <Awaited polled={managers} what="task managers">
            {({ taskmanagers }) => (
              <>
                {taskmanagers.map((manager) => (
                  <article key={manager.id} class="manager-tile">
                    <h3>
                      <a href="#/task-managers">{manager.id}</a>
                    </h3>
                    <SlotsPicture total={manager.slotsNumber} free={manager.freeSlots} />
                    {manager.memoryConfiguration !== undefined && (
                      <MemoryStrip memory={manager.memoryConfiguration} />
                    )}
                  </article>
                ))}
                {taskmanagers.length === 0 && <p class="empty">No task manager is there.</p>}
              </>
            )}
          </Awaited>
        </section>
      </div>
    </>
  );
}

function Tiles({ overview }: { readonly overview: ClusterOverview }): JSX.Element {
  const total = overview['slots-total'];
  const taken = total - overview['slots-available'];
  return (
    <dl class="tiles">
      <Tile name="Running" value={overview['jobs-running']} kind="running" />
      <Tile name="Finished" value={overview['jobs-finished']} kind="finished" />
      <Tile name="Canceled" value={overview['jobs-cancelled']} kind="canceled" />
      <Tile
        name="Failed"
        value={overview['jobs-failed']}
        kind={overview['jobs-failed'] > 0 ? 'failed' : 'finished'}
      />
      <Tile name="Slots taken" value={`${taken} of ${total}`} kind="slots" />
      <Tile name="Task managers" value={overview.taskmanagers} kind="managers" />
    </dl>
  );
}

function Tile(props: {
  readonly name: string;
  readonly value: string | number;
  readonly kind: string;
}): JSX.Element {
  return (
    <div class={`tile tile-${props.kind}`}>
      <dt>{props.name}</dt>
      <dd>{props.value}</dd>
    </div>
  );
}
