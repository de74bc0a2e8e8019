import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { shrinkCase } from './case-shrinker.js';
import { commit } from './commit.js';
import { runWorld } from './drawn-world.js';
import type { FaultPlan } from './fault-plan.js';
import { coverage, report } from './many-worlds.js';
import { PerfettoTrace } from './perfetto-trace.js';
import { caseText, parseCase, type WorldCase } from './world-case.js';
import { drawWorldOptions } from './world-draws.js';
import { WORLD_EXIT_CODES, WorldFailure } from './world-failure.js';
import { describeOptions, type WorldOptions } from './world-options.js';
import { formatLine, type TraceLine } from './world-trace.js';

const COMMANDS = new Set(['report', 'coverage', 'shrink', 'replay']);
const USAGE = `Usage:
npm run sim -- [SEED] [--quiet] [--perfetto FILE]
npm run sim -- shrink SEED
npm run sim -- replay CASE [--quiet] [--perfetto FILE]
npm run sim -- report [WORLDS] [FIRST SEED]
npm run sim -- coverage [WORLDS] [FIRST SEED]`;
/** Of a report. */
const WORLDS = 2_000;

/**
 * Runs one world: `npm run sim -- SEED`, of a random seed if none is given. Prints its options, one line for
 * each event (`--quiet`: none), and what became of it; `--perfetto FILE` writes the events for a trace viewer.
 * Exit codes: 0 it went well, 127 something crashed, 128 it got stuck, 129 the job did something wrong.
 *
 * `npm run sim -- shrink SEED` looks for a small case that fails as that world does, and prints it.
 * `npm run sim -- replay CASE` runs a case, given as JSON or as a file that holds it.
 *
 * `npm run sim -- report WORLDS FIRST_SEED` runs many on all processors, and writes REPORT.md; exit code 1: a world
 * went wrong, or a fault never came to worlds with some feature and nobody has said why.
 *
 * `--help` prints all that; exit code 2: it cannot be understood what is wanted.
 */
async function main(words: readonly string[]): Promise<number> {
  const asked = askedFor(words);
  if (typeof asked === 'string') return misunderstood(asked);
  const { plain, show, help } = asked;
  if (help) {
    console.log(USAGE);
    return 0;
  }
  const [command, text] = plain;
  if (command === 'replay')
    return text === undefined ? misunderstood('replay wants a case.') : replay(text, show);
  const odd = plain.find((word) => !COMMANDS.has(word) && !/^\d+$/.test(word));
  if (odd !== undefined) return misunderstood(`'${odd}' is neither a command nor a seed.`);
  const numbers = plain.filter((word) => !COMMANDS.has(word)).map(Number);
  const [first = randomInt(2 ** 32), second = randomInt(2 ** 32)] = numbers;
  if (command === 'report') return report(numbers[0] ?? WORLDS, second);
  if (command === 'coverage') return coverage(numbers[0] ?? WORLDS, second);
  return command === 'shrink' ? shrink(first) : one(first, show);
}

interface Asked {
  readonly plain: readonly string[];
  readonly show: Show;
  readonly help: boolean;
}

/** A text: what cannot be understood. */
function askedFor(words: readonly string[]): Asked | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      options: {
        quiet: { type: 'boolean' },
        perfetto: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
      allowPositionals: true,
    });
    const show = { quiet: values.quiet === true, file: values.perfetto };
    return { plain: positionals, show, help: values.help === true };
  } catch (error) {
    return textOf(error);
  }
}

function misunderstood(what: string): number {
  console.error(`${what}\n${USAGE}`);
  return 2;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

interface Show {
  readonly quiet: boolean;
  /** For the trace viewer. */
  readonly file: string | undefined;
}

async function one(seed: number, show: Show): Promise<number> {
  const code = await run(`seed ${seed}`, drawWorldOptions(seed), undefined, show);
  if (code !== 0) console.log(`replay: npm run sim -- ${seed}\nshrink: npm run sim -- shrink ${seed}`);
  return code;
}

async function replay(given: string, show: Show): Promise<number> {
  let found: WorldCase;
  try {
    found = parseCase(given.startsWith('{') ? given : readFileSync(given, 'utf8'));
  } catch (error) {
    return misunderstood(`'${given}' is no case, and no file that holds one: ${textOf(error)}`);
  }
  return run('case', found.options, found.plan, show);
}

async function run(
  what: string,
  options: WorldOptions,
  plan: FaultPlan | undefined,
  { quiet, file }: Show,
): Promise<number> {
  console.log(`${what}, commit ${commit()}`);
  console.log(describeOptions(options));
  const perfetto = file === undefined ? undefined : new PerfettoTrace();
  const onLine = (line: TraceLine): void => {
    if (!quiet) console.log(formatLine(line));
    perfetto?.add(line);
  };
  const report = await runWorld(options, plan === undefined ? { onLine } : { onLine, plan });
  const { failure, counts, plan: came, ...rest } = report;
  for (const [name, count] of [...counts].sort()) console.log(`${name.padEnd(24)} ${count}`);
  console.log(JSON.stringify(rest));
  if (file !== undefined && perfetto !== undefined) writeFileSync(file, perfetto.toJson());
  for (const { turn, kind } of came.faults) console.log(`turn ${turn}: ${kind}`);
  if (failure !== undefined)
    console.log(`${failure.kind.toUpperCase()}: ${failure.message}\n${failure.cause ?? ''}`);
  console.log(`${what}: trace ${report.hash}, ${failure === undefined ? 'ok' : failure.kind}`);
  return failure === undefined ? 0 : WORLD_EXIT_CODES[failure.kind];
}

async function shrink(seed: number): Promise<number> {
  console.log(`seed ${seed}, commit ${commit()}`);
  const options = drawWorldOptions(seed);
  const { plan } = await runWorld(options);
  const found = await shrinkCase({ options, plan });
  if (found === undefined) {
    console.log('It does not fail.');
    return 0;
  }
  const { smallest, failure, worlds } = found;
  const text = caseText(smallest);
  console.log(`${worlds} worlds; the smallest that fails has ${smallest.plan.faults.length} faults`);
  console.log(`${failure.kind.toUpperCase()}: ${failure.message}\n${text}`);
  console.log(`replay: npm run sim -- replay '${text}'`);
  return WORLD_EXIT_CODES[failure.kind];
}

// A reader that has seen enough, such as head, closes the pipe.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = error instanceof WorldFailure ? WORLD_EXIT_CODES[error.kind] : WORLD_EXIT_CODES.crash;
  },
);
