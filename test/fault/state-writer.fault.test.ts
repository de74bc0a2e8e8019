import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const PROGRAM = fileURLToPath(new URL('./state-writer-process.js', import.meta.url));

interface Outcome {
  /** The exit code, the signal that it sent itself, or that it had to be ended. */
  readonly end: number | NodeJS.Signals | 'timed out' | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** A child that hangs is ended after `timeoutMs`, whatever it waits for. */
function run(how: string, timeoutMs: number): Outcome {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-state-writer-'));
  const { status, signal, error, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, how, folder], {
    encoding: 'utf8',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const timedOut = (error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT';
  return { end: timedOut ? 'timed out' : (status ?? signal), lines: stdout.trim().split('\n'), stderr };
}

t.test('a state writer that is busy writing is ended, and another one goes on', async (t) => {
  const { end, lines, stderr } = run('host', 60_000);
  t.strictSame(lines, ['writes: written', 'ended', 'another writes: written', 'done'], stderr);
  t.equal(end, 0);
});

t.test('a process whose state writer is stuck in a transaction ends itself, and says so', async (t) => {
  const { end, lines, stderr } = run('stuck', 60_000);
  t.strictSame(lines, ['writes: inside a transaction']);
  t.match(stderr, /^MR5004 .*--resume/);
  t.equal(end, 'SIGKILL');
});

t.test('a thread that is ended inside an LMDB transaction takes the process with it', async (t) => {
  // Why there is a kill lock. If this comes to an end one day, LMDB has learned it, and the lock may go.
  const { end, lines } = run('terminate', 8000);
  t.equal(lines[0], 'writes: inside a transaction');
  t.not(lines.at(-1), 'done');
  t.equal(end, 'timed out');
});
