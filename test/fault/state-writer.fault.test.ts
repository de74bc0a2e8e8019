import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { plainEnvironment } from './millrace-process.js';

const INSIDE = 'writes: inside a transaction';
const PROGRAM = fileURLToPath(new URL('./state-writer-process.js', import.meta.url));

/** However slow the machine is, a child takes no longer for its work. */
const WORK_MS = 120_000;
/** How long a child that has told of a step is given for the next one, to show that there is none. */
const HANG_MS = 5000;

interface Outcome {
  /** The exit code, the signal that it sent itself, or that it had to be ended. */
  readonly end: number | NodeJS.Signals | 'hung';
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** Runs a child, which is ended once it has been silent for HANG_MS after `lastLine`, or after WORK_MS. */
async function run(how: string, lastLine?: string): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-state-writer-'));
  const child = spawn(process.execPath, [PROGRAM, how, folder], {
    env: plainEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let hung = false;
  const end = (): void => {
    hung = true;
    child.kill('SIGKILL');
  };
  let deadline = setTimeout(end, WORK_MS);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk);
    if (lastLine === undefined || !stdout.includes(lastLine)) return;
    clearTimeout(deadline);
    deadline = setTimeout(end, HANG_MS);
  });
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk);
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals];
  clearTimeout(deadline);
  rmSync(folder, { recursive: true, force: true });
  return { end: hung ? 'hung' : (code ?? signal), lines: stdout.trim().split('\n'), stderr };
}

t.setTimeout(3 * WORK_MS);

t.test('a state writer that is busy writing is ended, and another one goes on', async (t) => {
  const { end, lines, stderr } = await run('host');
  t.strictSame(lines, ['writes: written', 'ended', 'another writes: written', 'done'], stderr);
  t.equal(end, 0);
});

t.test('a process whose state writer is stuck in a transaction ends itself, and says so', async (t) => {
  const { end, lines, stderr } = await run('stuck');
  t.strictSame(lines, [INSIDE]);
  t.match(stderr, /^MR5004 .*--resume/);
  t.equal(end, 'SIGKILL');
});

t.test('a thread that is ended inside an LMDB transaction takes the process with it', async (t) => {
  // Why there is a kill lock. If this comes to an end one day, LMDB has learned it, and the lock may go.
  const { end, lines } = await run('terminate', INSIDE);
  t.strictSame(lines, [INSIDE]);
  t.equal(end, 'hung');
});
