import t from 'tap';
import { runWorld } from './drawn-world.js';
import { PerfettoTrace } from './perfetto-trace.js';
import { drawWorldOptions } from './world-draws.js';

interface Shown {
  readonly name: string;
  readonly ph: string;
  readonly ts?: number;
  readonly pid: number;
  readonly tid: number;
  readonly id?: string;
}

t.test(
  'the events of a world are shown by process and task, and a checkpoint from its trigger to its end',
  async (t) => {
    const trace = new PerfettoTrace();
    let lines = 0;
    const { checkpoints, processes } = await runWorld(drawWorldOptions(3), {
      onLine: (line) => {
        lines++;
        trace.add(line);
      },
    });
    const { traceEvents } = JSON.parse(trace.toJson()) as { readonly traceEvents: readonly Shown[] };
    t.equal(traceEvents.filter(({ ph }) => ph === 'i').length, lines, 'every line is an instant');
    const named = new Set(traceEvents.filter(({ name }) => name === 'process_name').map(({ pid }) => pid));
    t.ok(named.size >= processes, `${named.size} processes are named`);
    const began = new Map(traceEvents.filter(({ ph }) => ph === 'b').map((event) => [event.id, event]));
    const ended = traceEvents.filter(({ ph }) => ph === 'e');
    t.ok(checkpoints > 0 && ended.length >= checkpoints, `${ended.length} checkpoints end`);
    for (const { id, ts, pid } of ended) {
      const begin = began.get(id);
      t.ok(
        begin !== undefined && begin.pid === pid && (begin.ts ?? 0) <= (ts ?? 0),
        `${id} has begun before`,
      );
    }
  },
);
