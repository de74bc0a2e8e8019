import type { JSX } from 'preact';
import { usePoll } from '../browser/polling.js';
import { type EventTimeCause, eventTimeCauses, eventTimeSummary } from '../model/event-time-causes.js';
import type { ExplainedOperator, Explanation, Holder } from '../model/explanation.js';
import { durationText, subtaskText, watermarkText } from '../model/figures.js';
import type { JobDetail } from '../model/flink-json.js';
import { type Load, pressedVertices } from '../model/vertex-load.js';
import { isEnded } from './jobs-table.js';
import { Awaited, Table } from './parts.js';

/** Why nothing comes out: what event time waits for, in sentences, and where every operator stands. */
export function EventTimeTab(props: {
  readonly job: JobDetail;
  readonly loads: ReadonlyMap<string, Load>;
}): JSX.Element {
  const { job, loads } = props;
  if (isEnded(job)) return <p class="empty">The job has ended: nothing more comes out.</p>;
  return <RunningEventTime job={job} loads={loads} />;
}

function RunningEventTime(props: {
  readonly job: JobDetail;
  readonly loads: ReadonlyMap<string, Load>;
}): JSX.Element {
  const { job, loads } = props;
  const polled = usePoll<Explanation>(`jobs/${encodeURIComponent(job.jid)}/millrace/explain`);
  const pressed = pressedVertices(job, loads);
  return (
    <Awaited polled={polled} what="explanation">
      {(explanation) => {
        const causes = eventTimeCauses(explanation, pressed);
        return (
          <>
            <section class="card" aria-live="polite">
              <h2>Why is nothing coming out?</h2>
              <p class="lead">{eventTimeSummary(explanation, causes)}</p>
              <p class="faint">
                A window fires when the watermark passes its end. An operator’s watermark is the least of its
                inputs’, so one input that stands still holds everything behind it back.
              </p>
              {causes.map((cause) => (
                <Cause key={cause.title} cause={cause} />
              ))}
            </section>
            <section class="card">
              <h2>Event time at each operator</h2>
              <OperatorTimes explanation={explanation} />
            </section>
          </>
        );
      }}
    </Awaited>
  );
}

function Cause({ cause }: { readonly cause: EventTimeCause }): JSX.Element {
  const { title, text, advice, waiting, moves } = cause;
  return (
    <article class={moves ? 'finding calm' : 'finding warning'}>
      <h3>
        <span class="word">{moves ? 'Goes on' : 'Waits for'}</span> {title}
      </h3>
      {!moves && <p>{text}</p>}
      {!moves && <p>{advice}</p>}
      {waiting.length > 0 && (
        <p class="faint">
          {moves ? 'Leads' : 'Holds back'}: {waiting.join(', ')}
        </p>
      )}
    </article>
  );
}

function OperatorTimes({ explanation }: { readonly explanation: Explanation }): JSX.Element {
  const { operators, atMs } = explanation;
  return (
    <Table
      label="Event time at each operator"
      head={[['Operator'], ['Watermark (UTC)'], ['Stands for', 'number'], ['Held back by']]}
    >
      {operators.map((operator) => (
        <tr key={`${operator.uid} ${operator.subtask}`}>
          <th scope="row">{subtaskText(operator.name, operator.subtask, operator.parallelism)}</th>
          <td>{watermarkText(operator.watermark)}</td>
          <td class="number">{durationText(Math.max(0, atMs - operator.sinceMs))}</td>
          <td>{heldText(operator)}</td>
        </tr>
      ))}
    </Table>
  );
}

function heldText({ idle, heldBackBy }: ExplainedOperator): string {
  if (idle) return 'nobody: it is idle, and nobody waits for it';
  return heldBackBy.length === 0 ? 'nobody' : heldBackBy.map(holderText).join(', ');
}

function holderText(holder: Holder): string {
  switch (holder.kind) {
    case 'channel':
      return subtaskText(holder.name, holder.subtask, holder.parallelism);
    case 'operator':
      return holder.name;
    case 'split':
      return `split ${holder.splitId}, at ${watermarkText(holder.watermark)}`;
    case 'alignment':
      return `its alignment group ${holder.group}`;
    case 'records':
      return 'its own records: none that would raise it has come';
  }
}
