import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { plainEnvironment } from './millrace-process.js';

const PRELOAD = new URL('./hanging-preload.js', import.meta.url).href;
const SLOW_LOAD = fileURLToPath(new URL('./slow-load-process.js', import.meta.url));
const PROGRAM = fileURLToPath(new URL('./hanging-thread-process.js', import.meta.url));
/** However slow the machine is. */
const WORK_MS = 60_000;

t.setTimeout(5 * WORK_MS);

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

for (const how of ['tree', 'exit'] as const) {
  t.test(`a native library is loaded to its end before its thread is ended: by ${how}`, async (t) => {
    t.same(slowLoad(how), { status: 0, stderr: '', stdout: 'loading\nloaded\n' });
  });
}

t.test('where nobody looks, the load is cut off', async (t) => {
  t.same(slowLoad('terminate'), { status: 0, stderr: '', stdout: 'loading\n' });
});

function slowLoad(how: string): { status: number | null; stderr: string; stdout: string } {
  const { status, stderr, stdout } = spawnSync(process.execPath, [SLOW_LOAD, how], {
    encoding: 'utf8',
    env: plainEnvironment(),
    timeout: WORK_MS,
  });
  return { status, stderr, stdout };
}
