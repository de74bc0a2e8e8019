import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jobPath, MillraceProcess } from './millrace-process.js';

/**
 * `node full-disk-process.js HOW DISK FOLDER`: runs a job that finds the small disk at DISK full; FOLDER is on a large
 * one. Prints what came of it as a line of JSON.
 *
 * - `state`: the disk has no room for what LMDB is to hold; the job fails, and is resumed with room;
 * - `quota`: it has, and the job may not take it;
 * - `checkpoints`: it has none for checkpoints, and later it has.
 */
const [how = '', disk = '', folder = ''] = process.argv.slice(2);
const BALLAST_BYTES = 37 * 1024 * 1024;

function run(
  checkpoints: string,
  options: Readonly<Record<string, string>>,
  ...more: string[]
): MillraceProcess {
  const configuration = {
    'execution.checkpointing.dir': checkpoints,
    'execution.checkpointing.interval': '100 ms',
    'execution.checkpointing.tolerable-failed-checkpoints': '1000',
    'taskmanager.memory.managed.size': '2 mb',
    ...options,
  };
  const flags = Object.entries(configuration).flatMap(([key, value]) => ['-D', `${key}=${value}`]);
  return new MillraceProcess(folder, [...flags, '--json', '--resume', jobPath('wide-state'), ...more]);
}

/** Begins the job with all the room it wants; goes on with little when a checkpoint is complete, and then with all. */
async function withLittleRoom(
  start: (isLittle: boolean) => MillraceProcess,
  checkpoints: string,
): Promise<unknown> {
  const log = join(checkpoints, 'wide-state', 'log');
  const begun = start(false);
  await begun.started;
  await begun.until(log, async () => readdirSync(log).some((slot) => Number(slot) > 1));
  begun.kill();
  await begun.ended;
  const failed = await start(true).ended;
  return { failed, resumed: await start(false).ended };
}

const GROWING = ['--keys', '10000', '--count', '12000', '--rate', '6000'];

async function state(): Promise<unknown> {
  const checkpoints = join(folder, 'checkpoints');
  const large = process.env.TMPDIR ?? '/tmp';
  const start = (isLittle: boolean): MillraceProcess => {
    process.env.TMPDIR = isLittle ? disk : large;
    return run(checkpoints, { 'restart-strategy.type': 'none' }, ...GROWING);
  };
  return withLittleRoom(start, checkpoints);
}

async function quota(): Promise<unknown> {
  const checkpoints = join(folder, 'checkpoints');
  const start = (isLittle: boolean): MillraceProcess =>
    run(checkpoints, { 'state.backend.lmdb.max-size': isLittle ? '6 mb' : '1 gb' }, ...GROWING);
  return withLittleRoom(start, checkpoints);
}

/** Resolves when a checkpoint of the job has failed. @throws Error if the job ends before, and nobody answers. */
async function checkpointFailed(job: MillraceProcess): Promise<void> {
  const [line] = await job.said(/REST interface: (http:\S+)$/);
  const json = async (path: string): Promise<unknown> => (await fetch(`${line?.[1]}${path}`)).json();
  while (!job.hasEnded) {
    const { jobs } = (await json('/jobs')) as { readonly jobs: readonly { readonly id: string }[] };
    const checkpoints = await json(`/jobs/${jobs[0]?.id}/checkpoints`);
    if (((checkpoints as { counts?: { failed: number } }).counts?.failed ?? 0) > 0) return;
  }
}

async function checkpoints(): Promise<unknown> {
  const ballast = join(disk, 'ballast');
  writeFileSync(ballast, new Uint8Array(BALLAST_BYTES));
  const job = run(join(disk, 'checkpoints'), {}, '--keys', '4000', '--count', '20000', '--rate', '4000');
  await checkpointFailed(job);
  rmSync(ballast);
  return { ended: await job.ended };
}

const WAYS: Readonly<Record<string, () => Promise<unknown>>> = { state, quota, checkpoints };
console.log(JSON.stringify(await WAYS[how]?.()));
