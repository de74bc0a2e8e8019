/**
 * Typed events for people, checkers and the simulator's log. Emitting must not allocate where nobody
 * listens: ask `enabled` first on paths that run often.
 */
export interface Trace {
  readonly enabled: boolean;
  emit(event: TraceEvent): void;
}

export interface TraceEvent {
  /** Dotted, lower case: `checkpoint.completed`, `task.failed`, `sink.committed`. */
  readonly name: string;
  readonly values: Readonly<Record<string, string | number | boolean | undefined>>;
}

export const NO_TRACE: Trace = { enabled: false, emit: () => {} };
