import type { JSX } from 'preact';
import { usePoll } from '../browser/polling.js';
import type { JobConfigInfo, JobConfiguration, JobDetail } from '../model/flink-json.js';
import { OptionsTable } from './options-table.js';
import { Awaited, Fact } from './parts.js';

export function JobConfigurationTab({ job }: { readonly job: JobDetail }): JSX.Element {
  const path = `jobs/${encodeURIComponent(job.jid)}`;
  const config = usePoll<JobConfigInfo>(`${path}/config`, 10);
  const options = usePoll<JobConfiguration>(`${path}/millrace/configuration`, 10);
  return (
    <>
      <section class="card">
        <h2>Execution</h2>
        <Awaited polled={config} what="execution settings">
          {({ 'execution-config': execution = {} }) => (
            <>
              <dl class="facts">
                <Fact name="Mode">
                  {(job['job-type'] ?? execution['execution-mode'] ?? '–').toLowerCase()}
                </Fact>
                <Fact name="Parallelism">{execution['job-parallelism'] ?? '–'}</Fact>
                <Fact name="Restart strategy">{execution['restart-strategy'] ?? '–'}</Fact>
              </dl>
              <Parameters parameters={execution['user-config'] ?? {}} />
            </>
          )}
        </Awaited>
      </section>
      <section class="card">
        <h2>Options</h2>
        <Awaited polled={options} what="options of this job">
          {({ options }) => <OptionsTable options={options} />}
        </Awaited>
      </section>
    </>
  );
}

function Parameters({ parameters }: { readonly parameters: Readonly<Record<string, string>> }): JSX.Element {
  const entries = Object.entries(parameters);
  if (entries.length === 0) return <p class="faint">The job was started without parameters of its own.</p>;
  return (
    <>
      <h3>Parameters of the job</h3>
      <dl class="facts">
        {entries.map(([name, value]) => (
          <Fact key={name} name={name}>
            <code>{value}</code>
          </Fact>
        ))}
      </dl>
    </>
  );
}
