import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import t, { type Test } from 'tap';
import { JobLog } from '../../../actors/boot/logs/job-log.js';
import { catchPrinted } from '../../../actors/boot/logs/task-log.js';
import { type JobGraph, type LogRecord, Redaction } from '../../../core/internal.js';

const LINE = Buffer.alloc(10_000, 'x').toString();
/** More than there is room for. */
const LINES = 1000;

/** The readers of standard output and error stall until `goOn`; `taken` is what they read then. */
function stalledReaders(t: Test) {
  const { write } = fs;
  const taken: Record<number, string> = {};
  const waiting: (() => void)[] = [];
  let stalls = true;
  const held = (fd: number, bytes: Buffer, done: (error: null, count: number) => void): void => {
    const take = (): void => {
      taken[fd] = `${taken[fd] ?? ''}${bytes}`;
      setImmediate(done, null, bytes.length);
    };
    if (stalls) waiting.push(take);
    else take();
  };
  fs.write = held as typeof write;
  syncBuiltinESMExports();
  t.teardown(() => {
    fs.write = write;
    syncBuiltinESMExports();
  });
  const goOn = (): void => {
    stalls = false;
    for (const take of waiting) take();
  };
  return { taken, goOn };
}

async function comes(isThere: () => boolean): Promise<void> {
  for (let turns = 0; turns < 10_000 && !isThere(); turns++)
    await new Promise((resolve) => setImmediate(resolve));
}

t.test(
  'what user code prints faster than it is read is dropped, and that is told on standard error',
  async (t) => {
    const { taken, goOn } = stalledReaders(t);
    const logged: LogRecord[] = [];
    const real = { stdout: process.stdout.write, stderr: process.stderr.write };
    try {
      catchPrinted({ isEnabled: () => true, write: (record) => logged.push(record) });
      for (let i = 0; i < LINES; i++) process.stdout.write(`${LINE}\n`);
    } finally {
      process.stdout.write = real.stdout;
      process.stderr.write = real.stderr;
    }
    goOn();
    await comes(() => taken[2] !== undefined);
    const [, dropped] = /^(\d+) lines printed to stdout were dropped/.exec(taken[2] ?? '') ?? [];
    t.equal((taken[1] ?? '').split('\n').length - 1, LINES - Number(dropped));
    t.equal(logged.length, LINES + 1, 'all of it was offered to the log');
    t.match(logged.at(-1), { level: 'warn', message: /lines printed to stdout were dropped/ });
  },
);

t.test('what a job says faster than the console is read is dropped, and the console is told', async (t) => {
  const { taken, goOn } = stalledReaders(t);
  const log = new JobLog({
    jobId: '1',
    graph: { name: 'words', vertices: [] } as unknown as JobGraph,
    level: 'INFO',
    folder: undefined,
    maxBytes: 1000,
    backups: 0,
    console: 'JSON',
    redaction: new Redaction(),
  });
  const task = { jobId: '1', vertexId: 0, subtask: 0, attempt: 0 };
  for (let i = 0; i < LINES; i++) log.onTask(task, { level: 'info', timeMs: 0, message: LINE, fields: {} });
  await log.close();
  goOn();
  await comes(() => /were dropped/.test(taken[2] ?? ''));
  const lines = (taken[2] ?? '')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.match(lines.at(-1), { job: 'words', jobId: '1', msg: `${LINES - lines.length + 1} lines were dropped.` });
});
