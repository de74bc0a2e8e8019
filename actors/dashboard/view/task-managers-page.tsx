import type { JSX } from 'preact';
import { wallMs } from '../browser/page-state.js';
import { usePoll } from '../browser/polling.js';
import { bytesText, durationText, percentText } from '../model/figures.js';
import type { JobsOverview, TaskManager, TaskManagerDetail, TaskManagers } from '../model/flink-json.js';
import { numberIn } from '../model/memory-parts.js';
import { jobLink } from '../model/route.js';
import { MemoryPicture } from './memory-picture.js';
import { Awaited, Fact } from './parts.js';
import { SlotsPicture } from './slots-picture.js';
import { ThreadDumpSection } from './thread-dump.js';

export function TaskManagersPage(): JSX.Element {
  const managers = usePoll<TaskManagers>('taskmanagers');
  return (
    <>
      <h1>Memory and slots</h1>
      <Awaited polled={managers} what="task managers">
        {({ taskmanagers }) => (
          <>
            {taskmanagers.map((manager) => (
              <ManagerCard key={manager.id} manager={manager} />
            ))}
            {taskmanagers.length === 0 && <p class="empty">No task manager is there.</p>}
          </>
        )}
      </Awaited>
    </>
  );
}

function ManagerCard({ manager }: { readonly manager: TaskManager }): JSX.Element {
  const detail = usePoll<TaskManagerDetail>(`taskmanagers/${encodeURIComponent(manager.id)}`, 2).value;
  const metrics = detail?.metrics;
  const heapUsed = numberIn(metrics, 'heapUsed');
  const heapMax = numberIn(metrics, 'heapMax');
  return (
    <section class="card">
      <h2>{manager.id}</h2>
      <dl class="facts">
        <Fact name="Slots">
          <SlotsPicture total={manager.slotsNumber} free={manager.freeSlots} />
        </Fact>
        <Fact name="Heap used">
          {bytesText(heapUsed)}
          {heapMax !== undefined && heapMax > 0 && heapUsed !== undefined && (
            <span class="faint">
              {' '}
              of {bytesText(heapMax)} ({percentText(heapUsed / heapMax)})
            </span>
          )}
        </Fact>
        <Fact name="Last heartbeat">
          {manager.timeSinceLastHeartbeat > 0
            ? `${durationText(Math.max(0, wallMs() - manager.timeSinceLastHeartbeat))} ago`
            : '–'}
        </Fact>
      </dl>
      <SlotJobs detail={detail} />
      <ThreadDumpSection managerId={manager.id} />
      <h3>Memory plan</h3>
      {manager.memoryConfiguration === undefined ? (
        <p class="empty">It has told no memory plan.</p>
      ) : (
        <MemoryPicture memory={manager.memoryConfiguration} />
      )}
    </section>
  );
}

function SlotJobs({ detail }: { readonly detail: TaskManagerDetail | undefined }): JSX.Element | null {
  const jobs = usePoll<JobsOverview>('jobs/overview', 2).value?.jobs ?? [];
  const counts = new Map<string, number>();
  for (const { jobId } of detail?.allocatedSlots ?? []) counts.set(jobId, (counts.get(jobId) ?? 0) + 1);
  if (counts.size === 0) return null;
  return (
    <p>
      Slots are held by{' '}
      {[...counts].map(([jobId, count], index) => (
        <span key={jobId}>
          {index > 0 && ', '}
          <a href={jobLink(jobId)}>{jobs.find(({ jid }) => jid === jobId)?.name ?? jobId}</a> ({count})
        </span>
      ))}
    </p>
  );
}
