import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { wallMs } from '../browser/page-state.js';
import { type Polled, usePoll } from '../browser/polling.js';
import { slowestName } from '../model/bottleneck.js';
import { checkpointStory, failedCheckpointFinding } from '../model/checkpoint-story.js';
import { agoText, bytesText, durationText } from '../model/figures.js';
import type { Finding } from '../model/finding.js';
import type { Checkpoint, CheckpointConfig, CheckpointStatistics, JobDetail } from '../model/flink-json.js';
import type { Load } from '../model/vertex-load.js';
import { CheckpointDetail } from './checkpoint-detail.js';
import { useFailedCheckpoint } from './failed-checkpoint.js';
import { Findings } from './findings.js';
import { Awaited, Fact, Moment, StateBadge, Table } from './parts.js';

export function CheckpointsTab(props: {
  readonly job: JobDetail;
  readonly loads: ReadonlyMap<string, Load>;
  readonly checkpoints: Polled<CheckpointStatistics>;
}): JSX.Element {
  const { job, loads, checkpoints } = props;
  const [chosen, setChosen] = useState<number>();
  const failed = useFailedCheckpoint(job.jid, checkpoints.value);
  return (
    <Awaited polled={checkpoints} what="checkpoints">
      {(value) => {
        const shown =
          value.history.find(({ id }) => id === chosen) ??
          (value.latest.failed?.id === chosen ? value.latest.failed : undefined) ??
          // One that has just begun tells nothing yet.
          value.history.find(({ status }) => status !== 'IN_PROGRESS') ??
          value.history[0];
        const { completed } = value.latest;
        const slowest = slowestName(job, loads);
        const finding = failedCheckpointFinding(job, { failed, completed, slowest }, wallMs());
        return (
          <>
            {finding !== undefined && <Findings findings={[withoutLink(finding)]} />}
            <Summary statistics={value} />
            <section class="card">
              <h2>History</h2>
              <History history={value.history} shown={shown?.id} onChoose={setChosen} />
            </section>
            {shown !== undefined && <CheckpointDetail key={shown.id} job={job} checkpoint={shown} />}
            <CheckpointSettings jobId={job.jid} />
          </>
        );
      }}
    </Awaited>
  );
}

/** It leads to where it stands. */
function withoutLink({ severity, title, text }: Finding): Finding {
  return { severity, title, text };
}

function Summary({ statistics }: { readonly statistics: CheckpointStatistics }): JSX.Element {
  const { counts, latest } = statistics;
  const nowMs = wallMs();
  return (
    <section class="card">
      <h2>Latest</h2>
      <dl class="facts">
        <Fact name="Completed">
          {counts.completed} <span class="faint">of {counts.total}</span>
        </Fact>
        <Fact name="In progress">{counts.in_progress}</Fact>
        <Fact name="Failed">{counts.failed}</Fact>
        <Fact name="Restored">{counts.restored}</Fact>
      </dl>
      <ul class="plain">
        {latest.completed && (
          <li>
            Checkpoint {latest.completed.id}, {agoText(latest.completed.latest_ack_timestamp, nowMs)}:{' '}
            {checkpointStory(latest.completed)} <Path path={latest.completed.external_path} />
          </li>
        )}
        {latest.failed && (
          <li>
            Last failure: {latest.failed.id}, {agoText(latest.failed.failure_timestamp, nowMs)}:{' '}
            {checkpointStory(latest.failed)}
          </li>
        )}
        {latest.savepoint && (
          <li>
            Last savepoint: {latest.savepoint.id}, {agoText(latest.savepoint.latest_ack_timestamp, nowMs)}.{' '}
            <Path path={latest.savepoint.external_path} />
          </li>
        )}
        {latest.restored && (
          <li>
            Restored from {latest.restored.is_savepoint ? 'savepoint' : 'checkpoint'} {latest.restored.id},{' '}
            {agoText(latest.restored.restore_timestamp, nowMs)}. <Path path={latest.restored.external_path} />
          </li>
        )}
      </ul>
    </section>
  );
}

