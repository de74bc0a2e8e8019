import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LocalCluster } from 'millrace';
import t from 'tap';
import lookedUp from './jobs/looked-up.js';

const WORDS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
const COUNT = 20_000;

function folder(t: { teardown(work: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-cached-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

t.test('all threads see the file', async (t) => {
  const dir = folder(t);
  const words = join(dir, 'words.txt');
  writeFileSync(words, WORDS.join('\n'));
  const checkpointing = { interval: '50 ms', dir: join(dir, 'checkpoints') } as const;
  const params = { words: pathToFileURL(words).href, count: COUNT, crash: '1:3000,2:3000' };
  const running = lookedUp.executeAndCollect<string>(params, { parallelism: 2, checkpointing });
  const found = new Map<string, number>();
  for (const text of await running) found.set(text, (found.get(text) ?? 0) + 1);
  t.strictSame([...found].sort(), WORDS.map((word): [string, number] => [`en ${word}`, COUNT / 10]).sort());
});

t.test('later attempts see the file as it was when the job was started', async (t) => {
  const dir = folder(t);
  const words = join(dir, 'words.txt');
  writeFileSync(words, WORDS.join('\n'));
  const cluster = await LocalCluster.start({
    parallelism: 2,
    checkpointing: { interval: '50 ms', dir: join(dir, 'checkpoints') },
  });
  t.teardown(() => cluster.close());
  const params = { words, count: COUNT, crash: '1:3000,2:3000' };
  const job = await cluster.submit(lookedUp, params);
  rmSync(words);
  t.equal((await job.result()).attempts, 3);
});

t.test('a job whose cached file cannot be used is not started', async (t) => {
  const dir = folder(t);
  const words = join(dir, 'words.txt');
  const refusedFor = async (params: Record<string, string | boolean>, why: RegExp) => {
    await t.rejects(lookedUp.executeAndCollect(params), { code: 'MR1010', message: why });
  };
  await refusedFor({ words }, /'words' cannot be used.*no such file/);
  await refusedFor({ words: dir }, /it is a folder/);
  await refusedFor({ words: 's3://bucket/words' }, /does not lie on this machine/);
  writeFileSync(words, WORDS.join('\n'), { mode: 0o600 });
  await refusedFor({ words, executable: true }, /may not be executed/);
});
