import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { formatDuration } from '../../../core/internal.js';
import { compareWithReference } from './comparison.js';
import { FLIGHTS_FILE, prepareFlights } from './prepare.js';
import { runFlights } from './run.js';
import { worstHours } from './table.js';

/**
 * `npm start`: three million real flights, in the order in which they landed, through hourly windows per
 * airport; two threads end on the way and one checkpoint fails; at the end every result is compared with a
 * single pass by hand.
 */
const { values } = parseArgs({
  options: {
    'full-speed': { type: 'boolean', default: false },
    bound: { type: 'string', default: '29h' },
    parallelism: { type: 'string', short: 'p', default: '2' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const folder = resolve('.millrace');
const output = join(folder, 'flights-output');
await prepareFlights(resolve(FLIGHTS_FILE), say);
await rm(output, { recursive: true, force: true });
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const run = await runFlights({
  input: resolve(FLIGHTS_FILE),
  output,
  folder,
  bound: values.bound,
  parallelism: Number(values.parallelism),
  fullSpeed: values['full-speed'],
  seed,
  say,
});
const comparison = await compareWithReference(output, values.bound);
if (values.json) {
  process.stdout.write(`${JSON.stringify({ seed, ...run, comparison })}\n`);
} else {
  process.stdout.write(await worstHours(output));
  for (const recovery of run.recoveries) {
    say(`Recovered from ${recovery.cause} in ${formatDuration(recovery.ms)}.`);
  }
  say(
    `${run.records.toLocaleString('en-US')} flights in ${formatDuration(run.elapsedMs)}: ` +
      `${Math.round(run.recordsPerSecond).toLocaleString('en-US')} a second; ` +
      `${run.checkpoints} checkpoints completed, ${run.failedCheckpoints} failed; seed ${seed}.`,
  );
  say(comparison.text);
}
process.exitCode = comparison.ok ? 0 : 1;
