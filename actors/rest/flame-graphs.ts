import type { Clock } from '../../core/internal.js';
import type { RestCluster } from './rest-cluster.js';
import type { ThreadProfile } from './thread-profile.js';
import { attemptOf, type SeenVertex, subtasksOf } from './vertex-json.js';

/** As `rest.flamegraph.*` say. */
export interface FlameGraphSettings {
  readonly enabled: boolean;
  /** What was sampled is shown for so long before it is sampled anew. */
  readonly refreshMs: number;
  /** What nobody has asked for in so long is forgotten. */
  readonly cleanupMs: number;
  readonly samples: number;
  readonly delayMs: number;
  readonly depth: number;
}

/** What was seen of a vertex. */
export interface VertexSamples {
  /** Wall time. */
  readonly endMs: number;
  readonly bySubtask: ReadonlyMap<number, ThreadProfile>;
}

interface Entry {
  readonly attempt: number;
  samples: VertexSamples | undefined;
  sampling: boolean;
  /** Monotonic. */
  askedMs: number;
  sampledMs: number;
}

const VERTICES_MAX = 100;

/**
 * Samples of the threads of vertices, taken when somebody asks, and shown meanwhile as they were.
 *
 * Invariants: of a vertex one round of sampling is under way at most, and its samples are of one attempt; at most
 * {@link VERTICES_MAX} vertices are remembered.
 */
export class FlameGraphs {
  readonly settings: FlameGraphSettings;
  readonly #cluster: RestCluster;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(settings: FlameGraphSettings, cluster: RestCluster, clock: Clock) {
    this.settings = settings;
    this.#cluster = cluster;
    this.#clock = clock;
  }

  /** Undefined: sampling has begun. */
  samplesOf(seen: SeenVertex): VertexSamples | undefined {
    const nowMs = this.#clock.monotonicMs();
    const entry = this.#entryOf(seen, nowMs);
    entry.askedMs = nowMs;
    const isOld = entry.samples === undefined || nowMs - entry.sampledMs >= this.settings.refreshMs;
    if (isOld && !entry.sampling) void this.#sample(entry, seen);
    return entry.samples;
  }

  #entryOf({ job, vertex }: SeenVertex, nowMs: number): Entry {
    for (const [key, { askedMs, sampling }] of this.#entries) {
      if (!sampling && nowMs - askedMs >= this.settings.cleanupMs) this.#entries.delete(key);
    }
    const key = `${job.jobId}/${vertex.id}`;
    const known = this.#entries.get(key);
    if (known !== undefined && known.attempt === job.attempt) return known;
    if (this.#entries.size >= VERTICES_MAX) this.#entries.clear();
    const entry = { attempt: job.attempt, samples: undefined, sampling: false, askedMs: nowMs, sampledMs: 0 };
    this.#entries.set(key, entry);
    return entry;
  }

  /** What cannot be sampled now will be when it is asked for again. */
  async #sample(entry: Entry, seen: SeenVertex): Promise<void> {
    entry.sampling = true;
    try {
      const subtasks = new Map(
        subtasksOf(seen)
          .filter((subtask) => attemptOf(subtask) >= 0)
          .map(({ subtask }) => [threadOf(seen, subtask), subtask] as const)
          .filter(([threadId]) => threadId > 0),
      );
      const { samples, delayMs } = this.settings;
      const order = { threadIds: [...subtasks.keys()], samples, delayMs };
      const bySubtask = new Map<number, ThreadProfile>();
      for (const profile of await this.#cluster.sampleThreads(order)) {
        const subtask = subtasks.get(profile.threadId);
        if (subtask !== undefined) bySubtask.set(subtask, profile);
      }
      entry.samples = { endMs: this.#clock.wallMs(), bySubtask };
    } catch {
      entry.samples = undefined;
    } finally {
      entry.sampling = false;
      entry.sampledMs = this.#clock.monotonicMs();
    }
  }
}

function threadOf({ tasks, vertex }: SeenVertex, subtask: number): number {
  return tasks.find((task) => task.vertexId === vertex.id && task.subtask === subtask)?.threadId ?? 0;
}
