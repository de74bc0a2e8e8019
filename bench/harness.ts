import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';

/** `small` runs prove that a scenario still works and record nothing. */
export const SMALL = process.env.MILLRACE_BENCH === 'small';

/** Names the environment variable with the file that gets a {@link ScenarioGoals} a line. */
export const GOALS_FILE = 'MILLRACE_BENCH_GOALS';

/** What one scenario measured against what it should be. Plain data. */
export interface ScenarioGoals {
  readonly scenario: string;
  readonly goals: readonly Goal[];
}

export interface Goal {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly kind: 'at least' | 'at most';
  readonly bound: number;
}

export function isReached({ value, kind, bound }: Goal): boolean {
  return kind === 'at least' ? value >= bound : value <= bound;
}

/**
 * Collects what one scenario measured in one run of this process, prints it, and appends it to
 * `bench/history.jsonl`. Machines are noisy: judge ratios of one run, not absolutes of two.
 */
export class Report {
  readonly #scenario: string;
  readonly #values = new Map<string, { value: number; unit: string }>();
  readonly #goals: Goal[] = [];

  constructor(scenario: string) {
    this.#scenario = scenario;
    const load = (loadavg()[0] ?? 0).toFixed(1);
    console.log(`\n${scenario}  (Node ${process.version}, ${cpuName()}, load ${load})`);
  }

  value(name: string, value: number, unit: string): void {
    this.#values.set(name, { value, unit });
    console.log(`  ${name.padEnd(52)} ${format(value).padStart(12)} ${unit}`);
  }

  /** How many times the second value the first one is, held against what it should be at least. */
  ratio(name: string, of: string, to: string, atLeast: number): void {
    this.atLeast(name, this.#read(of) / this.#read(to), atLeast, 'x');
  }

  /** A value that should not be less than `atLeast`. */
  atLeast(name: string, value: number, atLeast: number, unit: string): void {
    this.#goal({ name, value, unit, kind: 'at least', bound: atLeast });
  }

  /** A value that should not be more than `atMost`. */
  atMost(name: string, value: number, atMost: number, unit: string): void {
    this.#goal({ name, value, unit, kind: 'at most', bound: atMost });
  }

  #goal(goal: Goal): void {
    const { name, value, unit, kind, bound } = goal;
    this.#values.set(name, { value, unit });
    this.#goals.push(goal);
    const missed = isReached(goal) || SMALL ? '' : '  MISSED';
    console.log(
      `  ${name.padEnd(52)} ${format(value).padStart(12)} ${unit}  (${kind} ${format(bound)})${missed}`,
    );
  }

  #read(name: string): number {
    const measured = this.#values.get(name);
    if (measured === undefined) throw new Error(`${this.#scenario}: '${name}' was not measured`);
    return measured.value;
  }

  /** Writes the history. Returns false if a goal was missed. */
  finish(): boolean {
    const file = process.env[GOALS_FILE];
    const report: ScenarioGoals = { scenario: this.#scenario, goals: this.#goals };
    if (file !== undefined) appendFileSync(file, `${JSON.stringify(report)}\n`);
    if (SMALL) return true;
    const common = { commit: commit(), node: process.version, cpu: cpuName() };
    for (const [name, { value, unit }] of this.#values) {
      const line = { ...common, scenario: `${this.#scenario}: ${name}`, value, unit };
      appendFileSync(join('bench', 'history.jsonl'), `${JSON.stringify(line)}\n`);
    }
    return this.#goals.every(isReached);
  }
}

/** The middle of several runs; an even number of runs gives the higher of the two. */
export async function median(runs: number, run: () => number | Promise<number>): Promise<number> {
  const values: number[] = [];
  for (let i = 0; i < runs; i++) values.push(await run());
  return medianOf(values);
}

/** The middle of several values; of an even number of them the higher of the two. */
export function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >>> 1] ?? Number.NaN;
}

/** CPU nanoseconds for each of `count` repetitions that `work` does in one call. */
export function nanosecondsEach(count: number, work: () => void): number {
  const start = cpuNanoseconds();
  work();
  return (cpuNanoseconds() - start) / count;
}

/** CPU time of this process so far, helper threads included. */
export function cpuNanoseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

export function format(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

function cpuName(): string {
  return `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}`;
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch (error) {
    return `unknown (${error instanceof Error ? error.message.split('\n')[0] : String(error)})`;
  }
}
