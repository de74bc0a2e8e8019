import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { type Ended, plainEnvironment } from './millrace-process.js';

/** Jobs on a disk that is really full: a small one in memory, which only the processes of the test see. */
const PROGRAM = fileURLToPath(new URL('./full-disk-process.js', import.meta.url));

/** What the program prints, of which each way has its own. */
interface Said {
  readonly failed: Ended;
  readonly resumed: Ended;
  readonly ended: Ended;
}

function withDisk(folder: string, size: string, command: readonly string[]) {
  const mount = 'mount -t tmpfs -o size="$0" none "$1" && shift && exec "$@"';
  return spawnSync('unshare', ['-Urm', 'sh', '-c', mount, size, folder, ...command], {
    env: plainEnvironment(),
    encoding: 'utf8',
    timeout: 100_000,
  });
}

/** What the program says, or undefined where no disk can be made. */
function onSmallDisk(t: Test, how: string, size: string): Said | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-full-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const disk = join(folder, 'disk');
  const large = join(folder, 'large');
  mkdirSync(disk);
  mkdirSync(large);
  const { status, stderr } = withDisk(disk, size, ['true']);
  if (status !== 0) {
    t.comment(`left out, since no disk could be made here: ${stderr}`);
    return undefined;
  }
  const ran = withDisk(disk, size, [process.execPath, PROGRAM, how, disk, large]);
  t.equal(ran.status, 0, ran.stderr);
  return JSON.parse(ran.stdout);
}

t.setTimeout(240_000);

t.test(
  '[scenario 20] LMDB finds its disk full: the job fails with the path, and goes on from its last checkpoint',
  async (t) => {
    const said = onSmallDisk(t, 'state', '10m');
    if (said === undefined) return;
    t.not(said.failed.code, 0);
    t.match(said.failed.stderr, /caused by MR3003 .*disk\/millrace-.*What to do: [Ff]ree space/);
    t.equal(said.resumed.code, 0, said.resumed.stderr);
    t.match(said.resumed.stderr, /starts from checkpoint \d+/);
  },
);

t.test(
  '[scenario 7] checkpoints find their disk full: they fail and are counted, and the job goes on',
  async (t) => {
    const said = onSmallDisk(t, 'checkpoints', '40m');
    if (said === undefined) return;
    t.equal(said.ended.code, 0, said.ended.stderr);
    const { attempts, checkpoints } = JSON.parse(said.ended.stdout);
    t.equal(attempts, 1, 'nothing restarted');
    t.ok(checkpoints.failed >= 1, `${checkpoints.failed} failed`);
    t.ok(checkpoints.completed >= 2, `${checkpoints.completed} completed`);
  },
);

t.test(
  '[scenario 20] a job that reaches its disk quota fails at once, and goes on with a larger one',
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-quota-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const ran = spawnSync(process.execPath, [PROGRAM, 'quota', folder, folder], {
      env: plainEnvironment(),
      encoding: 'utf8',
      timeout: 100_000,
    });
    t.equal(ran.status, 0, ran.stderr);
    const { failed, resumed } = JSON.parse(ran.stdout) as Said;
    t.not(failed.code, 0);
    t.match(failed.stderr, /MR3011 Keyed state takes \d+ bytes .*may take 6291456 bytes/);
    t.notMatch(failed.stderr, /the job restarts/);
    t.equal(resumed.code, 0, resumed.stderr);
    t.match(resumed.stderr, /starts from checkpoint \d+/);
  },
);
