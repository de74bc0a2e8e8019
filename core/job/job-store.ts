/** How many jobs that have ended are kept, and how long. */
export interface JobStoreLimits {
  readonly capacity: number;
  readonly expirationMs: number;
}

interface Stored<T> {
  readonly job: T;
  readonly expiresMs: number;
}

/**
 * Jobs that have ended, for those who ask later. Times are monotonic.
 *
 * Invariant: it holds no more than the capacity that the newest job came with, and none after its time.
 */
export class JobStore<T> {
  /** In the order in which they ended. */
  readonly #jobs = new Map<string, Stored<T>>();

  add(jobId: string, job: T, { capacity, expirationMs }: JobStoreLimits, nowMs: number): void {
    this.#jobs.delete(jobId);
    this.#jobs.set(jobId, { job, expiresMs: nowMs + expirationMs });
    for (const id of this.#jobs.keys()) {
      if (this.#jobs.size <= capacity) break;
      this.#jobs.delete(id);
    }
    this.#expire(nowMs);
  }

  /** It has begun anew, under the same id. */
  remove(jobId: string): void {
    this.#jobs.delete(jobId);
  }

  get(jobId: string, nowMs: number): T | undefined {
    this.#expire(nowMs);
    return this.#jobs.get(jobId)?.job;
  }

  /** Oldest first. */
  all(nowMs: number): readonly T[] {
    this.#expire(nowMs);
    return [...this.#jobs.values()].map(({ job }) => job);
  }

  #expire(nowMs: number): void {
    for (const [id, { expiresMs }] of this.#jobs) if (expiresMs <= nowMs) this.#jobs.delete(id);
  }
}
