import type { TraceLine } from './world-trace.js';

/** Of the Trace Event Format, which Perfetto reads; times in microseconds. */
interface TraceRecord {
  readonly name: string;
  readonly cat?: string;
  readonly ph: 'i' | 'b' | 'e' | 'M';
  readonly ts?: number;
  readonly pid: number;
  readonly tid: number;
  readonly s?: 'g' | 'p' | 't';
  readonly id?: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** Of a task, `p1.0 2/1`, or of a process, `p1`. */
const WHO = /^p(\d+)(?:\.(\d+) (\d+)\/(\d+))?(?:\s|$)/;

/**
 * The events of a world for a trace viewer (ui.perfetto.dev): processes are processes, tasks are threads, a checkpoint
 * lasts from its trigger to its end, and what is about nobody stands on top.
 *
 * Invariant: a thread is named before its first event.
 */
export class PerfettoTrace {
  readonly #records: TraceRecord[] = [];
  readonly #named = new Set<string>();
  /** Checkpoints that have begun and not ended. */
  readonly #open = new Set<string>();

  add({ timeMs, name, text, turn }: TraceLine): void {
    const [, process = '0', attempt, vertex, subtask] = WHO.exec(text) ?? [];
    const pid = Number(process);
    const tid = vertex === undefined ? 0 : 1 + Number(vertex) * 1000 + Number(subtask);
    this.#nameThread(pid, tid, vertex === undefined ? 'job master' : `${vertex}/${subtask}`);
    const ts = timeMs * 1000;
    const scope = process === '0' ? 'g' : 't';
    const args = { turn, text, ...(attempt === undefined ? {} : { attempt: Number(attempt) }) };
    this.#records.push({ name, ph: 'i', ts, pid, tid, s: scope, args });
    const checkpoint = /checkpointId=(\d+)/.exec(text)?.[1];
    if (checkpoint !== undefined) this.#onCheckpoint(name, checkpoint, ts, pid);
  }

  toJson(): string {
    return JSON.stringify({ traceEvents: this.#records, displayTimeUnit: 'ms' });
  }

  #onCheckpoint(name: string, checkpoint: string, ts: number, pid: number): void {
    const id = `${pid}-${checkpoint}`;
    const span = { name: `checkpoint ${checkpoint}`, cat: 'checkpoint', ts, pid, tid: 0, id };
    if (name === 'checkpoint.triggered') {
      this.#open.add(id);
      this.#records.push({ ...span, ph: 'b' });
    } else if (/^checkpoint\.(completed|aborted)$/.test(name) && this.#open.delete(id))
      this.#records.push({ ...span, ph: 'e', args: { outcome: name } });
  }

  #nameThread(pid: number, tid: number, name: string): void {
    const id = `${pid}/${tid}`;
    if (this.#named.has(id)) return;
    this.#named.add(id);
    if (tid === 0) {
      const process = pid === 0 ? 'world' : `process ${pid}`;
      this.#records.push({ name: 'process_name', ph: 'M', pid, tid, args: { name: process } });
    }
    this.#records.push({ name: 'thread_name', ph: 'M', pid, tid, args: { name } });
  }
}
