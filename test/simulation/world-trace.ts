import type { Trace } from '../../core/internal.js';
import { type TraceEvent, WorldListeners } from './world-listener.js';

/** One thing that happened. */
export interface TraceLine {
  readonly turn: number;
  /** Monotonic time of the world. */
  readonly timeMs: number;
  readonly name: string;
  /** Begins with who it is about: a process `p1`, or a task, `p1.0 2/1` for attempt 0, vertex 2, subtask 1. */
  readonly text: string;
}

/** Where in its history a world is. */
export interface TracePlace {
  turn(): number;
  timeMs(): number;
}

/**
 * The log of a world: one line an event, and a hash over all of them; and who listens to what happens in it, most of
 * which is not worth a line.
 *
 * Invariant: two runs of one world give the same lines, so the same hash.
 */
export class WorldTrace implements Trace {
  readonly enabled = true;
  readonly #place: TracePlace;
  readonly #onLine: ((line: TraceLine) => void) | undefined;
  /** Told of all that happens. */
  readonly listeners = new WorldListeners();
  readonly #counts = new Map<string, number>();
  readonly #time = new Float64Array(1);
  readonly #timeWords = new Int32Array(this.#time.buffer);
  #hash = 0x811c9dc5;

  constructor(place: TracePlace, onLine: ((line: TraceLine) => void) | undefined) {
    this.#place = place;
    this.#onLine = onLine;
  }

  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  /** How often each thing happened. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** For the parts of one process: its number stands in all their events. */
  ofProcess(process: number): Trace {
    const emit = ({ name, values }: TraceEvent): void => this.emit({ name, values: { process, ...values } });
    return { enabled: true, emit };
  }

  /** For the parts of one task: its number is told, and stands in no line. */
  ofTask(task: number): Trace {
    const emit = ({ name, values }: TraceEvent): void => {
      this.#write(name, values);
      this.listeners.onEvent({ name, values: { ...values, task } });
    };
    return { enabled: true, emit };
  }

  emit(event: TraceEvent): void {
    this.#write(event.name, event.values);
    this.listeners.onEvent(event);
  }

  #write(event: string, values: TraceEvent['values']): void {
    const { process } = values;
    let text = process === undefined ? '' : `p${String(process)}`;
    for (const [name, value] of Object.entries(values)) {
      if (name === 'process' || value === undefined) continue;
      text += `${text === '' ? '' : ' '}${name}=${String(value)}`;
    }
    this.note(event, text);
  }

  /** What is worth a line and nobody's attention. */
  note(name: string, text: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    const turn = this.#place.turn();
    const timeMs = this.#place.timeMs();
    this.#time[0] = timeMs;
    let hash = Math.imul(this.#hash ^ turn, 0x01000193);
    hash = Math.imul(hash ^ (this.#timeWords[0] ?? 0), 0x01000193);
    hash = Math.imul(hash ^ (this.#timeWords[1] ?? 0), 0x01000193);
    this.#hash = hashText(hashText(hash, name), text);
    this.#onLine?.({ turn, timeMs, name, text });
  }
}

/** In columns: turn, time in ms, what, and the rest. */
export function formatLine({ turn, timeMs, name, text }: TraceLine): string {
  return `${String(turn).padStart(6)} ${timeMs.toFixed(2).padStart(10)}  ${name.padEnd(22)} ${text}`;
}

function hashText(before: number, text: string): number {
  let hash = before;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}
