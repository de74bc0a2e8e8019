import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { usePoll } from '../browser/polling.js';
import type { ThreadDump } from '../model/flink-json.js';
import { Awaited } from './parts.js';

/** Looks between two dumps: each stops nobody, but is work. */
const LOOKS = 3;

/** What the threads of a task manager do, while it is open. */
export function ThreadDumpSection({ managerId }: { readonly managerId: string }): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <>
      <h3>Threads</h3>
      <p>
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? 'Hide what they do' : 'Show what they do'}
        </button>
      </p>
      {open && <Threads managerId={managerId} />}
    </>
  );
}

function Threads({ managerId }: { readonly managerId: string }): JSX.Element {
  const dump = usePoll<ThreadDump>(`taskmanagers/${encodeURIComponent(managerId)}/thread-dump`, LOOKS);
  return (
    <Awaited polled={dump} what="threads">
      {({ threadInfos }) =>
        threadInfos.length === 0 ? (
          <p class="empty">No task runs.</p>
        ) : (
          <ul class="threads">
            {threadInfos.map(({ threadName, stringifiedThreadInfo }) => (
              <li key={threadName}>
                <pre>{stringifiedThreadInfo.trim()}</pre>
              </li>
            ))}
          </ul>
        )
      }
    </Awaited>
  );
}
