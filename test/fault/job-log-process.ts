import { type CheckpointManifest, isMillraceError } from '../../core/internal.js';
import {
  currentHolder,
  FileObjectStore,
  holderState,
  jobFolder,
  LocalFileSystem,
  openJob,
} from '../../storage/index.js';
import { filesOf, manifestOf } from '../unit/storage/led-job.js';

/**
 * A process that leads a job and checkpoints as fast as it can, a number counted up in each checkpoint's
 * file: `node job-log-process.js FOLDER MODE LIMIT`. It prints what it does, a line each; after a completed
 * checkpoint has been told, it may never be lost. It ends with the code that the refusal has, or with 0 when the
 * count reaches LIMIT.
 */
const [folder = '', mode = '', limit = '0'] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const store = new FileObjectStore(new LocalFileSystem(), jobFolder(folder, 'count/up'), `${process.pid}`);
  const opened = await openJob({
    store,
    jobName: 'count/up',
    mode: mode === 'new' || mode === 'fresh' ? mode : 'resume',
    holder: currentHolder(),
    holderState,
    nowMs: Date.now(),
    onUnreadable: (id, error) => say(`unreadable ${id} ${String(error)}`),
    onWarning: (error) => say(`warning ${String(error)}`),
  });
  if (opened.start === 'already-finished') {
    say(`already ${opened.result.state}`);
    return;
  }
  let count = 0;
  for (const handle of filesOf(opened.manifest)) {
    for await (const block of opened.storage.read(handle)) count = Number(Buffer.from(block).toString());
  }
  say(`started ${opened.epoch} ${count}`);
  for (let id = opened.nextCheckpointId; count < Number(limit); id++) {
    count++;
    const file = opened.storage.writerFor(id, 0, 'op-0').createFile('base');
    await file.append(Buffer.from(String(count)));
    const manifest: CheckpointManifest = manifestOf(id, opened.epoch, [await file.finish(1)]);
    await opened.storage.complete(manifest);
    say(`completed ${count}`);
    await opened.storage.retain(2, []);
  }
  await opened.storage.finish({ state: 'FINISHED', finishedMs: Date.now() }, false);
  say('finished');
}

main().catch((error) => {
  say(isMillraceError(error) ? error.message : String(error));
  const code = isMillraceError(error) ? error.code : '';
  process.exitCode = code === 'MR8002' ? 6 : code === 'MR8001' || code === 'MR3005' ? 4 : 1;
});
