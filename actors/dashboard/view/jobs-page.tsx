import type { JSX } from 'preact';
import { usePoll } from '../browser/polling.js';
import type { JobsOverview } from '../model/flink-json.js';
import { isEnded, JobsTable } from './jobs-table.js';
import { Awaited } from './parts.js';

export function JobsPage(): JSX.Element {
  const jobs = usePoll<JobsOverview>('jobs/overview');
  return (
    <>
      <h1>Jobs</h1>
      <Awaited polled={jobs} what="jobs">
        {({ jobs }) => (
          <>
            <section class="card">
              <h2>Running</h2>
              <JobsTable
                jobs={jobs.filter((job) => !isEnded(job))}
                label="Running jobs"
                empty="No job runs."
              />
            </section>
            <section class="card">
              <h2>Ended</h2>
              <JobsTable jobs={jobs.filter(isEnded)} label="Ended jobs" empty="No job has ended." />
            </section>
          </>
        )}
      </Awaited>
    </>
  );
}
