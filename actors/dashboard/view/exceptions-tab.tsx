import type { JSX } from 'preact';
import type { Polled } from '../browser/polling.js';
import { headline } from '../model/failure-story.js';
import { plural } from '../model/figures.js';
import type { ExceptionInfo, JobExceptions, RootException } from '../model/flink-json.js';
import { Awaited, Moment } from './parts.js';

export function ExceptionsTab({ exceptions }: { readonly exceptions: Polled<JobExceptions> }): JSX.Element {
  return (
    <Awaited polled={exceptions} what="exceptions">
      {({ exceptionHistory: { entries, truncated } }) => (
        <section class="card">
          <h2>Exceptions</h2>
          {entries.length === 0 && <p class="empty">Nothing has failed.</p>}
          {entries.map((entry, index) => (
            <Failure key={`${entry.timestamp} ${entry.taskName ?? ''}`} failure={entry} open={index === 0} />
          ))}
          {truncated && <p class="faint">Older ones are not kept.</p>}
        </section>
      )}
    </Awaited>
  );
}

function Failure({
  failure,
  open,
}: {
  readonly failure: RootException;
  readonly open: boolean;
}): JSX.Element {
  const concurrent = failure.concurrentExceptions ?? [];
  return (
    <details class="failure" open={open}>
      <summary>
        <Moment ms={failure.timestamp} /> <strong>{headline(failure)}</strong>
        {failure.taskName !== undefined && failure.taskName !== null && (
          <span class="faint"> in {failure.taskName}</span>
        )}
        {concurrent.length > 0 && <span class="faint"> · {concurrent.length} more at the same time</span>}
      </summary>
      <FailureBody failure={failure} />
      {concurrent.length > 0 && (
        <>
          <h3>{plural(concurrent.length, 'failure')} at the same time</h3>
          {concurrent.map((one) => (
            <details key={`${one.timestamp} ${one.taskName ?? ''}`} class="failure inner">
              <summary>
                <Moment ms={one.timestamp} /> <strong>{headline(one)}</strong>{' '}
                <span class="faint">in {one.taskName ?? 'the job'}</span>
              </summary>
              <FailureBody failure={one} />
            </details>
          ))}
        </>
      )}
    </details>
  );
}

function FailureBody({ failure }: { readonly failure: ExceptionInfo }): JSX.Element {
  const labels = Object.entries(failure.failureLabels ?? {});
  const place = [failure.taskManagerId, failure.endpoint].filter(
    (part) => typeof part === 'string' && part !== '',
  );
  return (
    <>
      <p class="chips">
        <span class="chip">{failure.exceptionName}</span>
        {place.length > 0 && <span class="chip">{place.join(' · ')}</span>}
        {labels.map(([name, value]) => (
          <span key={name} class="chip">
            {name}: {value}
          </span>
        ))}
      </p>
      <pre>{failure.stacktrace}</pre>
    </>
  );
}
