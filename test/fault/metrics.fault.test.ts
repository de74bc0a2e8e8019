import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCluster } from 'millrace';
import t from 'tap';
import lossy from './jobs/lossy.js';
import { jobPath, MillraceProcess } from './millrace-process.js';

const EXPECTED = { 'counter.seen': 4, 'minutes.numLateRecordsDropped': 1, 'readings.numRecordsSkipped': 2 };

/** Four readings, of which one is late, and two lines that are none. */
function inputIn(folder: string): string {
  const path = join(folder, 'in.jsonl');
  const at = (time: number): string => JSON.stringify({ sensor: 's', time });
  writeFileSync(path, [at(1000), '{"sensor":', at(61_000), '{"sensor":1}', at(2000), at(62_000)].join('\n'));
  return path;
}

function folder(t: { teardown(work: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-metrics-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

t.test('what was skipped, dropped and counted stands in the result, and can be asked for', async (t) => {
  const cluster = await LocalCluster.start({ parallelism: 2 });
  t.teardown(() => cluster.close());
  const job = await cluster.submit(lossy, { input: inputIn(folder(t)) });
  const result = await job.result();
  t.strictSame(result.metrics, EXPECTED);
  t.strictSame(await job.metrics(), EXPECTED);
});

t.test('the command line tells of it, as text and as JSON', async (t) => {
  const at = folder(t);
  const args = [jobPath('lossy'), '--input', inputIn(at)];
  const text = await new MillraceProcess(at, args).ended;
  t.match(text.stderr, /readings: 2 malformed records were skipped/);
  t.match(text.stderr, /minutes: 1 late records were dropped/);
  const json = await new MillraceProcess(at, ['--fresh', '--json', ...args]).ended;
  t.strictSame((JSON.parse(json.stdout) as { metrics: unknown }).metrics, EXPECTED);
});
