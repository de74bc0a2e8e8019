import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jobPath, MillraceProcess } from './millrace-process.js';

/**
 * `node full-disk-process.js HOW DISK FOLDER`: runs a job that finds the small disk at DISK full; FOLDER is on a large
 * one. Prints what came of it as a line of JSON.
 *
 * - `state`: the disk has no room for what LMDB is to hold; the job fails, and is resumed with room;
 * - `checkpoints`: it has none for checkpoints, and later it has.
 */
const [how = '', disk = '', folder = ''] = process.argv.slice(2);
const BALLAST_BYTES = 37 * 1024 * 1024;
const NEARLY_FULL_BYTES = 2 * 1024 * 1024;
const FULL_LOOKS = 20;
const LOOK_EVERY_MS = 50;

function run(checkpoints: string, ...more: string[]): MillraceProcess {
  const configuration = {
    'execution.checkpointing.dir': checkpoints,
    'execution.checkpointing.interval': '100 ms',
    'execution.checkpointing.tolerable-failed-checkpoints': '1000',
    'taskmanager.memory.managed.size': '2 mb',
    'restart-strategy.type': 'none',
  };
  const flags = Object.entries(configuration).flatMap(([key, value]) => ['-D', `${key}=${value}`]);
  return new MillraceProcess(folder, [...flags, '--json', '--resume', jobPath('wide-state'), ...more]);
}

async function state(): Promise<unknown> {
  const checkpoints = join(folder, 'checkpoints');
  const job = ['--keys', '10000', '--count', '15000', '--rate', '6000'];
  const large = process.env.TMPDIR;
  process.env.TMPDIR = disk;
  const failed = await run(checkpoints, ...job).ended;
  process.env.TMPDIR = large ?? '/tmp';
  return { failed, resumed: await run(checkpoints, ...job).ended };
}

/** Makes room when there has been next to none for so long that checkpoints must have failed. */
function freeLater(ballast: string): void {
  let looks = 0;
  const timer = setInterval(() => {
    const { bavail, bsize } = statfsSync(disk);
    if (bavail * bsize < NEARLY_FULL_BYTES) looks++;
    if (looks < FULL_LOOKS) return;
    clearInterval(timer);
    rmSync(ballast);
  }, LOOK_EVERY_MS);
}

async function checkpoints(): Promise<unknown> {
  const ballast = join(disk, 'ballast');
  writeFileSync(ballast, new Uint8Array(BALLAST_BYTES));
  freeLater(ballast);
  const job = ['--keys', '4000', '--count', '20000', '--rate', '4000'];
  return { ended: await run(join(disk, 'checkpoints'), ...job).ended };
}

console.log(JSON.stringify(await (how === 'state' ? state() : checkpoints())));
