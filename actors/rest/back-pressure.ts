import type { Clock } from '../../core/internal.js';
import type { RestTask } from './rest-cluster.js';
import { attemptOf, type SeenVertex, subtasksOf } from './vertex-json.js';

type Times = Pick<RestTask, 'busyMs' | 'idleMs' | 'backPressuredMs'>;

interface Sample {
  /** Monotonic. */
  readonly takenMs: number;
  readonly attempt: number;
  readonly subtasks: readonly Times[];
}

interface Samples {
  readonly older: Sample | undefined;
  readonly newer: Sample;
}

/** Shares are taken over at least this long, where there was a question before. */
const SPAN_MS = 1000;
const VERTICES_MAX = 1000;
const NOTHING: Times = { busyMs: 0, idleMs: 0, backPressuredMs: 0 };

/** Flink's bounds of its three words. */
const LOW_ABOVE = 0.1;
const HIGH_ABOVE = 0.5;

/**
 * What share of its time each subtask was busy, idle and back-pressured, between two questions; at the first, since
 * its attempt began.
 *
 * Invariants: of a vertex two samples are kept, of one attempt, at least {@link SPAN_MS} apart; of at most
 * {@link VERTICES_MAX} vertices.
 */
export class BackPressureSampler {
  readonly #clock: Clock;
  readonly #samples = new Map<string, Samples>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  backPressure(seen: SeenVertex): Readonly<Record<string, unknown>> {
    const { job, vertex, tasks, nowMs } = seen;
    const details = subtasksOf(seen);
    const now: Sample = {
      takenMs: this.#clock.monotonicMs(),
      attempt: job.attempt,
      subtasks: details.map(
        ({ subtask }) =>
          tasks.find((task) => task.vertexId === vertex.id && task.subtask === subtask) ?? NOTHING,
      ),
    };
    const before = this.#before(`${job.jobId}/${vertex.id}`, now);
    const subtasks = details.map((subtask, i) => {
      const shares = sharesOf(now.subtasks[i] ?? NOTHING, before?.subtasks[i] ?? NOTHING);
      return {
        subtask: subtask.subtask,
        'attempt-number': attemptOf(subtask),
        backpressureLevel: levelOf(shares.ratio),
        ...shares,
        'backpressure-level': levelOf(shares.ratio),
      };
    });
    const level = levelOf(Math.max(0, ...subtasks.map(({ ratio }) => ratio)));
    return {
      status: 'ok',
      backpressureLevel: level,
      'end-timestamp': nowMs,
      subtasks,
      'backpressure-level': level,
    };
  }

  /** The sample that the one of now is measured against. */
  #before(key: string, now: Sample): Sample | undefined {
    const known = this.#samples.get(key);
    this.#samples.delete(key);
    if (this.#samples.size >= VERTICES_MAX) this.#samples.clear();
    if (known === undefined || known.newer.attempt !== now.attempt) {
      this.#samples.set(key, { older: undefined, newer: now });
      return undefined;
    }
    const isOld = now.takenMs - known.newer.takenMs >= SPAN_MS;
    const samples = isOld ? { older: known.newer, newer: now } : known;
    this.#samples.set(key, samples);
    return samples.older;
  }
}

function sharesOf(now: Times, before: Times) {
  const busy = Math.max(0, now.busyMs - before.busyMs);
  const idle = Math.max(0, now.idleMs - before.idleMs);
  const backPressured = Math.max(0, now.backPressuredMs - before.backPressuredMs);
  const all = busy + idle + backPressured;
  const share = (part: number): number => (all === 0 ? 0 : Math.round((part / all) * 1000) / 1000);
  return { ratio: share(backPressured), idleRatio: share(idle), busyRatio: share(busy) };
}

function levelOf(ratio: number): 'ok' | 'low' | 'high' {
  if (ratio <= LOW_ABOVE) return 'ok';
  return ratio <= HIGH_ABOVE ? 'low' : 'high';
}
