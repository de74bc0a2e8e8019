import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { plainEnvironment } from './millrace-process.js';

const PRELOAD = new URL('./hanging-preload.js', import.meta.url).href;
const PROGRAM = fileURLToPath(new URL('./hanging-thread-process.js', import.meta.url));
/** However slow the machine is. */
const WORK_MS = 60_000;

t.setTimeout(2 * WORK_MS);

t.test(
  'a thread that never loads is waited for as long as it is given, and then ended by force',
  async (t) => {
    const child = spawnSync(process.execPath, ['--import', PRELOAD, PROGRAM, '100'], {
      encoding: 'utf8',
      env: plainEnvironment(),
      timeout: WORK_MS,
    });
    t.equal(child.stderr, '');
    t.equal(child.stdout, 'destroyed\n');
    t.equal(child.status, 0);
  },
);
