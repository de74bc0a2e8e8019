import type { Trace } from '../../core/internal.js';

export type TraceEvent = Parameters<Trace['emit']>[0];

/**
 * The log of a world: one line an event, in columns, and a hash over all of them.
 *
 * Invariant: two runs of one world give the same lines, so the same hash.
 */
export class WorldTrace implements Trace {
  readonly enabled = true;
  readonly #place: () => string;
  readonly #onLine: ((line: string) => void) | undefined;
  readonly #listeners: ((event: TraceEvent) => void)[] = [];
  readonly #counts = new Map<string, number>();
  #hash = 0x811c9dc5;

  /** `place`: turn and time, the first columns of each line. */
  constructor(place: () => string, onLine: ((line: string) => void) | undefined) {
    this.#place = place;
    this.#onLine = onLine;
  }

  get hash(): string {
    return this.#hash.toString(16).padStart(8, '0');
  }

  /** How often each thing happened. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Called on every event of the engine and of the world, at once. */
  listen(listener: (event: TraceEvent) => void): void {
    this.#listeners.push(listener);
  }

  /** For the parts of one process: its number stands in all their events. */
  ofProcess(process: number): Trace {
    const emit = ({ name, values }: TraceEvent): void => this.emit({ name, values: { process, ...values } });
    return { enabled: true, emit };
  }

  emit(event: TraceEvent): void {
    const values = Object.entries(event.values)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${String(value)}`);
    this.note(event.name, values.join(' '));
    for (const listener of this.#listeners) listener(event);
  }

  /** What is worth a line and nobody's attention. */
  note(name: string, text: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    const line = `${this.#place()}  ${name.padEnd(22)} ${text}`;
    let hash = this.#hash;
    for (let i = 0; i < line.length; i++) hash = Math.imul(hash ^ line.charCodeAt(i), 0x01000193);
    this.#hash = hash >>> 0;
    this.#onLine?.(line);
  }
}