function Path({ path }: { readonly path: string | null | undefined }): JSX.Element | null {
  return path === undefined || path === null || path === '' ? null : <code>{path}</code>;
}

/** Sizes and durations as bars of one scale, so that the odd one shows. */
function History(props: {
  readonly history: readonly Checkpoint[];
  readonly shown: number | undefined;
  readonly onChoose: (id: number) => void;
}): JSX.Element {
  const { history, shown, onChoose } = props;
  if (history.length === 0) return <p class="empty">No checkpoint has been taken.</p>;
  const longest = Math.max(1, ...history.map((one) => one.end_to_end_duration));
  const largest = Math.max(1, ...history.map((one) => one.checkpointed_size));
  return (
    <Table
      label="Checkpoints"
      head={[
        ['Checkpoint'],
        ['Result'],
        ['Kind'],
        ['Acknowledged', 'number'],
        ['Triggered'],
        ['Duration'],
        ['Written'],
        ['Full size', 'number'],
        ['In flight', 'number'],
      ]}
    >
      {history.map((one) => (
        <tr key={one.id} class={one.id === shown ? 'chosen' : undefined}>
          <th scope="row">
            <button
              type="button"
              class="link"
              aria-pressed={one.id === shown}
              aria-label={`Details of checkpoint ${one.id}`}
              onClick={() => onChoose(one.id)}
            >
              {one.id}
            </button>
          </th>
          <td>
            <StateBadge state={one.status} />
          </td>
          <td>{one.checkpoint_type.toLowerCase().replaceAll('_', ' ')}</td>
          <td class="number">
            {one.num_acknowledged_subtasks}/{one.num_subtasks}
          </td>
          <td>
            <Moment ms={one.trigger_timestamp} />
          </td>
          <td>
            <Bar share={one.end_to_end_duration / longest} text={durationText(one.end_to_end_duration)} />
          </td>
          <td>
            <Bar share={one.checkpointed_size / largest} text={bytesText(one.checkpointed_size)} />
          </td>
          <td class="number">{bytesText(one.state_size)}</td>
          <td class="number">{bytesText(one.persisted_data)}</td>
        </tr>
      ))}
    </Table>
  );
}

function Bar({ share, text }: { readonly share: number; readonly text: string }): JSX.Element {
  return (
    <span class="bar">
      <span class="bar-fill" style={{ width: `${Math.min(1, share) * 100}%` }} />
      <span class="bar-text">{text}</span>
    </span>
  );
}

function CheckpointSettings({ jobId }: { readonly jobId: string }): JSX.Element {
  const config = usePoll<CheckpointConfig>(`jobs/${encodeURIComponent(jobId)}/checkpoints/config`, 10);
  return (
    <section class="card">
      <h2>Settings</h2>
      <Awaited polled={config} what="settings of checkpoints">
        {(value) => (
          <dl class="facts">
            <Fact name="Mode">{value.mode.toLowerCase().replaceAll('_', ' ')}</Fact>
            <Fact name="Interval">{durationText(value.interval)}</Fact>
            <Fact name="Timeout">{durationText(value.timeout)}</Fact>
            <Fact name="Pause at least">{durationText(value.min_pause)}</Fact>
            <Fact name="At once">{value.max_concurrent}</Fact>
            <Fact name="Failures tolerated">{value.tolerable_failed_checkpoints}</Fact>
            <Fact name="Unaligned">{value.unaligned_checkpoints ? 'yes' : 'no'}</Fact>
            <Fact name="State backend">{value.state_backend}</Fact>
            <Fact name="Storage">{value.checkpoint_storage}</Fact>
            <Fact name="When the job is canceled">
              {value.externalization.enabled && !value.externalization.delete_on_cancellation
                ? 'kept'
                : 'deleted'}
            </Fact>
          </dl>
        )}
      </Awaited>
    </section>
  );
}
