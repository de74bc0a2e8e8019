import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { Prng } from '../../core/base/prng.js';
import { jobPath, MillraceProcess } from './millrace-process.js';
import { committed, expected, linesOf, readings, visible } from './sensor-readings.js';

/** How the lead is taken from a process: killed, stopped in order, or paused until another one has taken over. */
const WAYS = ['SIGKILL', 'SIGSTOP', 'SIGKILL', 'SIGTERM'] as const;
type Way = (typeof WAYS)[number];

/** Records a second, and for each hand-over: the input lasts until the last one, though each takes 10 s. */
const RATE = 2000;
const RECORDS_EACH = 20_000;

export interface HandOvers {
  /** Configuration of checkpoints and of high availability, beside the times. */
  readonly configuration: Readonly<Record<string, string>>;
  readonly count: number;
  readonly seed: number;
}

/**
 * A job under load whose lead goes from process to process: after each hand-over another one stands by. In the end each
 * result is there once, nothing that was visible has changed, and who was paused and went on has stopped with 6.
 */
export async function assertHandOvers(t: Test, { configuration, count, seed }: HandOvers): Promise<void> {
  t.comment(`seed ${seed}`);
  const prng = new Prng(seed);
  const folder = mkdtempSync(join(tmpdir(), 'millrace-hand-over-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const input = readings(prng, RECORDS_EACH * count);
  writeFileSync(join(folder, 'in.jsonl'), linesOf(input));
  const output = join(folder, 'out');
  const flags = Object.entries({ ...TIMES, ...configuration }).flatMap(([key, value]) => [
    '-D',
    `${key}=${value}`,
  ]);
  const start = (rate: number): MillraceProcess =>
    new MillraceProcess(folder, [
      ...flags,
      ...[jobPath('sensor-minutes'), '--input', 'in.jsonl', '--output', 'out', '--rate', `${rate}`],
    ]);
  const pausesMs: Record<Way, number[]> = { SIGKILL: [], SIGSTOP: [], SIGTERM: [] };
  mkdirSync(output);
  let seen = visible(output);
  let leader = start(RATE);
  t.teardown(() => leader.kill());
  for (let number = 1; number <= count; number++) {
    await leader.started;
    // The last one has nobody behind it, and reads on as fast as it can.
    const standBy = start(number === count ? 1_000_000 : RATE);
    t.teardown(() => standBy.kill());
    const [line] = await standBy.said(/^Standing by: process \d+| starts from /);
    const files = visible(output).size + prng.between(1, 4);
    await leader.until(output, async () => visible(output).size >= files);
    // A leader that got no turn for a whole lease has stopped by itself.
    const isLate = line?.[0].startsWith('Standing') !== true || leader.hasEnded;
    const way = isLate ? 'SIGSTOP' : (WAYS[(number - 1) % WAYS.length] ?? 'SIGKILL');
    const beganMs = performance.now();
    if (!isLate) leader.kill(way);
    const [started] = await standBy.said(/ starts from /);
    if (started === undefined) {
      const { code, stderr } = await standBy.ended;
      if (code !== 6) throw new Error(`hand-over ${number} by ${way}: ${stderr}`);
      t.comment(`hand-over ${number} by ${way}: who took the lead got no turn to keep it`);
      leader = start(RATE);
      continue;
    }
    t.pass(`hand-over ${number} by ${way}${isLate ? ', unasked' : ''}`);
    if (!isLate) pausesMs[way].push(performance.now() - beganMs);
    await assertEnd(t, way, leader);
    const now = visible(output);
    for (const [name, text] of seen) if (now.get(name) !== text) t.fail(`${name} has changed`);
    seen = now;
    leader = standBy;
  }
  const { code, stderr } = await leader.ended;
  t.equal(code, 0, stderr);
  t.equal(difference(committed(output), expected(input)), '', `seed ${seed}: every result once`);
  for (const way of new Set(WAYS)) t.comment(`${way}: ${summary(pausesMs[way])} until the job starts again`);
}

/** Short, so that many fit into a test, and long enough for a machine with much to do. */
export const TIMES = {
  'execution.checkpointing.interval': '100 ms',
  'rest.enabled': 'false',
  'high-availability.leader-election.lease-duration': '3 s',
  'high-availability.leader-election.renew-deadline': '2500 ms',
  'high-availability.leader-election.retry-period': '400 ms',
};

/** A leader that was paused goes on just when another one has begun. */
async function assertEnd(t: Test, way: Way, leader: MillraceProcess): Promise<void> {
  if (way === 'SIGSTOP') leader.kill('SIGCONT');
  const { code, stderr } = await leader.ended;
  t.equal(code, { SIGKILL: 'SIGKILL', SIGSTOP: 6, SIGTERM: 143 }[way], `${way} ends it`);
  if (way === 'SIGSTOP') t.match(stderr, /^MR8003 /m);
}

/** Both are sorted. */
function difference(found: readonly string[], wanted: readonly string[]): string {
  if (found.length === wanted.length && found.every((line, i) => line === wanted[i])) return '';
  const lost = wanted.filter((line) => !found.includes(line));
  const odd = found.filter((line, i) => line === found[i - 1] || !wanted.includes(line));
  return `${lost.length} lost: ${lost.slice(0, 5)}; ${odd.length} too many: ${odd.slice(0, 5)}`;
}

function summary(pausesMs: readonly number[]): string {
  const sorted = [...pausesMs].sort((a, b) => a - b);
  const at = (share: number): string =>
    `${Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0)} ms`;
  return `${sorted.length} times, median ${at(0.5)}, longest ${at(1)}`;
}
