import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { slotKey } from '../../storage/checkpoint/checkpoint-paths.js';
import { listSlots, readSlot } from '../../storage/checkpoint/job-log.js';
import { LocalFileSystem } from '../../storage/file-system/local-file-system.js';
import { FileObjectStore } from '../../storage/object-store/file-object-store.js';
import { jobPath, MillraceProcess } from './millrace-process.js';

/** The files of the checkpoints in the log of a job, newest first. */
async function checkpointsOf(folder: string): Promise<string[]> {
  const store = new FileObjectStore(new LocalFileSystem(), folder, 'test');
  const found: string[] = [];
  for (const slot of (await listSlots(store)).toReversed()) {
    const reading = await readSlot(store, slot);
    if (reading?.head?.kind === 'checkpoint') found.push(join(folder, slotKey(slot)));
  }
  return found;
}

t.setTimeout(120_000);

t.test('[scenario 8] a start that falls back behind a damaged checkpoint says what that means', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-damaged-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const input = join(folder, 'in.jsonl');
  const lines = Array.from(
    { length: 40_000 },
    (_, i) => `{"sensor":"s${i % 7}","time":${i * 20},"value":1}\n`,
  );
  writeFileSync(input, lines.join(''));
  const args = [
    ...['-D', 'execution.checkpointing.interval=100ms', '--resume', jobPath('sensor-minutes')],
    ...['--input', input, '--output', join(folder, 'out'), '--rate', '2000'],
  ];
  const first = new MillraceProcess(folder, args);
  await first.started;
  const job = join(folder, '.millrace', 'sensor-minutes');
  await first.until(join(job, 'log'), async () => (await checkpointsOf(job)).length > 1);
  first.kill();
  t.equal((await first.ended).code, 'SIGKILL');
  const [newest = '', ...older] = await checkpointsOf(job);
  t.ok(older.length > 0, 'there is one to fall back to');
  const bytes = readFileSync(newest);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  writeFileSync(newest, bytes);
  const second = new MillraceProcess(folder, args);
  await second.started;
  second.kill();
  const { stderr } = await second.ended;
  const said =
    /Checkpoint (\d+) was complete and cannot be read; the job falls back to checkpoint (\d+)/.exec(stderr);
  t.ok(said, stderr);
  t.ok(Number(said?.[1]) > Number(said?.[2]), 'from the newer to the older');
  t.match(stderr, /will be emitted again/);
});
