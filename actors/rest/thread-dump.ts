import type { JobDetails } from '../../core/internal.js';
import type { RestCluster } from './rest-cluster.js';
import { frameText, isIdleFrame, type ProfiledFrame, type ThreadProfile } from './thread-profile.js';
import { attemptOf } from './vertex-json.js';

/** Samples of which the last one tells what a thread does. */
const SAMPLES = 30;
const DELAY_MS = 1;

/** A thread that runs a task. */
interface TaskThread {
  readonly threadId: number;
  /** As Flink names it: `counts (1/2)#0`. */
  readonly name: string;
  /** Undefined: it has not been told; then there is but one. */
  readonly taskManagerId: string | undefined;
}

/** What the threads of one TaskManager do: each of them runs one task. */
export async function taskManagerThreads(cluster: RestCluster, taskManagerId: string) {
  const threads = (await taskThreads(cluster)).filter(
    (thread) => thread.taskManagerId === undefined || thread.taskManagerId === taskManagerId,
  );
  const threadIds = threads.map(({ threadId }) => threadId);
  const profiles = await cluster.sampleThreads({ threadIds, samples: SAMPLES, delayMs: DELAY_MS });
  return dump(
    threads.map(({ threadId, name }) => ({
      name,
      threadId,
      profile: profiles.find((profile) => profile.threadId === threadId),
    })),
  );
}

/** What all other threads of the process do. */
export async function jobManagerThreads(cluster: RestCluster) {
  const tasks = new Set((await taskThreads(cluster)).map(({ threadId }) => threadId));
  const profiles = await cluster.sampleThreads({ threadIds: undefined, samples: SAMPLES, delayMs: DELAY_MS });
  return dump(
    profiles
      .filter(({ threadId }) => !tasks.has(threadId))
      .map((profile) => ({ name: profile.name, threadId: profile.threadId, profile })),
  );
}

async function taskThreads(cluster: RestCluster): Promise<TaskThread[]> {
  const jobs = (await cluster.jobs()).filter(({ endMs }) => endMs === undefined);
  return (await Promise.all(jobs.map((job) => threadsOf(cluster, job)))).flat();
}

async function threadsOf(cluster: RestCluster, job: JobDetails): Promise<TaskThread[]> {
  const tasks = await cluster.tasks(job.jobId);
  return tasks.flatMap(({ vertexId, subtask, threadId }) => {
    const vertex = job.graph.vertices[vertexId];
    const details = job.vertices[vertexId]?.subtasks[subtask];
    if (threadId === 0 || vertex === undefined || details === undefined) return [];
    const name = `${vertex.name} (${subtask + 1}/${vertex.parallelism})#${attemptOf(details)}`;
    return [{ threadId, name, taskManagerId: details.taskManagerId }];
  });
}

function dump(
  threads: readonly {
    readonly name: string;
    readonly threadId: number;
    readonly profile: ThreadProfile | undefined;
  }[],
) {
  return {
    threadInfos: threads.map(({ name, threadId, profile }) => ({
      threadName: name,
      stringifiedThreadInfo: threadText(name, threadId, profile),
    })),
  };
}

/** As Java writes one: the innermost call first. */
function threadText(name: string, threadId: number, profile: ThreadProfile | undefined): string {
  const head = `"${name}" Id=${threadId}`;
  if (profile?.last === undefined) return `${head} BLOCKED\n\t(it does not answer)\n\n`;
  const calls = callsUpTo(profile.frames, profile.last);
  const state = calls.some(isIdleFrame) ? 'WAITING' : 'RUNNABLE';
  return `${head} ${state}\n${calls.map((frame) => `\tat ${frameText(frame)}\n`).join('')}\n`;
}

/** The frame and who called it, without the root of all. */
function callsUpTo(frames: readonly ProfiledFrame[], last: number): ProfiledFrame[] {
  const callers = new Map(
    frames.flatMap(({ calls }, caller) => calls.map((call) => [call, caller] as const)),
  );
  const path: ProfiledFrame[] = [];
  for (let at: number | undefined = last; at !== undefined && at !== 0; at = callers.get(at)) {
    const frame = frames[at];
    if (frame !== undefined) path.push(frame);
  }
  return path;
}
