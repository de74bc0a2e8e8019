import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { usePoll } from '../browser/polling.js';
import { agoText, durationText, plural } from '../model/figures.js';
import type { CheckpointStatistics, JobDetail, JobExceptions } from '../model/flink-json.js';
import { LoadHistory } from '../model/load-history.js';
import { JOB_TABS, type JobTab, jobLink, type Route } from '../model/route.js';
import { CheckpointsTab } from './checkpoints-tab.js';
import { EventTimeTab } from './event-time-tab.js';
import { ExceptionsTab } from './exceptions-tab.js';
import { GraphTab } from './graph-tab.js';
import { JobActions } from './job-actions.js';
import { JobConfigurationTab } from './job-configuration-tab.js';
import { isEnded } from './jobs-table.js';
import { MetricsTab } from './metrics-tab.js';
import { Awaited, Fact, Moment, StateBadge } from './parts.js';
import { VertexPage } from './vertex-page.js';
import { useWatermarks } from './watermarks.js';

const TAB_NAMES: Readonly<Record<JobTab, string>> = {
  graph: 'Graph',
  'event-time': 'Why is nothing coming out?',
  checkpoints: 'Checkpoints',
  exceptions: 'Exceptions',
  metrics: 'Metrics',
  configuration: 'Configuration',
};

type JobRoute = Extract<Route, { page: 'job' | 'vertex' }>;

export function JobPage({ route }: { readonly route: JobRoute }): JSX.Element {
  const { jobId } = route;
  const job = usePoll<JobDetail>(`jobs/${encodeURIComponent(jobId)}`);
  return (
    <Awaited polled={job} what={`job ${jobId}`}>
      {(value) => <KnownJob job={value} route={route} />}
    </Awaited>
  );
}

function KnownJob({ job, route }: { readonly job: JobDetail; readonly route: JobRoute }): JSX.Element {
  const history = useRef<LoadHistory | undefined>(undefined);
  history.current ??= new LoadHistory();
  history.current.add(job);
  const loads = history.current.samples.at(-1)?.loads ?? new Map();
  const path = `jobs/${encodeURIComponent(job.jid)}`;
  const checkpoints = usePoll<CheckpointStatistics>(`${path}/checkpoints`);
  const exceptions = usePoll<JobExceptions>(`${path}/exceptions`, 2);
  const watermarks = useWatermarks(job);
  const failures = exceptions.value?.exceptionHistory.entries ?? [];
  return (
    <>
      <JobHeader job={job} failures={failures.length} />
      <nav class="tabs" aria-label="Of this job">
        {JOB_TABS.map((tab) => (
          <a
            key={tab}
            class="tab-link"
            href={jobLink(job.jid, tab)}
            aria-current={route.page === 'job' && route.tab === tab ? 'page' : undefined}
          >
            {TAB_NAMES[tab]}
            {tab === 'exceptions' && failures.length > 0 && <span class="tab-count">{failures.length}</span>}
          </a>
        ))}
      </nav>
      {route.page === 'vertex' ? (
        <VertexPage key={route.vertexId} job={job} vertexId={route.vertexId} />
      ) : route.tab === 'graph' ? (
        <GraphTab
          job={job}
          loads={loads}
          watermarks={watermarks}
          checkpoints={checkpoints.value}
          failures={failures}
        />
      ) : route.tab === 'event-time' ? (
        <EventTimeTab job={job} loads={loads} />
      ) : route.tab === 'checkpoints' ? (
        <CheckpointsTab job={job} loads={loads} checkpoints={checkpoints} />
      ) : route.tab === 'exceptions' ? (
        <ExceptionsTab exceptions={exceptions} />
      ) : route.tab === 'metrics' ? (
        <MetricsTab job={job} samples={history.current.samples} />
      ) : (
        <JobConfigurationTab job={job} />
      )}
    </>
  );
}

function JobHeader({ job, failures }: { readonly job: JobDetail; readonly failures: number }): JSX.Element {
  const ended = isEnded(job);
  const running = job.timestamps.RUNNING ?? 0;
  return (
    <header class="job-header">
      <div class="job-title">
        <h1>{job.name}</h1>
        <StateBadge state={job.state} />
        <code class="faint">{job.jid}</code>
      </div>
      <dl class="facts">
        <Fact name="Started">
          <Moment ms={job['start-time']} />
        </Fact>
        <Fact name={ended ? 'Ran for' : 'Running for'}>{durationText(job.duration)}</Fact>
        {ended && (
          <Fact name="Ended">
            <Moment ms={job['end-time']} />
          </Fact>
        )}
        {!ended && failures > 0 && <Fact name="Last start">{agoText(running, job.now)}</Fact>}
        <Fact name="Tasks">
          {plural(
            job.vertices.reduce((sum, { parallelism }) => sum + parallelism, 0),
            'subtask',
          )}
        </Fact>
      </dl>
      {!ended && <JobActions job={job} />}
    </header>
  );
}
